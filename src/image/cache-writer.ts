import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type ByteReader, readFully } from '../bytes.js'
import type { BlobStore, BlobWriter } from './blob-store.js'
import { fileName, publish } from './cache-entries.js'
import type { Digest } from './digest.js'

/** Where a blob on its way into a cache goes. */
export interface CachePlace {
  readonly directory: string
  /** Where files lie until they are whole. */
  readonly inWork: string
  /** What takes over where the cache cannot be written, such as on a full disk. */
  readonly otherwise: () => BlobWriter
  /** Makes a reader of an open file, which closes it in the end. */
  readonly reader: (fd: number) => ByteReader
}

/** Writes a blob beside the cache; committing gives it its name there. */
export function cacheWriter(digest: Digest, place: CachePlace): BlobWriter {
  const path = unfinished(digest, place.inWork)
  let fd = openedNew(path)
  let other = fd === undefined ? place.otherwise() : undefined
  let size = 0
  const drop = () => {
    if (fd !== undefined) closeSync(fd)
    fd = undefined
    rmSync(path, { force: true })
  }
  /** What has been written so far moves to where there is room. */
  const moveOn = (from: number): BlobWriter => {
    const next = place.otherwise()
    try {
      for (let at = 0; at < size; at += PIECE) {
        const piece = Buffer.allocUnsafe(Math.min(PIECE, size - at))
        readFully(from, piece, at)
        next.append(piece)
      }
    } catch (error) {
      next.abort()
      throw error
    }
    drop()
    return next
  }
  return {
    append: (bytes) => {
      if (fd !== undefined && !written(fd, bytes, size)) other = moveOn(fd)
      other?.append(bytes)
      size += bytes.length
    },
    commit: async (content) => {
      if (other !== undefined || fd === undefined) return other!.commit(content)
      const done = fd
      fd = undefined
      try {
        publish(place.directory, digest, path, done, content)
      } catch {
        // The run has what it needs; only a later one does not find it.
        remove(path)
      }
      return place.reader(done)
    },
    abort: () => {
      other?.abort()
      drop()
    },
  }
}

/** Writes a blob that can be done without: where anything fails, nothing is left. */
export function keepBlob(
  digest: Digest,
  { directory, inWork }: Pick<CachePlace, 'directory' | 'inWork'>,
  write: Parameters<BlobStore['keep']>[1],
): void {
  const path = unfinished(digest, inWork)
  const fd = openedNew(path)
  if (fd === undefined) return
  try {
    const content = write((bytes) => writeFileSync(fd, bytes))
    publish(directory, digest, path, fd, content)
  } catch {
    remove(path)
  } finally {
    closeSync(fd)
  }
}

function unfinished(digest: Digest, inWork: string): string {
  return join(inWork, `${fileName(digest)}.${randomBytes(6).toString('hex')}`)
}

function remove(path: string): void {
  rmSync(path, { force: true })
  rmSync(`${path}.stamp`, { force: true })
}

const PIECE = 1 << 20

function openedNew(path: string): number | undefined {
  try {
    return openSync(path, 'wx+', 0o600)
  } catch {
    return undefined
  }
}

/** Gives false when the disk does not take it. */
function written(fd: number, bytes: Uint8Array, at: number): boolean {
  try {
    for (let done = 0; done < bytes.length; )
      done += writeSync(fd, bytes, done, bytes.length - done, at + done)
    return true
  } catch {
    return false
  }
}
