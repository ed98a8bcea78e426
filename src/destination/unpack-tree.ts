import {
  chmodSync,
  closeSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { encodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { TreeEntry } from '../lift/tree.js'
import { orderedTree } from '../pack/ordered.js'
import type { Packing } from '../pack/packing.js'
import { contentPart, mtimeOf, PIECE } from '../pack/tar-writer.js'
import { breathing } from '../rootfs/breath.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import type { WriteOptions } from './destination.js'

/**
 * Makes the tree below a directory that is empty, and gives the number of files whose owner could not be set. A path
 * whose parent is no directory of the tree is refused before anything is made, so nothing is written through a link.
 */
export async function unpackTree(root: string, packing: Packing, { signal }: WriteOptions): Promise<number> {
  const tree = orderedTree(packing.tree).filter(({ entry }) => entry.kind !== 'special')
  const first = new Map<string, string | Buffer>()
  const breath = breathing()
  let own = 0
  for (const one of tree) {
    const host = hostPath(root, one.entry.path)
    if (breath.isDue()) await breath.take()
    if (signal?.aborted) throw new LiftError('interrupted', `interrupted while writing ${root}`)
    const isNew = await make(one, host, packing, first, signal)
    // A directory that others may not write to would take no files of ours: those are finished last.
    if (isNew && one.entry.kind !== 'directory') own += finish(one, host, packing.epoch)
  }
  for (const one of tree.toReversed())
    if (one.entry.kind === 'directory') own += finish(one, hostPath(root, one.entry.path), packing.epoch)
  return own
}

/** Where a path of the tree lies; names that are not UTF-8 travel as lone surrogates, and the host wants their bytes. */
export function hostPath(root: string, path: string): string | Buffer {
  const text = path === '/' ? root : `${root}${path}`
  return text.isWellFormed() ? text : encodeText(text)
}

/** Gives whether there is a new inode. */
async function make(
  one: TreeEntry,
  host: string | Buffer,
  packing: Packing,
  first: Map<string, string | Buffer>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { entry, bytes } = one
  if (entry.kind === 'directory') {
    if (entry.path !== '/') mkdirSync(host, 0o700)
    return true
  }
  if (entry.kind === 'symlink') {
    symlinkSync(encodeText(entry.target), host)
    return true
  }
  const { identity } = entry as FileEntry
  const earlier = bytes === undefined ? first.get(identity) : undefined
  if (earlier !== undefined) {
    linkSync(earlier, host)
    return false
  }
  if (bytes === undefined) first.set(identity, host)
  await writeContent(one, host, packing, signal)
  return true
}

async function writeContent(
  one: TreeEntry,
  host: string | Buffer,
  { open }: Packing,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { size, fill } = contentPart(one, open)
  const descriptor = openSync(host, 'wx', 0o600)
  const breath = breathing()
  try {
    for (let at = 0; at < size; at += PIECE) {
      const piece = new Uint8Array(Math.min(PIECE, size - at))
      await fill(at, piece)
      for (let done = 0; done < piece.length; ) done += writeSync(descriptor, piece, done)
      if (breath.isDue()) await breath.take()
      if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while writing')
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Owner first, since a change of it drops setuid bits. Gives 1 where it could not be set. */
function finish({ entry }: TreeEntry, host: string | Buffer, epoch: number | undefined): number {
  const isGiven = giveAway(host, entry.uid, entry.gid)
  if (entry.kind !== 'symlink') chmodSync(host, isGiven ? entry.mode : entry.mode & ~0o6000)
  const time = mtimeOf(entry, epoch)
  lutimesSync(host, time, time)
  return isGiven ? 0 : 1
}

/** Errors of who may not, of a namespace without such a user, and of file systems without owners. */
const NOT_GIVEN = new Set(['EPERM', 'EINVAL', 'ENOTSUP', 'ENOSYS'])

function giveAway(host: string | Buffer, uid: number, gid: number): boolean {
  try {
    lchownSync(host, uid, gid)
    return true
  } catch (error) {
    if (NOT_GIVEN.has((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}
