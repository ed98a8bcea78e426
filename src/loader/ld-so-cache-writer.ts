import { encodeText } from '../bytes.js'
import { type CacheEntry, isExtension, type LdSoCache } from './ld-so-cache.js'

/**
 * A cache with some entries of another, in their order, which is the order that loaders bisect; undefined where none
 * is kept. Entries of a subdirectory that has no name are left out, as no loader takes them. It has the new format, which all loaders since glibc 2.2 take (sysdeps/generic/dl-cache.h).
 */
export function reducedCache(
  cache: LdSoCache,
  endian: 'little' | 'big',
  asked: readonly CacheEntry[],
): Uint8Array | undefined {
  const kept = asked.filter((entry) => !isExtension(entry) || cache.hwcapNames[entry.hwcapLow] !== undefined)
  if (kept.length === 0) return undefined
  const levels = levelsOf(cache, kept)
  const strings = stringTable(HEADER + kept.length * ENTRY)
  const entries = kept.map((entry) => ({
    ...entry,
    name: strings.add(entry.name),
    path: strings.add(entry.path),
    hwcapLow: isExtension(entry) ? levels.indexOf(cache.hwcapNames[entry.hwcapLow]!) : entry.hwcapLow,
  }))
  const levelNames = levels.map(strings.add)
  const extension = Math.ceil(strings.end() / 4) * 4
  const out = Buffer.alloc(extension + (levels.length === 0 ? 0 : EXTENSION + levels.length * 4))
  const put = (value: number, at: number) =>
    endian === 'little' ? out.writeUInt32LE(value, at) : out.writeUInt32BE(value, at)
  out.write(MAGIC, 'latin1')
  put(kept.length, 20)
  put(strings.end() - HEADER - kept.length * ENTRY, 24)
  out[28] = endian === 'little' ? 2 : 3
  for (const [index, entry] of entries.entries()) putEntry(put, endian, HEADER + index * ENTRY, entry)
  for (const [at, bytes] of strings.all()) out.set(bytes, at)
  if (levels.length > 0) putExtension(put, extension, levelNames)
  return out
}

const MAGIC = 'glibc-ld.so.cache1.1'
const HEADER = 48
const ENTRY = 24
/** Of the extension directory with its one section. */
const EXTENSION = 8 + 16
const EXTENSION_MAGIC = 0xeaa42174
const HWCAPS_SECTION = 1

type Put = (value: number, at: number) => void

/** The subdirectories of glibc-hwcaps that are still named, in their order, which is sorted. */
function levelsOf({ hwcapNames }: LdSoCache, kept: readonly CacheEntry[]): readonly string[] {
  const used = new Set(kept.filter(isExtension).map(({ hwcapLow }) => hwcapNames[hwcapLow]))
  return hwcapNames.filter((name) => used.has(name))
}

/** Texts with a NUL behind each, from an offset on; the same text is there once. */
function stringTable(start: number) {
  const offsets = new Map<string, number>()
  const texts: [number, Uint8Array][] = []
  let end = start
  const add = (text: string): number => {
    const known = offsets.get(text)
    if (known !== undefined) return known
    const at = end
    const bytes = encodeText(text)
    offsets.set(text, at)
    texts.push([at, bytes])
    end += bytes.length + 1
    return at
  }
  return { add, end: () => end, all: () => texts }
}

/** Flags, name, path, the operating system's version (none), and the hwcap field of 64 bits. */
function putEntry(
  put: Put,
  endian: 'little' | 'big',
  at: number,
  entry: Omit<CacheEntry, 'name' | 'path'> & { readonly name: number; readonly path: number },
): void {
  put(entry.flags, at)
  put(entry.name, at + 4)
  put(entry.path, at + 8)
  put(entry.hwcapLow, at + (endian === 'little' ? 16 : 20))
  put(entry.hwcapHigh, at + (endian === 'little' ? 20 : 16))
}

function putExtension(put: Put, at: number, names: readonly number[]): void {
  put(at, 32)
  put(EXTENSION_MAGIC, at)
  put(1, at + 4)
  put(HWCAPS_SECTION, at + 8)
  put(at + EXTENSION, at + 16)
  put(names.length * 4, at + 20)
  for (const [index, name] of names.entries()) put(name, at + EXTENSION + index * 4)
}
