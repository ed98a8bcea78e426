import type { CacheEntry, LdSoCache } from '../../src/loader/ld-so-cache.js'
/** What to write into an `ld.so.cache`; entries go in as they are given, unsorted. */
export interface CacheOptions {
  readonly entries?: readonly CacheLine[]
  /** Default new. */
  readonly format?: 'old' | 'new' | 'combined'
  /** Where the new part of a combined cache starts is a multiple of this; default 8, on i386 4. */
  readonly alignment?: 4 | 8
  readonly endian?: 'little' | 'big'
  /** Header flags; default as the byte order says. */
  readonly mark?: number
  /** Names of glibc-hwcaps subdirectories, for the extension section. */
  readonly hwcaps?: readonly string[]
  /** The number of entries to claim; default as many as there are. */
  readonly count?: number
}

export interface CacheLine {
  readonly name: string
  readonly path: string
  /** Default 0x0303, a library of x86-64. */
  readonly flags?: number
  /** 64 bits; default 0, which is every CPU. */
  readonly hwcap?: bigint
}

/** The hwcap field of an entry from a glibc-hwcaps subdirectory: the number of its name among `hwcaps`. */
export function hwcapEntry(index: number, isaLevel = 0): bigint {
  return (1n << 62n) | (BigInt(isaLevel) << 32n) | BigInt(index)
}

/** A cache file as ldconfig writes it. */
export function buildCache(options: CacheOptions = {}): Uint8Array {
  const { format = 'new', alignment = 8 } = options
  if (format === 'new') return newPart(options, 0)
  const old = oldPart(options)
  if (format === 'old') return Buffer.concat([old.table, old.strings])
  const start = Math.ceil(old.table.length / alignment) * alignment
  const fresh = newPart(options, start)
  // One string table serves both parts; each counts its offsets from a place of its own.
  const table = oldTable(options, start - old.table.length + stringsStart(options))
  return Buffer.concat([table, Buffer.alloc(start - table.length), fresh])
}

const NEW_HEADER = 48
const NEW_ENTRY = 24

function writer(size: number, endian: CacheOptions['endian'] = 'little') {
  const bytes = Buffer.alloc(size)
  const put = (at: number, value: number) =>
    endian === 'little' ? bytes.writeUInt32LE(value >>> 0, at) : bytes.writeUInt32BE(value >>> 0, at)
  const put64 = (at: number, value: bigint) =>
    endian === 'little' ? bytes.writeBigUInt64LE(value, at) : bytes.writeBigUInt64BE(value, at)
  return { bytes, put, put64 }
}

function strings({ entries = [], hwcaps = [] }: CacheOptions) {
  const offsets = new Map<string, number>()
  let text = ''
  for (const string of [...entries.flatMap(({ name, path }) => [name, path]), ...hwcaps]) {
    if (offsets.has(string)) continue
    offsets.set(string, text.length)
    text += `${string}\0`
  }
  return { bytes: Buffer.from(text), offset: (string: string) => offsets.get(string)! }
}

function stringsStart({ entries = [] }: CacheOptions): number {
  return NEW_HEADER + entries.length * NEW_ENTRY
}

function oldPart(options: CacheOptions) {
  return { table: oldTable(options, 0), strings: strings(options).bytes }
}

function oldTable(options: CacheOptions, base: number): Buffer {
  const { entries = [], endian, count = entries.length } = options
  const { offset } = strings(options)
  const { bytes, put } = writer(16 + entries.length * 12, endian)
  bytes.write('ld.so-1.7.0')
  put(12, count)
  entries.forEach(({ name, path, flags = 0x0303 }, index) => {
    const at = 16 + index * 12
    put(at, flags)
    put(at + 4, base + offset(name))
    put(at + 8, base + offset(path))
  })
  return bytes
}

function newPart(options: CacheOptions, start: number): Buffer {
  const { entries = [], endian = 'little', hwcaps = [], count = entries.length } = options
  const table = strings(options)
  const base = stringsStart(options)
  const extension = hwcaps.length === 0 ? 0 : Math.ceil((base + table.bytes.length) / 4) * 4
  const size = extension === 0 ? base + table.bytes.length : extension + 24 + hwcaps.length * 4
  const { bytes, put, put64 } = writer(size, endian)
  bytes.write('glibc-ld.so.cache1.1')
  put(20, count)
  put(24, table.bytes.length)
  bytes[28] = options.mark ?? (endian === 'little' ? 2 : 3)
  put(32, extension === 0 ? 0 : start + extension)
  entries.forEach(({ name, path, flags = 0x0303, hwcap = 0n }, index) => {
    const at = NEW_HEADER + index * NEW_ENTRY
    put(at, flags)
    put(at + 4, base + table.offset(name))
    put(at + 8, base + table.offset(path))
    put64(at + 16, hwcap)
  })
  table.bytes.copy(bytes, base)
  if (extension > 0) {
    const section = [0xeaa42174, 1, 1, 0, start + extension + 24, hwcaps.length * 4]
    section.forEach((word, index) => {
      put(extension + index * 4, word)
    })
    hwcaps.forEach((name, index) => {
      put(extension + 24 + index * 4, base + table.offset(name))
    })
  }
  return bytes
}

/** All entries of a parsed cache that have a name and a path, in file order. */
export function entriesOf(cache: LdSoCache | undefined): readonly CacheEntry[] {
  if (cache === undefined) return []
  const all = Array.from({ length: cache.count }, (_, index) => cache.entry(index))
  return all.filter(({ name, path }) => name !== '' && path !== '')
}
