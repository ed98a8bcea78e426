import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type ByteReader, readFully } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { BlobStore, BlobWriter } from './blob-store.js'
import { type Digest, digestOf } from './digest.js'
import { objectOf } from './json-fields.js'

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
 * longest go. Gives undefined when the directory cannot be written.
 */
export function blobCache(directory: string, most = DEFAULT_CACHE_SIZE): BlobStore | undefined {
  const inWork = join(directory, 'in-work')
  try {
    mkdirSync(inWork, { recursive: true, mode: 0o700 })
  } catch {
    return undefined
  }
  const open = new Map<number, Digest>()
  const claims = new Set<Disposable>()
  const reader = (fd: number, digest: Digest): ByteReader => {
    open.set(fd, digest)
    return descriptorReader(fd)
  }
  const find = async (digest: Digest): Promise<ByteReader | undefined> => {
    const fd = openTrusted(directory, digest)
    return fd === undefined ? undefined : reader(fd, digest)
  }
  return {
    find,
    claim: async (digest, signal) => {
      const lock = await takeLock(join(inWork, `${fileName(digest)}.lock`), signal)
      const claim = {
        [Symbol.dispose]: () => {
          if (claims.delete(claim)) lock[Symbol.dispose]()
        },
      }
      claims.add(claim)
      return claim
    },
    create: (digest) => writerInto(directory, inWork, digest, (fd) => reader(fd, digest)),
    forget: (digest) => remove(directory, fileName(digest)),
    [Symbol.asyncDispose]: async () => {
      for (const fd of open.keys()) closeSync(fd)
      for (const claim of claims) claim[Symbol.dispose]()
      shrink(directory, inWork, most)
    },
  }
}

/** Counts what a cache holds. */
export function cacheContents(directory: string): CacheContents {
  const found = entriesOf(directory)
  return { directory, entries: found.length, size: found.reduce((sum, { size }) => sum + size, 0) }
}

/** Removes everything a cache holds. */
export function clearCache(directory: string): void {
  for (const { name } of entriesOf(directory)) remove(directory, name)
  rmSync(join(directory, 'in-work'), { recursive: true, force: true })
}

function fileName(digest: Digest): string {
  return digest.replace(':', '-')
}

const STAMP = '.stamp'

interface Stamp {
  readonly size: number
  readonly mtimeMs: number
  readonly content: Digest
}

function openTrusted(directory: string, digest: Digest): number | undefined {
  const name = fileName(digest)
  const path = join(directory, name)
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  const stamp = readStamp(`${path}${STAMP}`)
  if (stamp !== undefined && isSound(fd, stamp)) {
    touch(`${path}${STAMP}`)
    return fd
  }
  closeSync(fd)
  remove(directory, name)
  return undefined
}

function readStamp(path: string): Stamp | undefined {
  try {
    const { size, mtimeMs, content } = objectOf(JSON.parse(readFileSync(path, 'utf8')))
    const digest = digestOf(content)
    if (typeof size !== 'number' || typeof mtimeMs !== 'number' || digest === undefined) return undefined
    return { size, mtimeMs, content: digest }
  } catch {
    return undefined
  }
}

function isSound(fd: number, { size, mtimeMs, content }: Stamp): boolean {
  const stats = fstatSync(fd)
  if (stats.size !== size) return false
  return stats.mtimeMs === mtimeMs || hashOf(fd, size, content.slice(0, 6)) === content
}

const PIECE = 1 << 20

function hashOf(fd: number, size: number, algorithm: string): string {
  const hash = createHash(algorithm)
  const buffer = Buffer.allocUnsafe(PIECE)
  for (let at = 0; at < size; at += PIECE) hash.update(buffer.subarray(0, readFully(fd, buffer, at)))
  return `${algorithm}:${hash.digest('hex')}`
}

/** When an entry was used last is the time of its stamp. */
function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // Somebody else has removed it, or owns it: the entry counts as older than it is.
  }
}

