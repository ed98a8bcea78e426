import { LiftError } from '../errors.js'
import type { RootFiles } from '../loader/files.js'
import type { Trail } from '../rootfs/follow.js'
import { basename, join, normalise, parent, type RootPath } from '../rootfs/path.js'
import type { DirectoryEntry, Entry, FileEntry } from '../rootfs/rootfs.js'
import { walk } from '../rootfs/walk.js'

/** Something the user asked to have along: a file, or a directory with all that lies in it. */
export interface Included {
  readonly path: RootPath
  readonly trail: Trail
  readonly end: FileEntry | DirectoryEntry
}

/**
 * What an `--include` means: a path, or a pattern of `*` and `?` in its last component.
 * Throws LiftError 'file-not-found' when nothing is there.
 */
export async function findIncluded(files: RootFiles, pattern: string): Promise<readonly Included[]> {
  const paths = await matchingPaths(files, normalise(pattern))
  const found: Included[] = []
  for (const path of paths) {
    const trail = await files.trail(path, '/')
    const { end } = trail
    if (end?.kind === 'file' || end?.kind === 'directory') found.push({ path, trail, end })
  }
  if (found.length === 0)
    throw new LiftError('file-not-found', `--include ${pattern}: nothing of that name in the image`)
  return found
}

/** The paths a pattern of `*` and `?` in its last component stands for; itself when it holds none. */
export async function matchingPaths(files: RootFiles, pattern: RootPath): Promise<readonly RootPath[]> {
  if ((await files.trail(pattern, '/')).end !== undefined || !/[*?]/.test(basename(pattern))) return [pattern]
  const directory = (await files.trail(parent(pattern), '/')).end
  if (directory?.kind !== 'directory') return []
  const source = basename(pattern)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '[\\s\\S]*')
    .replace(/\?/g, '[\\s\\S]')
  const test = new RegExp(`^${source}$`)
  return (await files.rootfs.list(directory.path))
    .map((entry) => basename(entry.path))
    .filter((name) => test.test(name) && (!name.startsWith('.') || pattern.includes('/.')))
    .map((name) => join(parent(pattern), name))
}

/** An entry of something included, and where the lifted tree has it. */
export interface IncludedEntry {
  readonly at: RootPath
  readonly entry: Entry
}

/** What comes with something included: the file itself, or all that lies in a directory. */
export async function* includedEntries(
  files: RootFiles,
  { path, end }: Included,
): AsyncGenerator<IncludedEntry> {
  if (end.kind === 'file') yield { at: path, entry: end }
  else {
    const start = end.path === '/' ? 1 : end.path.length + 1
    for await (const entry of walk(files.rootfs, end.path)) {
      yield { at: join(path, entry.path.slice(start)), entry }
    }
  }
}
