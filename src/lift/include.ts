import { LiftError } from '../errors.js'
import type { RootFiles } from '../loader/files.js'
import type { Trail } from '../rootfs/follow.js'
import { basename, components, join, normalise, type RootPath } from '../rootfs/path.js'
import type { DirectoryEntry, Entry, FileEntry } from '../rootfs/rootfs.js'
import { walk } from '../rootfs/walk.js'
import { nearPaths } from './near-names.js'

/** Something the user asked to have along: a file, or a directory with all that lies in it. */
export interface Included {
  readonly path: RootPath
  readonly trail: Trail
  readonly end: FileEntry | DirectoryEntry
  /** Names in the directory that are left out where the layout allows it; a Dockerfile copies directories whole. */
  readonly except?: readonly string[]
}

/**
 * What an `--include` means: a path, or a pattern of `*` and `?`.
 * Throws LiftError 'file-not-found' when nothing is there, with near names.
 */
export async function findIncluded(files: RootFiles, pattern: string): Promise<readonly Included[]> {
  const paths = await matchingPaths(files, normalise(pattern))
  const found: Included[] = []
  for (const path of paths) {
    const trail = await files.trail(path, '/')
    const { end } = trail
    if (end?.kind === 'file' || end?.kind === 'directory') found.push({ path, trail, end })
  }
  if (found.length === 0) throw await nothingThere(files, pattern)
  return found
}

async function nothingThere({ rootfs }: RootFiles, pattern: string): Promise<LiftError> {
  const near = await nearPaths(rootfs, normalise(pattern))
  return new LiftError(
    'file-not-found',
    `--include ${pattern}: no file or directory of that name in the image`,
    near.length === 0 ? {} : { hint: `Did you mean ${near.join(' or ')}?` },
  )
}

/** The paths a pattern of `*` and `?` in any of its components stands for; itself when it holds none, or is there. */
export async function matchingPaths(files: RootFiles, pattern: RootPath): Promise<readonly RootPath[]> {
  if (!WILD.test(pattern) || (await files.trail(pattern, '/')).end !== undefined) return [pattern]
  let found: readonly RootPath[] = ['/']
  for (const part of components(pattern)) {
    const next: RootPath[] = []
    for (const directory of found) {
      for (const path of WILD.test(part) ? await namesIn(files, directory, part) : [join(directory, part)])
        next.push(path)
      if (next.length > MOST_MATCHES) throw new LiftError('limit', `too many names fit ${pattern}`)
    }
    found = next
  }
  return found
}

const WILD = /[*?]/
const MOST_MATCHES = 100_000

async function namesIn(files: RootFiles, path: RootPath, part: string): Promise<readonly RootPath[]> {
  const directory = (await files.trail(path, '/')).end
  if (directory?.kind !== 'directory') return []
  return (await files.rootfs.list(directory.path))
    .map((entry) => basename(entry.path))
    .filter((name) => fits(name, part) && (!name.startsWith('.') || part.startsWith('.')))
    .map((name) => join(path, name))
}

/** Goes back to the last star alone, since a regular expression of many stars may take forever. */
function fits(name: string, pattern: string): boolean {
  let [at, to, star, from] = [0, 0, -1, 0]
  while (at < name.length) {
    if (pattern[to] === '*') [star, from] = [to++, at]
    else if (to < pattern.length && (pattern[to] === '?' || pattern[to] === name[at]))
      [at, to] = [at + 1, to + 1]
    else if (star >= 0) [to, at] = [star + 1, ++from]
    else return false
  }
  return /^\**$/.test(pattern.slice(to))
}

/** An entry of something included, and where the lifted tree has it. */
export interface IncludedEntry {
  readonly at: RootPath
  readonly entry: Entry
}

/** What comes with something included: the file itself, or what lies in a directory. */
export async function* includedEntries(
  files: RootFiles,
  { path, end, except = [] }: Included,
): AsyncGenerator<IncludedEntry> {
  if (end.kind === 'file') yield { at: path, entry: end }
  else {
    const start = end.path === '/' ? 1 : end.path.length + 1
    for await (const entry of entriesBelow(files, end.path, except)) {
      yield { at: join(path, entry.path.slice(start)), entry }
    }
  }
}

async function* entriesBelow(
  { rootfs }: RootFiles,
  directory: RootPath,
  except: readonly string[],
): AsyncGenerator<Entry> {
  if (except.length === 0) return yield* walk(rootfs, directory)
  for (const entry of await rootfs.list(directory)) {
    if (except.includes(basename(entry.path))) continue
    yield entry
    if (entry.kind === 'directory') yield* walk(rootfs, entry.path)
  }
}
