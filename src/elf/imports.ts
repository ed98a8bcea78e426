import { type Blocks, type ByteReader, bufferOf, parseSoon, type Soon } from '../bytes.js'
import { offsetOf, readTagValues, SYMBOL_TAGS } from './dynamic.js'
import type { ElfFile } from './elf.js'
import { viewOf, wordsOf } from './fields.js'

/**
 * Which of these symbols a file that `readElf` has read takes from other objects: the undefined ones of its dynamic
 * symbol table. One that is asked for with a `*` at its end stands for all that start so. A table that leads out of the
 * file has only what of it lies in the file. No promise where nothing has to be waited for.
 */
export function importedSymbols(
  reader: ByteReader,
  elf: ElfFile,
  wanted: ReadonlySet<string>,
): Soon<ReadonlySet<string>> {
  return parseSoon(reader, (blocks) => importsIn(blocks, elf, wanted))
}

/** Ten times what the largest real programs have. */
const MOST_SYMBOLS = 0x10_0000
const MOST_TEXT = 0x400_0000

function importsIn(blocks: Blocks, elf: ElfFile, wanted: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>()
  const tags = readTagValues(blocks, elf)
  const place = (tag: number) => {
    const address = tags.get(tag)
    return address === undefined ? undefined : offsetOf(elf.segments, address)
  }
  const [symbols, strings] = [place(SYMBOL_TAGS.SYMTAB), place(SYMBOL_TAGS.STRTAB)]
  const size = Math.min(tags.get(SYMBOL_TAGS.STRSZ) ?? 0, MOST_TEXT)
  const count = countOf(blocks, elf, place(SYMBOL_TAGS.GNU_HASH), place(SYMBOL_TAGS.HASH))
  if (symbols === undefined || strings === undefined || count <= 1) return found
  const length = elf.class === 64 ? 24 : 16
  blocks.ahead([
    { offset: symbols, length: count * length },
    { offset: strings, length: size },
  ])
  const names = undefinedNames(blocks.at(symbols, count * length), elf)
  // One character for each byte, so that the offsets hold.
  const text = bufferOf(blocks.at(strings, size)).toString('latin1')
  const starts = [...wanted].filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  for (const offset of names) {
    // Cut first: a table without any NUL would be searched to its end for every symbol.
    const name = text.slice(offset, offset + NAME_MAX)
    const end = name.indexOf('\0')
    if (end > 0 && wanted.has(name.slice(0, end))) found.add(name.slice(0, end))
    for (const start of starts) if (name.startsWith(start)) found.add(`${start}*`)
  }
  return found
}

/** Longer than any name that is asked for. */
const NAME_MAX = 64

/** How many symbols come before the first hashed one, which are all undefined ones; else how many there are. */
function countOf(blocks: Blocks, elf: ElfFile, gnuHash: number | undefined, hash: number | undefined) {
  const at = gnuHash ?? hash
  if (at === undefined) return 0
  const bytes = blocks.at(at, 8)
  const count = bytes.length < 8 ? 0 : viewOf(bytes).getUint32(4, elf.endian === 'little')
  return Math.min(count, MOST_SYMBOLS)
}

/** Where the names of undefined symbols start: by number, since these are many and each is looked at once. */
function undefinedNames(bytes: Uint8Array, elf: ElfFile): readonly number[] {
  const little = elf.endian === 'little'
  const words = wordsOf(bytes, little)
  const [step, at] = elf.class === 64 ? [6, 1] : [4, 3]
  const names: number[] = []
  for (let index = step; index + step <= words.length; index += step) {
    const packed = words[index + at]!
    const section = little ? packed >>> 16 : packed & 0xffff
    if (section === 0) names.push(words[index]!)
  }
  return names
}
