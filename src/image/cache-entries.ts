import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { readFully } from '../bytes.js'
import { type Digest, digestOf } from './digest.js'
import { objectOf, optional, textOf } from './json-fields.js'

/** One blob on disk. */
export interface CacheEntry {
  readonly name: string
  readonly size: number
  /** When it was used last. */
  readonly used: number
}

/** The name of the file that holds a blob's content. */
export function fileName(digest: Digest): string {
  return digest.replace(':', '-')
}

/** What lies beside an entry and vouches for it. */
interface Stamp {
  readonly size: number
  readonly mtimeMs: number
  readonly content: Digest
  /** The run of the system that wrote it: until it has survived that, the disk may not have all of it. */
  readonly boot?: string
}

const STAMP = '.stamp'

/** Gives a whole file its name in the cache; from then on it can be found. */
export function publish(
  directory: string,
  digest: Digest,
  written: string,
  fd: number,
  content: Digest,
): void {
  const { size, mtimeMs } = fstatSync(fd)
  // A run that took us for dead has removed it: a stamp alone would be of no use.
  statSync(written)
  const target = join(directory, fileName(digest))
  writeStamp(target, written, { size, mtimeMs, content, ...optional('boot', bootId()) })
  // The stamp first: a file without one is not trusted.
  renameSync(written, target)
}

function writeStamp(target: string, written: string, stamp: Stamp): void {
  writeFileSync(`${written}${STAMP}`, JSON.stringify(stamp), { mode: 0o600 })
  renameSync(`${written}${STAMP}`, `${target}${STAMP}`)
}

/**
 * Opens an entry that can be trusted: as its stamp says, or, when it has changed since or the system has been
 * started anew, by its digest. One that is damaged is removed. With `content`, only if that is what it holds.
 * Throws why the signal was aborted.
 */
export async function openTrusted(
  directory: string,
  digest: Digest,
  content: Digest | undefined,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const path = join(directory, fileName(digest))
  const fd = openedFile(path)
  if (fd === undefined) return undefined
  try {
    const stamp = readStamp(`${path}${STAMP}`)
    if (stamp !== undefined && (await isSound(fd, stamp, path, signal))) {
      touch(`${path}${STAMP}`)
      if (content === undefined || content === stamp.content) return fd
    } else {
      removeEntry(directory, fileName(digest))
    }
  } catch {
    // A disk that gives errors is as good as no entry.
  }
  closeSync(fd)
  signal?.throwIfAborted()
  return undefined
}

function openedFile(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

function readStamp(path: string): Stamp | undefined {
  try {
    const { size, mtimeMs, content, boot } = objectOf(JSON.parse(readFileSync(path, 'utf8')))
    const digest = digestOf(content)
    if (typeof size !== 'number' || typeof mtimeMs !== 'number' || digest === undefined) return undefined
    return { size, mtimeMs, content: digest, ...optional('boot', textOf(boot)) }
  } catch {
    return undefined
  }
}

async function isSound(fd: number, stamp: Stamp, path: string, signal?: AbortSignal): Promise<boolean> {
  const { size, mtimeMs } = fstatSync(fd)
  if (size !== stamp.size) return false
  const { content, boot } = stamp
  if (mtimeMs === stamp.mtimeMs && (boot === undefined || boot === bootId())) return true
  if ((await hashOf(fd, size, content.slice(0, 6), signal)) !== content) return false
  try {
    // What was read back from the disk need not be doubted again.
    writeStamp(path, `${path}.${randomBytes(6).toString('hex')}`, { size, mtimeMs, content })
  } catch {
    // It is verified again the next time.
  }
  return true
}

/** Which run of the system this is, where it says so (Linux; random(4)). */
function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return undefined
  }
}

const PIECE = 1 << 20

async function hashOf(fd: number, size: number, algorithm: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash(algorithm)
  const buffer = Buffer.allocUnsafe(PIECE)
  for (let at = 0; at < size; at += PIECE) {
    hash.update(buffer.subarray(0, readFully(fd, buffer, at)))
    await new Promise((done) => setImmediate(done))
    signal?.throwIfAborted()
  }
  return `${algorithm}:${hash.digest('hex')}`
}

/** When an entry was used last is the time of its stamp. */
function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // Somebody else has removed it: the entry counts as older than it is.
  }
}

/** All entries, whether or not they can be trusted. */
export function entriesOf(directory: string): CacheEntry[] {
  return namesIn(directory)
    .filter((name) => /^sha\d{3}-[0-9a-f]+$/.test(name))
    .flatMap((name) => {
      const stats = statSync(join(directory, name), { throwIfNoEntry: false })
      const stamp = statSync(join(directory, `${name}${STAMP}`), { throwIfNoEntry: false })
      return stats === undefined ? [] : [{ name, size: stats.size, used: stamp?.mtimeMs ?? 0 }]
    })
}

/** Stamps whose file is gone, and stamps that were never finished. */
export function strayStamps(directory: string): string[] {
  const names = namesIn(directory)
  const known = new Set(names)
  return names.filter(
    (name) =>
      /^sha\d{3}-[0-9a-f]+\./.test(name) &&
      !(name.endsWith(STAMP) && known.has(name.slice(0, -STAMP.length))),
  )
}

/** Readers of a file that is removed keep it until they are done. */
export function removeEntry(directory: string, name: string): void {
  rmSync(join(directory, name), { force: true })
  rmSync(join(directory, `${name}${STAMP}`), { force: true })
}

/** What a directory holds; nothing when it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
