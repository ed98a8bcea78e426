import { LiftError } from '../errors.js'
import { packageDatabase, RELEASE_FILES } from '../packages/database.js'
import type { GeneratedFile, Ownership, Package, PackageDatabase } from '../packages/package.js'
import { isInside, parent, type RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'
import { finding } from './finding.js'
import { includedEntries } from './include.js'
import type { LiftedPackage } from './lift.js'
import type { Lifting } from './lifting.js'

/** What a lift knows of packages. */
export interface Packages {
  /** By the place where a file or link lies. */
  readonly owners: ReadonlyMap<RootPath, Ownership>
  readonly packages: readonly LiftedPackage[]
  readonly generated: readonly GeneratedFile[]
}

const NONE: Packages = { owners: new Map(), packages: [], generated: [] }

/**
 * Finds the package of everything gathered so far, and takes along what tells scanners which distribution it is of.
 * What the user has included stays as it is: nothing is generated in its place.
 */
export async function gatherPackages(lifting: Lifting): Promise<Packages> {
  try {
    const database = await packageDatabase(lifting.examiner.files.rootfs)
    return database === undefined ? NONE : await packagesOf(lifting, database)
  } catch (error) {
    if (!(error instanceof LiftError) || !UNREADABLE.has(error.code)) throw error
    lifting.gathering.addFindings([finding({ kind: 'packages-unreadable', reason: error.message })])
    return NONE
  }
}

/** An engine or registry that fails is no matter of packages. */
const UNREADABLE: ReadonlySet<string> = new Set(['limit', 'unsupported', 'unreadable'])

async function packagesOf(lifting: Lifting, database: PackageDatabase): Promise<Packages> {
  const { gathering } = lifting
  const lifted = await liftedEntries(lifting)
  const releases = await releaseFiles(lifting)
  const all = await database.owners([...lifted, ...releases.flatMap(({ entries }) => entries)])
  if (!lifted.some(({ path }) => all.has(path))) return NONE
  if (database.reduced === undefined) {
    gathering.addFindings([finding({ kind: 'packages-not-carried', database: database.kind })])
    return { ...packagesBy(lifted, all), generated: [] }
  }
  for (const { add } of releases) add()
  const found = packagesBy([...lifted, ...releases.flatMap(({ entries }) => entries)], all)
  if (lifting.layout === 'tree') await addListed(lifting, found.owners)
  const files = await database.reduced([...found.owners.values()])
  const places = new Set(lifted.map(({ path }) => path))
  return { ...found, generated: files.filter(({ path }) => !places.has(path) && !isIncluded(lifting, path)) }
}

/** Files and links, each once; those in whole directories as well. */
async function liftedEntries({ examiner, gathering }: Lifting): Promise<readonly Entry[]> {
  const found = new Map<RootPath, Entry>()
  for (const { entry } of gathering.entries()) found.set(entry.path, entry)
  for (const included of gathering.directories)
    for await (const { entry } of includedEntries(examiner.files, included)) found.set(entry.path, entry)
  return [...found.values()]
}

/** A file on which scanners rely, with the links that lead to it. */
interface Release {
  readonly entries: readonly Entry[]
  readonly add: () => void
}

async function releaseFiles({ examiner, gathering }: Lifting): Promise<readonly Release[]> {
  const found: Release[] = []
  for (const path of RELEASE_FILES) {
    const trail = await examiner.files.trail(path, '/')
    const { end, links } = trail
    if (end?.kind !== 'file') continue
    found.push({ entries: [...links, end], add: () => gathering.addRelease(trail, end) })
  }
  return found
}

/** Where a package lists `/bin/x`, that leads to the file in the new root as well, though it lies in `/usr/bin`. */
async function addListed(
  { examiner, gathering }: Lifting,
  owners: ReadonlyMap<RootPath, Ownership>,
): Promise<void> {
  const directories = new Set<RootPath>()
  for (const [path, { listed }] of owners)
    if (parent(listed) !== parent(path)) directories.add(parent(listed))
  for (const directory of [...directories].sort()) {
    gathering.addListed(await examiner.files.trail(directory, '/'))
  }
}

function packagesBy(
  entries: readonly Entry[],
  all: ReadonlyMap<RootPath, Ownership>,
): Pick<Packages, 'owners' | 'packages'> {
  const owners = new Map<RootPath, Ownership>()
  for (const { path } of entries) {
    const owner = all.get(path)
    if (owner !== undefined) owners.set(path, owner)
  }
  const counts = new Map<Package, number>()
  for (const { package: owner } of owners.values()) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  return { owners, packages: [...counts].map(liftedPackage).sort(byLabel) }
}

function liftedPackage([{ label, name, version, architecture }, files]: readonly [Package, number]) {
  return { package: label, name, version, ...(architecture === undefined ? {} : { architecture }), files }
}

function byLabel(a: LiftedPackage, b: LiftedPackage): number {
  return a.package < b.package ? -1 : 1
}

function isIncluded({ gathering }: Lifting, path: RootPath): boolean {
  return gathering.directories.some(({ end }) => end.kind === 'directory' && isInside(path, end.path))
}
