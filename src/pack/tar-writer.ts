import { type ByteReader, bufferReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { TreeEntry } from '../lift/tree.js'
import { breathing } from '../rootfs/breath.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import type { Packing } from './packing.js'
import { padded, TAR_BLOCK, type TarMember, tarHeader } from './tar-member.js'

/** A tar whose size is known before any content is read. */
export interface TarPlan {
  /** Of the whole archive, in bytes. */
  readonly size: number
  readonly parts: readonly TarPart[]
}

/** Some bytes of the archive. */
export interface TarPart {
  readonly size: number
  /** Fills all of `into` from an offset within the part on; gives a promise only where it has to wait. */
  fill(offset: number, into: Uint8Array): Promise<void> | undefined
}

/**
 * What an archive of these entries is made of, in their order. Of two names of one inode the later one becomes a hard
 * link. Devices, FIFOs and sockets are left out: their kind and numbers are not known.
 */
export function planTar(
  entries: readonly TreeEntry[],
  { open, epoch }: Pick<Packing, 'open' | 'epoch'>,
): TarPlan {
  const parts: TarPart[] = []
  const first = new Map<string, FileEntry>()
  for (const one of entries) {
    const size = contentSize(one, first)
    const header = headerOf(one, size, first, epoch)
    if (header === undefined) continue
    parts.push(bytesPart(header))
    if (size > 0) parts.push(contentPart(one, open), zerosPart(padded(size) - size))
    const { entry } = one
    if (entry.kind === 'file' && one.bytes === undefined && !first.has(entry.identity))
      first.set(entry.identity, entry)
  }
  parts.push(zerosPart(2 * TAR_BLOCK))
  return { parts, size: parts.reduce((sum, { size }) => sum + size, 0) }
}

type FirstNames = ReadonlyMap<string, FileEntry>

function earlierName({ entry, bytes }: TreeEntry, first: FirstNames): FileEntry | undefined {
  return entry.kind === 'file' && bytes === undefined ? first.get(entry.identity) : undefined
}

function contentSize(one: TreeEntry, first: FirstNames): number {
  if (one.entry.kind !== 'file' || earlierName(one, first) !== undefined) return 0
  return one.bytes?.length ?? one.entry.size
}

function headerOf(
  one: TreeEntry,
  size: number,
  first: FirstNames,
  epoch: number | undefined,
): Uint8Array | undefined {
  const earlier = earlierName(one, first)
  const entry = earlier ?? one.entry
  if (entry.kind === 'special' || isPlainRoot(one)) return undefined
  const { mode, uid, gid, xattrs } = entry
  const type: TarMember['type'] = earlier === undefined ? entry.kind : 'hardlink'
  const common = {
    type,
    name: nameOf(one.entry.path),
    mode,
    uid,
    gid,
    size,
    mtime: mtimeOf(entry, epoch),
    xattrs,
  }
  if (earlier !== undefined) return tarHeader({ ...common, target: nameOf(earlier.path), xattrs: undefined })
  return tarHeader(entry.kind === 'symlink' ? { ...common, target: entry.target } : common)
}

/** Every engine makes the root like that by itself. */
function isPlainRoot({ entry: { path, mode, uid, gid } }: TreeEntry): boolean {
  return path === '/' && mode === 0o755 && uid === 0 && gid === 0
}

function nameOf(path: string): string {
  return path === '/' ? '.' : path.slice(1)
}

/**
 * Nothing is younger than the epoch. A directory that merely leads to files has no time of its own in the tree; its
 * time in the image says when something else was put there.
 */
export function mtimeOf({ kind, mtime }: TreeEntry['entry'], epoch: number | undefined): number {
  if (mtime === undefined) return kind === 'directory' ? (epoch ?? 0) : 0
  return Math.max(0, Math.min(mtime, epoch ?? mtime))
}

/** Bytes that are there already. */
function bytesPart(bytes: Uint8Array): TarPart {
  return {
    size: bytes.length,
    fill: (offset, into) => void into.set(bytes.subarray(offset, offset + into.length)),
  }
}

/** The fill of a block, or the end of an archive. */
function zerosPart(size: number): TarPart {
  return { size, fill: (_, into) => void into.fill(0) }
}

/** The content of a file, which has to be as long as its entry says. */
export function contentPart({ entry, bytes }: TreeEntry, open: Packing['open']): TarPart {
  const file = entry as FileEntry
  if (bytes !== undefined) return bytesPart(bytes)
  let reader: ByteReader | undefined
  return {
    size: file.size,
    fill: (offset, into) => {
      reader ??= opened(file, open)
      const got = reader.readNow?.(offset, into)
      if (got === undefined) return copy(reader, offset, into, file)
      if (got !== into.length) throw changed(file)
      return undefined
    },
  }
}

function opened(file: FileEntry, open: Packing['open']): ByteReader {
  const reader = file.size === 0 ? bufferReader(new Uint8Array(0)) : open(file)
  if (reader.size !== file.size) throw changed(file)
  return reader
}

async function copy(reader: ByteReader, offset: number, into: Uint8Array, file: FileEntry): Promise<void> {
  const bytes = await reader.read(offset, into.length)
  if (bytes.length !== into.length) throw changed(file)
  into.set(bytes)
}

function changed({ path, size }: FileEntry): LiftError {
  return new LiftError('unreadable', `${path} no longer has the ${size} bytes that it had`, {
    hint: 'Run it again once nobody writes there any more.',
  })
}

/** How an archive is written. */
export interface TarWriting {
  readonly signal?: AbortSignal | undefined
  /** Gives the memory of a block of up to this size: the same one each time where a block is done with before the next. */
  readonly allocate?: (length: number) => Uint8Array
}

/** What is read and handed on at a time. */
export const PIECE = 1 << 20

/**
 * The bytes of an archive, in blocks that are full but for the last one; files are read straight into them.
 * Throws LiftError 'unreadable' for a file that is not as its entry says, and 'interrupted'.
 */
export async function* tarBlocks(
  { size, parts }: TarPlan,
  { signal, allocate = (length) => new Uint8Array(length) }: TarWriting = {},
): AsyncGenerator<Uint8Array> {
  const breath = breathing()
  let left = size
  let block = allocate(Math.min(PIECE, left))
  let filled = 0
  for (const part of parts) {
    for (let at = 0; at < part.size; ) {
      const into = block.subarray(filled, filled + Math.min(part.size - at, block.length - filled))
      const waiting = part.fill(at, into)
      if (waiting !== undefined) await waiting
      at += into.length
      filled += into.length
      if (filled < block.length) continue
      if (breath.isDue()) await breath.take()
      if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while packing')
      yield block
      left -= filled
      filled = 0
      if (left > 0) block = allocate(Math.min(PIECE, left))
    }
  }
}
