import type { RootFiles } from '../loader/files.js'
import { remembered } from '../rootfs/cached.js'
import type { Trail } from '../rootfs/follow.js'
import { parent, type RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'
import { type Finding, finding } from './finding.js'
import { includedEntries } from './include.js'
import type { Role } from './lift.js'
import type { Lifting } from './lifting.js'
import { tellingRole } from './role.js'
import type { TreeEntry } from './tree.js'

/** A tree of the image's own entries, and what of it could not be had. */
export interface GatheredTree {
  readonly tree: readonly TreeEntry[]
  readonly findings: readonly Finding[]
}

/**
 * Everything that was gathered, at the place where it really lies: files, the links on the way to them, directories
 * that are passed through, and the parents of all these. What leads to `also` is taken along.
 */
export async function gatherTree(lifting: Lifting, also: readonly Trail[]): Promise<GatheredTree> {
  const { examiner, gathering } = lifting
  const { files } = examiner
  const found = new Map<RootPath, TreeEntry>()
  const add = (entry: Entry, role: Role) => {
    const known = found.get(entry.path)
    found.set(entry.path, { entry, role: known === undefined ? role : tellingRole(known.role, role) })
  }
  for (const { entry, role } of gathering.entries()) add(entry, role)
  for (const trail of [...gathering.trails(), ...also]) await addTrail(files, trail, add)
  const { specials, whole } = await addIncluded(lifting, add)
  await addWorkingDirectory(lifting, add)
  return {
    tree: await withParents(files, found, whole),
    findings: specials.length === 0 ? [] : [finding({ kind: 'special-left-out', paths: specials })],
  }
}

type Add = (entry: Entry, role: Role) => void

async function addTrail(files: RootFiles, { links, stones, end }: Trail, add: Add): Promise<void> {
  for (const link of links) add(link, 'symlink')
  for (const stone of stones) {
    const entry = await files.rootfs.lstat(stone)
    if (entry?.kind === 'directory') add(entry, 'directory')
  }
  if (end?.kind === 'file') add(end, 'data')
}

/**
 * Gives the directories that come with all that lies in them, and the devices, FIFOs and sockets in them, of which too
 * little is known to make them anew.
 */
async function addIncluded({ examiner, gathering }: Lifting, add: Add) {
  const specials: RootPath[] = []
  const whole = new Set<RootPath>()
  for (const included of gathering.directories) {
    add(included.end, 'directory')
    if (included.except === undefined) whole.add(included.end.path)
    for await (const { entry } of includedEntries(examiner.files, included)) {
      if (entry.kind === 'directory') whole.add(entry.path)
      if (entry.kind === 'special') specials.push(entry.path)
      else add(entry, ROLES[entry.kind])
    }
  }
  return { specials, whole }
}

const ROLES = { file: 'data', symlink: 'symlink', directory: 'directory' } as const

/** The engine would make it, but for nobody in particular. */
async function addWorkingDirectory({ examiner }: Lifting, add: Add): Promise<void> {
  const { files, environment } = examiner
  const trail = await files.trail(environment.workingDir, '/')
  if (trail.end?.kind !== 'directory' || trail.end.path === '/') return
  await addTrail(files, trail, add)
  add(trail.end, 'directory')
}

/**
 * Sorted by path, which puts a directory before what lies in it. A directory that does not come whole
 * holds other names than it did, so the time of its last change is not taken over.
 */
async function withParents(
  files: RootFiles,
  found: ReadonlyMap<RootPath, TreeEntry>,
  whole: ReadonlySet<RootPath>,
): Promise<readonly TreeEntry[]> {
  const all = new Map(found)
  const passed = new Map<RootPath, Promise<void>>()
  const pass = (path: RootPath): Promise<void> =>
    remembered(passed, path, async () => {
      if (path !== '/') await pass(parent(path))
      if (all.has(path)) return
      const entry = await files.rootfs.lstat(path)
      if (entry?.kind === 'directory') all.set(path, { entry, role: 'directory' })
    })
  for (const path of found.keys()) await pass(parent(path))
  await pass('/')
  const sorted = [...all.values()].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
  const exact = await exactly(
    files,
    sorted.map(({ entry }) => entry),
  )
  return sorted.map((one, index) => {
    const entry = exact[index]!
    const isPassed = entry.kind === 'directory' && !whole.has(entry.path)
    return { ...one, entry: isPassed ? timeless(entry) : entry }
  })
}

async function exactly({ rootfs }: RootFiles, entries: readonly Entry[]): Promise<readonly Entry[]> {
  return rootfs.exact === undefined ? entries : rootfs.exact(entries)
}

function timeless({ mtime: _, ...entry }: Entry): Entry {
  return entry
}
