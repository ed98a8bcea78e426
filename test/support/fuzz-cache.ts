import type { Field } from './fuzz-bytes.js'
import type { Random } from './fuzz-random.js'
import { buildCache, type CacheLine } from './ld-so-cache-builder.js'

type Endian = 'little' | 'big'

/** A built file and the places of the numbers in it. */
export interface Built {
  readonly bytes: Uint8Array
  readonly fields: readonly Field[]
}

/** An `ld.so.cache` of one of the three formats, with names of glibc-hwcaps levels in the new ones. */
export function cacheFile(
  format: 'old' | 'new' | 'combined',
  endian: Endian,
  lines: readonly CacheLine[],
  levels: readonly string[] = [],
): Built {
  const bytes = Buffer.from(buildCache({ format, endian, entries: lines, hwcaps: levels }))
  const old = format === 'new' ? [] : words(12, 1 + 3 * lines.length)
  if (format === 'old') return { bytes, fields: old }
  const start = format === 'new' ? 0 : Math.ceil((16 + 12 * lines.length) / 8) * 8
  const extension = endian === 'little' ? bytes.readUInt32LE(start + 32) : bytes.readUInt32BE(start + 32)
  const section = levels.length === 0 ? [] : words(extension, 6 + levels.length)
  return {
    bytes,
    fields: [...old, ...words(start + 20, 7 + 6 * lines.length), ...section, { at: start + 28, width: 1 }],
  }
}

function words(at: number, count: number): Field[] {
  return Array.from({ length: count }, (_, index) => ({ at: at + 4 * index, width: 4 }))
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
