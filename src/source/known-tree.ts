import type { ByteReader } from '../bytes.js'
import type { TarEntry } from '../image/tar-index.js'
import { basename, parent, type RootPath } from '../rootfs/path.js'
import type { Entry, FileEntry } from '../rootfs/rootfs.js'
import type { PathStat } from './container-archive.js'
import { described, isEngineFile } from './engine-files.js'

/** What has been learnt of a root so far, piece by piece and in any order. */
export interface KnownTree {
  /** The entry; 'absent' when it surely does not exist; undefined when that is not known yet. */
  lookUp(path: RootPath): Entry | 'absent' | undefined
  /** Every path in a directory, sorted by name, or undefined when they are not all known. */
  children(directory: RootPath): readonly RootPath[] | undefined
  content(path: RootPath): ByteReader | undefined
  /** Says that the content did not arrive whole; the next member of this path brings it. */
  forgetContent(path: RootPath): void
  /** Takes a member of a tar whose content lies in `open(offset, size)`; what is known already stays. */
  add(path: RootPath, member: TarEntry, hardLinkTo: RootPath | undefined, open: () => ByteReader): void
  /** A directory of which only that is known. */
  addDirectory(path: RootPath, stat: PathStat): void
  /** Whether all that an engine tells of this path is known. */
  isExact(path: RootPath): boolean
  addAbsent(path: RootPath): void
  /** Nothing exists at or below this path but what was added. */
  complete(subtree: RootPath): void
}

/**
 * An empty tree. Names of one inode are recognised only where one tar holds both, as a hard link; fetched one
 * by one they are two files, since the protocol has no inode numbers.
 */
export function knownTree(): KnownTree {
  const entries = new Map<RootPath, Entry>()
  const contents = new Map<RootPath, ByteReader>()
  const names = new Map<RootPath, Set<RootPath>>()
  const absent = new Set<RootPath>()
  const complete = new Set<RootPath>()
  /** Surely there, but what they are has to be asked for: hard links to what the tar did not hold. */
  const unclear = new Set<RootPath>()
  /** Directories of which only a stat has told. */
  const stated = new Set<RootPath>()

  const isComplete = (path: RootPath): boolean => {
    for (let up = path; ; up = parent(up)) {
      if (complete.has(up)) return true
      if (up === '/') return false
    }
  }
  const put = (entry: Entry, content: ByteReader | undefined): void => {
    entries.set(entry.path, entry)
    unclear.delete(entry.path)
    stated.delete(entry.path)
    if (content !== undefined) contents.set(entry.path, content)
    putName(entry.path)
  }
  const putName = (path: RootPath): void => {
    if (path === '/') return
    const siblings = names.get(parent(path))
    if (siblings === undefined) names.set(parent(path), new Set([path]))
    else siblings.add(path)
  }
  const putHardLink = (path: RootPath, member: TarEntry, target: RootPath | undefined): void => {
    const first = target === undefined ? undefined : entries.get(target)
    if (first?.kind === 'file') put({ ...first, path }, contents.get(first.path))
    else if (first?.kind === 'special') put({ ...entryOf(path, member), kind: 'special' }, undefined)
    else {
      unclear.add(path)
      putName(path)
    }
  }
  return {
    lookUp: (path) => {
      const entry = entries.get(path)
      if (entry !== undefined) return entry
      return absent.has(path) || (!unclear.has(path) && isComplete(path)) ? 'absent' : undefined
    },
    children: (directory) => {
      if (!isComplete(directory)) return undefined
      return [...(names.get(directory) ?? [])].sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
    },
    content: (path) => contents.get(path),
    forgetContent: (path) => void contents.delete(path),
    add: (path, member, hardLinkTo, content) => {
      const before = entries.get(path)
      if (isEngineFile(path, member)) absent.add(path)
      else if (before?.kind === 'directory' && member.kind === 'directory')
        put(entryOf(path, member), undefined)
      else if (before?.kind === 'file' && member.kind === 'file' && !contents.has(path))
        contents.set(path, content())
      else if (before !== undefined) return
      else if (member.kind === 'hardlink') putHardLink(path, member, hardLinkTo)
      else put(entryOf(path, member), member.kind === 'file' ? content() : undefined)
    },
    addDirectory: (path, stat) => {
      put({ kind: 'directory', path, ...described(path, { ...stat, uid: 0, gid: 0 }) }, undefined)
      stated.add(path)
    },
    isExact: (path) => entries.has(path) && !stated.has(path),
    addAbsent: (path) => void absent.add(path),
    complete: (subtree) => void complete.add(subtree),
  }
}

function entryOf(path: RootPath, member: TarEntry): Entry {
  const { kind } = member
  const common = { path, ...described(path, member) }
  if (kind === 'symlink') return { kind, ...common, target: member.target }
  if (kind === 'directory') return { kind, ...common }
  if (kind !== 'file') return { kind: 'special', ...common }
  return { kind, ...common, size: member.size, identity: `file:${path}` } satisfies FileEntry
}
