import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type ByteReader, readFully } from '../bytes.js'
import { LiftError } from '../errors.js'
import { breathing } from '../rootfs/breath.js'
import { type BlobStore, temporaryStore } from './blob-store.js'
import { entriesOf, fileName, namesIn, openTrusted, removeEntry, strayStamps } from './cache-entries.js'
import { isLocked, takeLock } from './cache-lock.js'
import { cacheWriter, keepBlob } from './cache-writer.js'

/** What a cache on disk holds. */
export interface CacheContents {
  readonly directory: string
  readonly entries: number
  /** In bytes. */
  readonly size: number
}

/** How large a cache grows before it gives up what was not used longest, in bytes. */
export const DEFAULT_CACHE_SIZE = 10 * 2 ** 30

/**
 * A store on disk that runs share. A blob gets its name by a rename when it is whole and verified, so what has a
 * name can be trusted; beside it lies a stamp with the file's size, time and digest. A file that has changed since
 * is verified again, and forgotten when it is not what it was. Beyond `most` bytes the entries that were not used
 * longest go. Gives undefined when the directory cannot be written, is not our own, or anybody could write it.
 */
export function blobCache(directory: string, most = DEFAULT_CACHE_SIZE): BlobStore | undefined {
  const inWork = join(directory, 'in-work')
  if (!isOurs(directory, inWork)) return undefined
  const temporary = temporaryStore()
  const open = new Set<number>()
  const claims = new Set<Disposable>()
  const reader = (fd: number): ByteReader => {
    open.add(fd)
    return descriptorReader(fd, open)
  }
  return {
    find: async (digest, content, signal) => {
      const fd = await openTrusted(directory, digest, content, signal)
      return fd === undefined ? undefined : reader(fd)
    },
    claim: async (digest, signal) => {
      const name = fileName(digest)
      const lock = await takeLock(join(inWork, `${name}.lock`), signal)
      // Whoever had the lock before and did not finish is no more.
      removeUnfinished(inWork, (other) => other.startsWith(`${name}.`) && !other.startsWith(`${name}.lock`))
      const claim = {
        [Symbol.dispose]: () => {
          if (claims.delete(claim)) lock[Symbol.dispose]()
        },
      }
      claims.add(claim)
      return claim
    },
    create: (digest) =>
      cacheWriter(digest, { directory, inWork, reader, otherwise: () => temporary.create(digest) }),
    keep: (digest, write) => attempt(() => keepBlob(digest, { directory, inWork }, write)),
    forget: (digest) => attempt(() => removeEntry(directory, fileName(digest))),
    [Symbol.asyncDispose]: async () => {
      for (const fd of open) closeSync(fd)
      open.clear()
      for (const claim of claims) claim[Symbol.dispose]()
      await temporary[Symbol.asyncDispose]()
      attempt(() => shrink(directory, inWork, most))
    },
  }
}

/** Counts what a cache holds. */
export function cacheContents(directory: string): CacheContents {
  const found = entriesOf(directory)
  return { directory, entries: found.length, size: found.reduce((sum, { size }) => sum + size, 0) }
}

/** Removes everything a cache holds. Throws LiftError 'output' where that cannot be removed. */
export function clearCache(directory: string): void {
  try {
    for (const { name } of entriesOf(directory)) removeEntry(directory, name)
    for (const name of strayStamps(directory)) rmSync(join(directory, name), { force: true })
    rmSync(join(directory, 'in-work'), { recursive: true, force: true })
  } catch (error) {
    throw new LiftError('output', `cannot empty the cache: ${(error as Error).message}`, { cause: error })
  }
}

/** Whether files can be made there, and only by who we are: what lies there is believed. */
function isOurs(directory: string, inWork: string): boolean {
  const probe = join(inWork, `probe.${randomBytes(6).toString('hex')}`)
  try {
    mkdirSync(inWork, { recursive: true, mode: 0o700 })
    const fd = openSync(probe, 'wx', 0o600)
    const { uid } = fstatSync(fd)
    closeSync(fd)
    unlinkSync(probe)
    const owners = [directory, inWork].map((path) => statSync(path))
    return owners.every((stats) => stats.uid === uid && (stats.mode & 0o002) === 0)
  } catch {
    return false
  }
}

function descriptorReader(fd: number, open: ReadonlySet<number>): ByteReader {
  const { size } = fstatSync(fd)
  const breath = breathing()
  const readNow = (offset: number, into: Uint8Array) => {
    if (!open.has(fd)) throw new LiftError('unreadable', 'the image is closed')
    return readFully(fd, into, offset)
  }
  return {
    size,
    get readNow() {
      return breath.isDue() ? undefined : readNow
    },
    read: async (offset, length) => {
      if (breath.isDue()) await breath.take()
      const into = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)))
      return into.subarray(0, readNow(offset, into))
    },
  }
}

function shrink(directory: string, inWork: string, most: number): void {
  const entries = entriesOf(directory).sort((a, b) => a.used - b.used)
  let total = entries.reduce((sum, { size }) => sum + size, 0)
  for (const { name, size } of entries) {
    if (total <= most) break
    removeEntry(directory, name)
    total -= size
  }
  removeUnfinished(inWork, (name) => isAbandoned(inWork, name))
  for (const name of strayStamps(directory))
    if (isOld(join(directory, name))) rmSync(join(directory, name), { force: true })
}

/** What a run that was killed has left, in milliseconds since it last wrote. */
const ABANDONED = 3600 * 1000

function isAbandoned(inWork: string, name: string): boolean {
  return isOld(join(inWork, name)) && !isLocked(join(inWork, `${name.split('.')[0]}.lock`))
}

function isOld(path: string): boolean {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > ABANDONED
}

function removeUnfinished(inWork: string, isUnfinished: (name: string) => boolean): void {
  for (const name of namesIn(inWork).filter(isUnfinished))
    attempt(() => rmSync(join(inWork, name), { force: true }))
}

/** What fails here is no fault of the answer; another run may be clearing up as well. */
function attempt(act: () => void): void {
  try {
    act()
  } catch {
    // The next run tries again.
  }
}
