import type { Random } from './fuzz-random.js'

/** A number's place in a file. */
export interface Field {
  readonly at: number
  readonly width: 1 | 2 | 4 | 8
}

/** Values at which readers go wrong: nothing, the edges of number types, and around the size of the file. */
const EDGES = [
  0n,
  1n,
  2n,
  3n,
  4n,
  8n,
  0x7fn,
  0xffn,
  0xfffen,
  0xffffn,
  0x1_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fff8n,
  0xffff_ffffn,
  0x1_0000_0000n,
  (1n << 53n) - 1n,
  (1n << 53n) + 1n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
]

/** A copy with some of its numbers replaced by hostile ones, and often some bytes changed or the end cut off. */
export function mutated(
  random: Random,
  bytes: Uint8Array,
  fields: readonly Field[],
  endian: 'little' | 'big',
): Uint8Array {
  const out = Uint8Array.from(bytes)
  const changed = fields.length === 0 ? [] : random.several(0, 4, () => random.pick(fields))
  for (const field of changed) setNumber(out, field, hostileNumber(random, out, fields, endian), endian)
  if (random.oneIn(3)) scatter(random, out)
  return random.oneIn(4) ? out.subarray(0, random.below(out.length + 1)) : out
}

/** Replaces a number in place; what does not fit is cut. */
export function setNumber(
  bytes: Uint8Array,
  { at, width }: Field,
  value: bigint,
  endian: 'little' | 'big',
): void {
  for (let index = 0; index < width && at + index < bytes.length; index++) {
    const shift = BigInt(8 * (endian === 'little' ? index : width - 1 - index))
    if (at + index >= 0) bytes[at + index] = Number((value >> shift) & 0xffn)
  }
}

/** The number at a place; bytes beyond the end count as zero. */
export function getNumber(bytes: Uint8Array, { at, width }: Field, endian: 'little' | 'big'): bigint {
  let value = 0n
  for (let index = 0; index < width; index++) {
    const place = endian === 'little' ? at + width - 1 - index : at + index
    value = (value << 8n) | BigInt(bytes[place] ?? 0)
  }
  return value
}

function hostileNumber(
  random: Random,
  bytes: Uint8Array,
  fields: readonly Field[],
  endian: 'little' | 'big',
): bigint {
  const kind = random.below(6)
  if (kind < 2) return random.pick(EDGES)
  if (kind === 2) return BigInt(Math.max(0, bytes.length - 20 + random.below(40)))
  if (kind === 3) return getNumber(bytes, random.pick(fields), endian)
  if (kind === 4) return random.pick(EDGES) + BigInt(random.below(64))
  return BigInt(random.below(bytes.length + 1))
}

function scatter(random: Random, bytes: Uint8Array): void {
  for (let left = random.below(8); left >= 0 && bytes.length > 0; left--) {
    bytes[random.below(bytes.length)] = random.pick([0, 0xff, random.below(256)])
  }
}
