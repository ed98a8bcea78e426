import type { ByteReader, Soon } from '../bytes.js'
import type { RootPath } from './path.js'

interface EntryBase {
  /** Where the entry lies; every parent directory in it is a real directory, not a link. */
  readonly path: RootPath
  /** The twelve permission bits: rwx for three, setuid 04000, setgid 02000, sticky 01000. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** When the content was last changed, in whole seconds since 1970 and never before, where the source tells. */
  readonly mtime?: number
  /** Extended attributes, by full name (`security.capability`), where the source tells them. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
}

/** A regular file. */
export interface FileEntry extends EntryBase {
  readonly kind: 'file'
  /** In bytes. */
  readonly size: number
  /** Equal for two names of one inode (hard links) and for nothing else in this root. */
  readonly identity: string
}

/** A directory; its listing is asked for separately. */
export interface DirectoryEntry extends EntryBase {
  readonly kind: 'directory'
}

/** A symbolic link, never followed here. */
export interface SymlinkEntry extends EntryBase {
  readonly kind: 'symlink'
  /** The link's text, unchanged; an absolute one is meant inside the root. */
  readonly target: string
}

/** A device, FIFO or socket: never opened. */
export interface SpecialEntry extends EntryBase {
  readonly kind: 'special'
}

/** Whether a file has capabilities, which raise privilege when it is started (capabilities(7)). */
export function hasCapabilities({ xattrs }: FileEntry): boolean {
  return xattrs?.has('security.capability') === true
}

/** Whatever lies at a path. */
export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | SpecialEntry

/**
 * The files of an image, seen from inside. It never follows a symlink, neither at the end of a path nor in
 * its directory part: a path that goes through a link, or through anything but real directories, is absent.
 * `rootfs/follow.ts` is the one that walks links.
 */
export interface RootFs {
  /**
   * The entry at a path, or undefined when there is none. Throws or rejects with LiftError 'unreadable' when the host
   * refuses.
   */
  lstat(path: RootPath): Soon<Entry | undefined>
  /** The entries of a directory, sorted by name (by UTF-16 code unit); empty when it is no directory. */
  list(directory: RootPath): Promise<readonly Entry[]>
  /** Ranged access to a file of this root. Reading throws LiftError 'unreadable' when the host refuses. */
  open(file: FileEntry): ByteReader
  /**
   * The same entries, in the same order, with their real owners, attributes and times, for a source whose `lstat` may
   * not tell them; absent where it always does. It may take long, whether few are asked for or many. Throws as `lstat`.
   */
  exact?(entries: readonly Entry[]): Promise<readonly Entry[]>
}
