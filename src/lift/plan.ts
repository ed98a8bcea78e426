import type { ByteReader } from '../bytes.js'
import type { RootFiles } from '../loader/files.js'
import { awaited, rootFiles } from '../loader/files.js'
import { follow } from '../rootfs/follow.js'
import { type MemoryNode, memoryRootFs } from '../rootfs/memory.js'
import { basename, components, join, normalise, parent, type RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import { type Finding, finding } from './finding.js'
import { type Included, includedEntries } from './include.js'
import type { Copy, Role } from './lift.js'
import { tellingRole } from './role.js'

/** A file that a program opens by some path, and the role it plays. */
export interface Opened {
  /** The path as opened, text unchanged, absolute. */
  readonly path: RootPath
  readonly file: FileEntry
  readonly role: Role
}

/** A tree that is not there yet, as far as programs can be resolved in it. */
export interface PlannedTree {
  readonly directories: readonly RootPath[]
  /** The file of the image that each path is a copy of. */
  readonly sources: ReadonlyMap<RootPath, FileEntry>
  readonly links: ReadonlyMap<RootPath, string>
  /** Files that the image does not have. */
  readonly generated?: ReadonlyMap<RootPath, Uint8Array>
  /** Whether two names of one inode stay that, or become two files. */
  readonly hardLinks: 'kept' | 'separate'
}

/** The tree a Dockerfile makes: each file at the path it is opened by, no links but those in whole directories. */
export interface Plan extends PlannedTree {
  readonly copies: readonly Copy[]
  readonly findings: readonly Finding[]
}

/**
 * Places each opened file where the same path leads in a tree without links, which is its lexical normal form;
 * directories that a path enters only to leave them by `..` are kept as empty ones.
 */
export async function planTree(
  files: RootFiles,
  opened: readonly Opened[],
  included: readonly Included[] = [],
): Promise<Plan> {
  const findings: Finding[] = []
  const { links, within } = await inDirectories(files, included)
  const placed = links.size === 0 ? opened : opened.map((item) => ledBy(links, item))
  const { copies, sources } = await placeOpened(files, placed, findings)
  for (const one of included) copies.set(one.path, wholeDirectory(one.path, one.end))
  for (const [at, file] of within) if (!sources.has(at)) sources.set(at, file)
  const sorted = [...copies.values()].sort((a, b) => (a.to < b.to ? -1 : 1))
  const made = parentsOf(sorted)
  for (const { to, kind } of sorted) {
    if (kind === 'file' && made.has(to))
      findings.push(finding({ kind: 'path-conflict', path: to, sources: [to] }))
  }
  const stones = new Set(placed.flatMap(({ path }) => steppingStones(path)))
  return {
    copies: sorted,
    directories: [...stones].filter((path) => !made.has(path)).sort(),
    findings,
    sources,
    links,
    hardLinks: 'separate',
  }
}

/** The files and links of whole directories, by where they will lie. */
async function inDirectories(files: RootFiles, included: readonly Included[]) {
  const links = new Map<RootPath, string>()
  const within = new Map<RootPath, FileEntry>()
  for (const one of included) {
    for await (const { at, entry } of includedEntries(files, one)) {
      if (entry.kind === 'file' && !within.has(at)) within.set(at, entry)
      if (entry.kind === 'symlink') links.set(at, entry.target)
    }
  }
  return { links, within }
}

/** The kernel follows as many, too. */
const MOST_LINKS = 40

/** What is opened through a link of a whole directory is copied to where that leads: the link itself is along. */
function ledBy(links: ReadonlyMap<RootPath, string>, item: Opened): Opened {
  let path = normalise(item.path)
  for (let count = 0; count < MOST_LINKS; count++) {
    const link = prefixesOf(path).find((prefix) => links.has(prefix))
    if (link === undefined) break
    path = normalise(join(parent(link), `${links.get(link)}${path.slice(link.length)}`))
  }
  return path === normalise(item.path) ? item : { ...item, path }
}

/** The directories above a path, the highest first. */
function prefixesOf(path: RootPath): readonly RootPath[] {
  const parts = components(path)
  return parts.slice(1).map((_, index): RootPath => `/${parts.slice(0, index + 1).join('/')}`)
}

/** One copy for each destination; two files for one are a finding, and the first stays. */
async function placeOpened(files: RootFiles, opened: readonly Opened[], findings: Finding[]) {
  const copies = new Map<RootPath, Copy>()
  const sources = new Map<RootPath, FileEntry>()
  for (const item of opened) {
    const to = normalise(item.path)
    const known = copies.get(to)
    if (known === undefined) {
      if (!to.isWellFormed()) findings.push(finding({ kind: 'name-not-writable', path: to }))
      copies.set(to, await copyOf(files, item, to))
      sources.set(to, item.file)
    } else if (known.realPath === item.file.path) {
      copies.set(to, { ...known, role: tellingRole(known.role, item.role) })
    } else {
      findings.push(finding({ kind: 'path-conflict', path: to, sources: [known.realPath, item.file.path] }))
    }
  }
  return { copies, sources }
}

function wholeDirectory(path: RootPath, { path: realPath, mode }: Included['end']): Copy {
  return { from: path, realPath, to: path, kind: 'directory', role: 'data', size: 0, mode }
}

function parentsOf(copies: readonly Copy[]): ReadonlySet<RootPath> {
  const parents = new Set<RootPath>()
  for (const { to } of copies) {
    for (let up = parent(to); up !== '/'; up = parent(up)) parents.add(up)
  }
  return parents
}

async function copyOf(files: RootFiles, { path, file, role }: Opened, to: RootPath): Promise<Copy> {
  const { size, mode } = file
  return { from: await cleanSource(files, path), realPath: file.path, to, kind: 'file', role, size, mode }
}

/** The opened path itself where it is clean, else its physical directory with its own last name. */
async function cleanSource(files: RootFiles, path: RootPath): Promise<RootPath> {
  if (normalise(path) === path) return path
  const directory = (await follow(files.rootfs, parent(path))).end
  return directory === undefined ? normalise(path) : join(directory.path, basename(path))
}

/** The directories in front of each `..` of a path. */
function steppingStones(path: RootPath): RootPath[] {
  if (!path.includes('/..')) return []
  const parts = components(path)
  return parts
    .map((part, index) => (part === '..' ? normalise(parts.slice(0, index).join('/')) : '/'))
    .filter((stone) => stone !== '/')
}

/** The planned tree as files of a root of its own; contents and ELF readings come from the image's. */
export function plannedFiles(plan: PlannedTree, image: RootFiles): RootFiles {
  const tree: Record<string, MemoryNode> = {}
  for (const directory of plan.directories) tree[directory] = { directory: true }
  for (const [path, link] of plan.links) tree[path] = { link }
  for (const [to, file] of plan.sources) {
    const { mode, uid, gid, size, xattrs } = file
    const content: ByteReader = {
      size,
      read: (offset, length) => image.rootfs.open(file).read(offset, length),
    }
    const copied = { file: content, mode, uid, gid }
    const node = plan.hardLinks === 'kept' ? { ...copied, identity: file.identity } : copied
    tree[to] = xattrs === undefined ? node : { ...node, xattrs }
  }
  for (const [path, bytes] of plan.generated ?? []) tree[path] = bytes
  const own = rootFiles(memoryRootFs(tree))
  const fromImage = <T>(
    file: FileEntry,
    ofImage: (file: FileEntry) => T,
    ofPlan: (file: FileEntry) => T,
  ): T => {
    const source = plan.sources.get(file.path)
    return source === undefined ? ofPlan(file) : ofImage(source)
  }
  return {
    rootfs: own.rootfs,
    ...awaited({
      trail: own.atHand.trail,
      read: (file) => fromImage(file, image.atHand.read, own.atHand.read),
    }),
    content: (file) => fromImage(file, image.content, own.content),
  }
}