function writerInto(
  directory: string,
  inWork: string,
  digest: Digest,
  reader: (fd: number) => ByteReader,
): BlobWriter {
  const path = join(inWork, `${fileName(digest)}.${randomBytes(6).toString('hex')}`)
  const fd = attempt(() => openSync(path, 'wx+', 0o600))
  let size = 0
  const abort = () => {
    closeSync(fd)
    rmSync(path, { force: true })
  }
  return {
    append: (bytes) => {
      attempt(() => {
        for (let done = 0; done < bytes.length; )
          done += writeSync(fd, bytes, done, bytes.length - done, size + done)
      })
      size += bytes.length
    },
    commit: async (content) => {
      const target = join(directory, fileName(digest))
      attempt(() => {
        const { mtimeMs } = fstatSync(fd)
        const stamp: Stamp = { size, mtimeMs, content }
        writeFileSync(`${path}${STAMP}`, JSON.stringify(stamp), { mode: 0o600 })
        // The stamp first: a file without one is not trusted.
        renameSync(`${path}${STAMP}`, `${target}${STAMP}`)
        renameSync(path, target)
      })
      return reader(fd)
    },
    abort,
  }
}

function attempt<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new LiftError('output', `cannot write to the cache: ${(error as Error).message}`, {
      cause: error,
      hint: 'Make room, name another directory with XDG_CACHE_HOME, or go without by --no-cache.',
    })
  }
}

function descriptorReader(fd: number): ByteReader {
  const { size } = fstatSync(fd)
  return {
    size,
    read: async (offset, length) => {
      const into = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)))
      return into.subarray(0, readFully(fd, into, offset))
    },
  }
}

/** A lock says every so often that its holder lives, in milliseconds; one that has said nothing for long is void. */
const HEARTBEAT = 2_000
const STALE = 15_000
const LOOK_AGAIN = 100

async function takeLock(path: string, signal: AbortSignal | undefined): Promise<Disposable> {
  while (!createLock(path)) {
    if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while waiting for another run')
    if (isStale(path)) rmSync(path, { force: true })
    else await new Promise((done) => setTimeout(done, LOOK_AGAIN))
  }
  const timer = setInterval(() => touch(path), HEARTBEAT).unref()
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      rmSync(path, { force: true })
    },
  }
}

function createLock(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new LiftError('output', `cannot write to the cache: ${(error as Error).message}`, { cause: error })
  }
}

function isStale(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && Date.now() - stats.mtimeMs > STALE
}

interface CacheEntry {
  readonly name: string
  readonly size: number
  readonly used: number
}

function entriesOf(directory: string): CacheEntry[] {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch {
    return []
  }
  return names
    .filter((name) => /^sha\d{3}-[0-9a-f]+$/.test(name))
    .flatMap((name) => {
      const stats = statSync(join(directory, name), { throwIfNoEntry: false })
      const stamp = statSync(join(directory, `${name}${STAMP}`), { throwIfNoEntry: false })
      return stats === undefined ? [] : [{ name, size: stats.size, used: stamp?.mtimeMs ?? 0 }]
    })
}

/** Readers of a file that is removed keep it until they are done. */
function remove(directory: string, name: string): void {
  rmSync(join(directory, name), { force: true })
  rmSync(join(directory, `${name}${STAMP}`), { force: true })
}

function shrink(directory: string, inWork: string, most: number): void {
  const entries = entriesOf(directory).sort((a, b) => a.used - b.used)
  let total = entries.reduce((sum, { size }) => sum + size, 0)
  for (const { name, size } of entries) {
    if (total <= most) break
    remove(directory, name)
    total -= size
  }
  removeLeftovers(inWork)
}

/** What a run that was killed has left, in milliseconds since it last wrote. */
const ABANDONED = 24 * 3600 * 1000

function removeLeftovers(inWork: string): void {
  try {
    for (const name of readdirSync(inWork)) {
      const path = join(inWork, name)
      if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > ABANDONED)
        rmSync(path, { force: true })
    }
  } catch {
    // Another run is clearing up as well.
  }
}
