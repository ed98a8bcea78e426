import { buildElf, type ElfOptions } from './elf-builder.js'
import { type Field, getNumber, mutated } from './fuzz-bytes.js'
import type { Random } from './fuzz-random.js'

/** An ELF file of any class and byte order, with any of the tables that are read. */
export function randomElf(random: Random, fixed: ElfOptions = {}): Uint8Array {
  const size = random.pick([32, 64] as const)
  return buildElf({
    class: size,
    endian: random.pick(['little', 'big'] as const),
    machine: random.pick([3, 8, 21, 22, 40, 62, 183, 243, 258, 0xffff]),
    type: random.pick(['exec', 'dyn', 'dyn', 'dyn', 'rel', 'core'] as const),
    flags: random.pick([0, 0x0500_0400, 0x20, 2]),
    dynamic: !random.oneIn(6),
    needed: random.several(0, 4, () => randomName(random)),
    sections: random.oneIn(3),
    strtabAtEnd: random.oneIn(4),
    ...(random.oneIn(2) ? { interp: `/lib/${randomName(random)}` } : {}),
    ...(random.oneIn(2) ? { soname: randomName(random) } : {}),
    ...(random.oneIn(3) ? { rpath: `$ORIGIN/../${randomName(random)}:/opt` } : {}),
    ...(random.oneIn(3) ? { runpath: `/usr/$LIB:${randomName(random)}` } : {}),
    ...(random.oneIn(2) ? { versionsNeeded: random.several(1, 3, () => randomNeed(random)) } : {}),
    ...(random.oneIn(2) ? { versionsDefined: random.several(1, 3, () => randomName(random)) } : {}),
    ...(random.oneIn(2) ? { notes: random.several(1, 2, () => randomNotes(random)) } : {}),
    ...fixed,
  })
}

/** The same file with numbers of its headers, tables and notes made hostile. */
export function mutatedElf(random: Random, bytes: Uint8Array): Uint8Array {
  return mutated(random, bytes, elfFields(bytes), endianOf(bytes))
}

function randomName(random: Random): string {
  return random.pick(['libc.so.6', 'liba.so.1', 'x', 'ld.so', 'a/b', '$ORIGIN/x', '', 'n'.repeat(300)])
}

function randomNeed(random: Random) {
  return { file: randomName(random), versions: random.several(0, 3, () => randomName(random)) }
}

function randomNotes(random: Random) {
  const notes = random.several(1, 3, () => ({
    owner: random.pick(['GNU', 'FDO', 'other']),
    type: random.pick([1, 3, 5, 0x407c_0c0a, 0xcafe_1a7e]),
    desc: random.bytes(random.below(40)),
  }))
  return { align: random.pick([4, 8]), notes }
}

function endianOf(bytes: Uint8Array): 'little' | 'big' {
  return bytes[5] === 2 ? 'big' : 'little'
}

const PT_NOTE = 4
const PT_DYNAMIC = 2
const DT_VERDEF = 0x6fff_fffcn
const DT_VERNEED = 0x6fff_fffen

/** Every number that a reader of such a file heeds: header, program headers, dynamic section, versions, notes. */
export function elfFields(bytes: Uint8Array): Field[] {
  const wide = bytes[4] === 2
  const endian = endianOf(bytes)
  const header: Field[] = wide
    ? [words(32, 2, 8), words(54, 5, 2)].flat()
    : [words(28, 2, 4), words(42, 5, 2)].flat()
  const entry = wide ? 56 : 32
  const fields = [...header, ...words(4, 5, 1), ...words(16, 2, 2)]
  const count = Number(getNumber(bytes, { at: wide ? 56 : 44, width: 2 }, endian))
  for (let index = 0; index < count; index++) {
    const at = (wide ? 64 : 52) + index * entry
    fields.push(...(wide ? [...words(at, 2, 4), ...words(at + 8, 6, 8)] : words(at, 8, 4)))
    const type = Number(getNumber(bytes, { at, width: 4 }, endian))
    const start = getNumber(bytes, { at: at + (wide ? 8 : 4), width: wide ? 8 : 4 }, endian)
    const length = getNumber(bytes, { at: at + (wide ? 32 : 16), width: wide ? 8 : 4 }, endian)
    if (type === PT_NOTE) fields.push(...words(Number(start), Number(length) / 4, 4))
    if (type === PT_DYNAMIC)
      fields.push(...dynamicFields(bytes, Number(start), Number(length), wide ? 8 : 4, endian))
  }
  return fields
}

function dynamicFields(
  bytes: Uint8Array,
  start: number,
  length: number,
  width: 4 | 8,
  endian: 'little' | 'big',
): Field[] {
  const fields = words(start, length / width, width)
  for (let at = start; at < start + length; at += 2 * width) {
    const tag = getNumber(bytes, { at, width }, endian)
    const address = getNumber(bytes, { at: at + width, width }, endian)
    // The builder puts these tables into the first segment, at the same address modulo the base.
    if (tag === DT_VERDEF || tag === DT_VERNEED) {
      fields.push(...words(Number(address % 0x40_0000n), 20, 4), ...words(Number(address % 0x40_0000n), 8, 2))
    }
  }
  return fields
}

function words(at: number, count: number, width: Field['width']): Field[] {
  return Array.from({ length: Math.floor(count) }, (_, index) => ({ at: at + index * width, width }))
}
