import { buildElf, type ElfOptions } from './elf-builder.js'
import { type Field, setNumber } from './fuzz-bytes.js'
import type { Random } from './fuzz-random.js'

type Endian = 'little' | 'big'

/** A built file and the places of the numbers in it. */
export interface Built {
  readonly bytes: Uint8Array
  readonly fields: readonly Field[]
}

/** What a cache says of one library. */
export interface CacheLine {
  readonly name: string
  readonly path: string
  readonly flags: number
  readonly hwcap: bigint
}

/** An `ld.so.cache` of one of the three formats, with names of glibc-hwcaps levels in the new ones. */
export function cacheFile(
  format: 'old' | 'new' | 'combined',
  endian: Endian,
  lines: readonly CacheLine[],
  levels: readonly string[] = [],
): Built {
  if (format === 'new') return newCache(endian, lines, levels)
  const head = oldCache(endian, lines)
  if (format === 'old') return head
  const start = Math.ceil((16 + 12 * lines.length) / 8) * 8
  const tail = newCache(endian, lines, levels)
  const bytes = new Uint8Array(start + tail.bytes.length)
  bytes.set(head.bytes.subarray(0, start))
  bytes.set(tail.bytes, start)
  const moved = tail.fields.map(({ at, width }) => ({ at: at + start, width }))
  return { bytes, fields: [...words(12, 1 + 3 * lines.length), ...moved] }
}

/** Numbers first, then the strings they point to, counted from the end of the entries. */
function oldCache(endian: Endian, lines: readonly CacheLine[]): Built {
  const pool = stringPool()
  const numbers = lines.flatMap(({ name, path, flags }) => [flags, pool.place(name), pool.place(path)])
  const head = Buffer.concat([Buffer.from('ld.so-1.7.0\0'), wordsOf(endian, [lines.length, ...numbers])])
  return { bytes: Buffer.concat([head, pool.bytes()]), fields: words(12, 1 + numbers.length) }
}

function newCache(endian: Endian, lines: readonly CacheLine[], levels: readonly string[]): Built {
  const strings = 48 + 24 * lines.length
  const pool = stringPool()
  const places = lines.map(({ name, path }) => [pool.place(name), pool.place(path)] as const)
  const levelPlaces = levels.map((level) => strings + pool.place(level))
  const extension = Math.ceil((strings + pool.bytes().length) / 4) * 4
  const names = extension + 8 + 16
  const bytes = new Uint8Array(names + 4 * levels.length)
  bytes.set(Buffer.from('glibc-ld.so.cache1.1'))
  bytes.set(pool.bytes(), strings)
  const put = (at: number, values: readonly number[]) => bytes.set(wordsOf(endian, values), at)
  put(20, [lines.length, pool.bytes().length])
  bytes[28] = endian === 'little' ? 2 : 3
  put(32, [extension])
  lines.forEach(({ flags, hwcap }, index) => {
    const at = 48 + 24 * index
    put(at, [flags, strings + places[index]![0], strings + places[index]![1], 0])
    setNumber(bytes, { at: at + 16, width: 8 }, hwcap, endian)
  })
  put(extension, [0xeaa4_2174, 1, 1, 0, names, 4 * levels.length, ...levelPlaces])
  const fields = [...words(20, 7 + 6 * lines.length), ...words(extension, 6 + levels.length)]
  return { bytes, fields: [...fields, { at: 28, width: 1 }] }
}

function words(at: number, count: number): Field[] {
  return Array.from({ length: count }, (_, index) => ({ at: at + 4 * index, width: 4 }))
}

function wordsOf(endian: Endian, values: readonly number[]): Buffer {
  const out = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => {
    if (endian === 'little') out.writeUInt32LE(value, 4 * index)
    else out.writeUInt32BE(value, 4 * index)
  })
  return out
}

function stringPool(): { place(text: string): number; bytes(): Buffer } {
  const parts: Buffer[] = []
  let size = 0
  return {
    place: (text) => {
      const bytes = Buffer.from(`${text}\0`)
      parts.push(bytes)
      size += bytes.length
      return size - bytes.length
    },
    bytes: () => Buffer.concat(parts),
  }
}

/** What a glibc loader has compiled in, as bytes that follow its ELF part. */
export function glibcLoaderFile(directories: readonly string[], elf: ElfOptions = {}): Buffer {
  const wide = (elf.class ?? 64) === 64
  const lengths = new Uint8Array(directories.length * (wide ? 8 : 4))
  directories.forEach(({ length }, index) => {
    const field = wide ? ({ at: 8 * index, width: 8 } as const) : ({ at: 4 * index, width: 4 } as const)
    setNumber(lengths, field, BigInt(length), elf.endian ?? 'little')
  })
  const texts = [
    '',
    ...directories,
    '',
    'lib/x86_64-linux-gnu',
    '/etc/ld.so.cache',
    'x86-64-v4:x86-64-v3:x86-64-v2',
    'GNU C Library (GNU libc) stable release version 2.36.',
    '',
  ]
  return Buffer.concat([
    buildElf({ soname: 'ld-linux-x86-64.so.2', ...elf }),
    Buffer.from(texts.join('\0')),
    lengths,
  ])
}

/** A musl loader, as far as it is told by its bytes. */
export function muslLoaderFile(elf: ElfOptions = {}): Buffer {
  return Buffer.concat([
    buildElf({ soname: 'libc.so', ...elf }),
    Buffer.from('\0musl libc\0/etc/ld-musl-x86_64.path\0'),
  ])
}

/** Lines for a cache, with names and paths that a root of these tests may hold. */
export function randomLines(random: Random): CacheLine[] {
  return random.several(0, 5, () => ({
    name: random.pick(['libc.so.6', 'liba.so', 'x', '']),
    path: random.pick(['/lib/libc.so.6', '/usr/lib/liba.so', '/opt/x', 'relative', '']),
    flags: random.pick([3, 0x0303, 0x0803, 0x0a03]),
    hwcap: random.pick([0n, 1n << 62n, (1n << 62n) | 1n, (1n << 62n) | (0x2n << 32n), 2n]),
  }))
}
