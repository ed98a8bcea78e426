import { bufferOf, decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import { remembered } from '../rootfs/cached.js'

/** One line of the cache. */
export interface CacheEntry {
  readonly name: string
  readonly path: string
  /** Low byte: sort of library; high byte: ABI. */
  readonly flags: number
  /** The high and low half of the 64-bit hwcap field. */
  readonly hwcapHigh: number
  readonly hwcapLow: number
}

/** `ld.so.cache` (glibc sysdeps/generic/dl-cache.h): entries in file order, read as they are asked for. */
export interface LdSoCache {
  readonly count: number
  /** Empty where the text lies outside of the file. Throws LiftError 'limit' for endless text, as `entry` does. */
  name(index: number): string
  entry(index: number): CacheEntry
  /** Names of glibc-hwcaps subdirectories that extension entries point to by number. */
  readonly hwcapNames: readonly string[]
}

const NEW_MAGIC = 'glibc-ld.so.cache1.1'
const OLD_MAGIC = 'ld.so-1.7.0'
const EXTENSION_MAGIC = 0xeaa42174
const NEW_HEADER = 48
const NEW_ENTRY = 24
const OLD_HEADER = 16
const OLD_ENTRY = 12

/**
 * Parses a cache of the old, the new or the combined format. Undefined when the loader would ignore it: no
 * known magic, the other byte order, or tables that leave the file. Throws LiftError 'limit' for endless names.
 */
export function parseLdSoCache(bytes: Uint8Array, endian: 'little' | 'big'): LdSoCache | undefined {
  const buffer = bufferOf(bytes)
  const from = readerOf(buffer, endian)
  if (startsWith(buffer, 0, NEW_MAGIC)) return parseNew(buffer, from, endian, 0)
  if (!startsWith(buffer, 0, OLD_MAGIC) || buffer.length < OLD_HEADER) return undefined
  const count = from.word(12)
  const end = OLD_HEADER + count * OLD_ENTRY
  if (end > buffer.length) return undefined
  // The new part is aligned as its 64-bit fields are: to 8, on i386 to 4.
  for (const start of [Math.ceil(end / 8) * 8, Math.ceil(end / 4) * 4]) {
    if (startsWith(buffer, start, NEW_MAGIC)) return parseNew(buffer, from, endian, start)
  }
  return parseOld(from, count, end)
}

interface CacheReader {
  word(offset: number): number
  /** Throws LiftError 'limit' when the texts together are too long. */
  text(offset: number): string
}

/** Hundreds of times the text of a large system; entries that share their bytes could ask for any amount. */
const MAX_TEXT = 0x100_0000
const OVERHEAD = 8

function readerOf(buffer: Buffer, endian: 'little' | 'big'): CacheReader {
  const all = buffer.toString('latin1')
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  const little = endian === 'little'
  let length = 0
  return {
    word: (offset) => view.getUint32(offset, little),
    text: (offset) => {
      const text = stringAt(buffer, all, offset)
      length += OVERHEAD + text.length
      if (length > MAX_TEXT) throw new LiftError('limit', `ld.so.cache: more than ${MAX_TEXT} bytes of names`)
      return text
    },
  }
}

function startsWith(buffer: Buffer, offset: number, magic: string): boolean {
  return buffer.toString('latin1', offset, offset + magic.length) === magic
}

function parseNew(
  buffer: Buffer,
  from: CacheReader,
  endian: 'little' | 'big',
  start: number,
): LdSoCache | undefined {
  if (start + NEW_HEADER > buffer.length) return undefined
  const count = from.word(start + 20)
  if (start + NEW_HEADER + count * NEW_ENTRY > buffer.length) return undefined
  const order = buffer[start + 28]! & 3
  // 0: written before the mark existed; 2 little, 3 big endian; anything else is not for this loader.
  if (order !== 0 && order !== (endian === 'little' ? 2 : 3)) return undefined
  const [high, low] = endian === 'little' ? [20, 16] : [16, 20]
  const field = (index: number, offset: number) => from.word(start + NEW_HEADER + index * NEW_ENTRY + offset)
  return {
    count,
    ...namesAndEntries(
      (index) => from.text(start + field(index, 4)),
      (index, name) => ({
        name,
        path: from.text(start + field(index, 8)),
        flags: field(index, 0),
        hwcapHigh: field(index, high),
        hwcapLow: field(index, low),
      }),
    ),
    // In the combined format the names' offsets are taken from the wrong place, so loaders never use them.
    hwcapNames: start === 0 ? hwcapNames(buffer, from) : [],
  }
}

function parseOld(from: CacheReader, count: number, end: number): LdSoCache {
  const field = (index: number, offset: number) => from.word(OLD_HEADER + index * OLD_ENTRY + offset)
  return {
    count,
    ...namesAndEntries(
      (index) => from.text(end + field(index, 4)),
      (index, name) => ({
        name,
        path: from.text(end + field(index, 8)),
        flags: field(index, 0),
        hwcapHigh: 0,
        hwcapLow: 0,
      }),
    ),
    hwcapNames: [],
  }
}

/** Each is read once: a search meets the same few names, and few of the entries. */
function namesAndEntries(
  readName: (index: number) => string,
  readEntry: (index: number, name: string) => CacheEntry,
): Pick<LdSoCache, 'name' | 'entry'> {
  const names = new Map<number, string>()
  const entries = new Map<number, CacheEntry>()
  const name = (index: number) => remembered(names, index, () => readName(index))
  return { name, entry: (index) => remembered(entries, index, () => readEntry(index, name(index))) }
}

const MAX_STRING = 4096

/**
 * Cut out of the text of all bytes, which is far quicker than decoding each name. The end is looked for no further
 * than a path can be long, since many entries may share bytes without any NUL.
 */
function stringAt(buffer: Buffer, all: string, offset: number): string {
  const longest = all.slice(offset, offset + MAX_STRING + 1)
  const end = longest.indexOf('\0')
  if (end < 0) return ''
  const text = longest.slice(0, end)
  return NOT_ASCII.test(text) ? decodeText(buffer.subarray(offset, offset + end)) : text
}

const NOT_ASCII = /[\x80-\xff]/

/** Extension directory: sections of tag, flags, offset, size; tag 1 holds the offsets of the hwcaps names. */
function hwcapNames(buffer: Buffer, from: CacheReader): string[] {
  const at = from.word(32)
  if (at === 0 || at % 4 !== 0 || at + 8 > buffer.length || from.word(at) !== EXTENSION_MAGIC) return []
  const sections = Math.min(from.word(at + 4), 64)
  for (let index = 0; index < sections; index++) {
    const section = at + 8 + index * 16
    if (section + 16 > buffer.length) return []
    if (from.word(section) !== 1) continue
    const offset = from.word(section + 8)
    const size = from.word(section + 12)
    if (offset % 4 !== 0 || offset + size > buffer.length) return []
    return Array.from({ length: Math.floor(size / 4) }, (_, name) => from.text(from.word(offset + name * 4)))
  }
  return []
}

const BIT_62 = 0x40000000
/** Bits 32 to 41 of the field hold the ISA level. */
const ISA_BITS = 0x3ff

/** Whether an entry belongs to a glibc-hwcaps subdirectory (DL_CACHE_HWCAP_EXTENSION). */
export function isExtension(entry: CacheEntry): boolean {
  return (entry.hwcapHigh & ~ISA_BITS) >>> 0 === BIT_62
}
