import { type Blocks, type ByteReader, parseBlocks, parseSoon, type Soon } from '../bytes.js'
import { offsetOf, readTagValues, SYMBOL_TAGS } from './dynamic.js'
import type { ElfFile, Segment } from './elf.js'
import { viewOf, wordAt, wordsOf } from './fields.js'

/**
 * Whether a file that `readElf` has read defines all of these symbols, looked up in its hash table as a loader
 * does (musl ldso/dynlink.c, find_sym). Tables that lead out of the file define nothing.
 */
export async function definesSymbols(
  reader: ByteReader,
  elf: ElfFile,
  names: readonly string[],
): Promise<boolean> {
  return parseBlocks(reader, (blocks) => {
    const defines = definitionsIn(blocks, elf)
    return names.every(defines)
  })
}

/** Which of these symbols such a file defines. No promise where nothing has to be waited for. */
export function definedSymbols(
  reader: ByteReader,
  elf: ElfFile,
  wanted: ReadonlySet<string>,
): Soon<ReadonlySet<string>> {
  return parseSoon(reader, (blocks) => new Set([...wanted].filter(definitionsIn(blocks, elf))))
}

function definitionsIn(blocks: Blocks, elf: ElfFile): (name: string) => boolean {
  const tables = tablesOf(readTagValues(blocks, elf), elf.segments)
  return tables === undefined ? () => false : (name) => definesSymbol({ blocks, elf, tables }, name)
}

/** File offsets of the tables that a look-up goes through. */
interface Tables {
  readonly strings: number
  readonly symbols: number
  readonly gnuHash: number | undefined
  readonly hash: number | undefined
}

interface Look {
  readonly blocks: Blocks
  readonly elf: ElfFile
  readonly tables: Tables
}

function tablesOf(tags: ReadonlyMap<number, number>, segments: readonly Segment[]): Tables | undefined {
  const place = (tag: number): number | undefined => {
    const address = tags.get(tag)
    return address === undefined ? undefined : offsetOf(segments, address)
  }
  const [strings, symbols] = [place(SYMBOL_TAGS.STRTAB), place(SYMBOL_TAGS.SYMTAB)]
  if (strings === undefined || symbols === undefined) return undefined
  return { strings, symbols, gnuHash: place(SYMBOL_TAGS.GNU_HASH), hash: place(SYMBOL_TAGS.HASH) }
}

function definesSymbol(look: Look, name: string): boolean {
  const { gnuHash, hash } = look.tables
  const candidates =
    gnuHash !== undefined
      ? gnuBucket(look, gnuHash, name)
      : hash !== undefined
        ? bucket(look, hash, name)
        : []
  for (const index of candidates) {
    if (isDefinition(look, index, name)) return true
  }
  return false
}

/** Far longer than any chain of a real table; a hostile one may go in circles. */
const CHAIN_MAX = 1024

/** Indices of symbols whose hash is that of the name, by DT_GNU_HASH; its Bloom filter only saves time. */
function* gnuBucket(look: Look, table: number, name: string): Generator<number> {
  const header = words(look, table, 4)
  if (header === undefined) return
  const [buckets = 0, first = 0, filter = 0] = header
  if (buckets === 0) return
  const wanted = gnuHashOf(name)
  const start = table + 16 + (filter * look.elf.class) / 8
  const [index] = words(look, start + 4 * (wanted % buckets), 1) ?? []
  if (index === undefined || index < first) return
  const chain = start + 4 * buckets
  for (let step = 0; step < CHAIN_MAX; step++) {
    const [hash] = words(look, chain + 4 * (index - first + step), 1) ?? []
    if (hash === undefined) return
    if (hash >>> 1 === wanted >>> 1) yield index + step
    if ((hash & 1) !== 0) return
  }
}

/** Indices of the symbols in the name's bucket, by DT_HASH. */
function* bucket(look: Look, table: number, name: string): Generator<number> {
  const [buckets = 0] = words(look, table, 1) ?? []
  if (buckets === 0) return
  let place = 2 + (hashOf(name) % buckets)
  for (let step = 0; step < CHAIN_MAX; step++) {
    const [index = 0] = words(look, table + 4 * place, 1) ?? []
    if (index === 0) return
    yield index
    place = 2 + buckets + index
  }
}

/** Types and bindings that count as a definition: all but sections, files and local symbols. */
const TYPES = new Set([0, 1, 2, 5, 6])
const BINDINGS = new Set([1, 2, 10])
const TLS = 6

function isDefinition(look: Look, index: number, name: string): boolean {
  const wide = look.elf.class === 64
  const length = wide ? 24 : 16
  const bytes = look.blocks.at(look.tables.symbols + index * length, length)
  if (bytes.length < length) return false
  const view = viewOf(bytes)
  const info = view.getUint8(wide ? 4 : 12)
  const section = view.getUint16(wide ? 6 : 14, look.elf.endian === 'little')
  const type = info & 15
  if (section === 0 || !TYPES.has(type) || !BINDINGS.has(info >> 4)) return false
  if (wordAt(view, wide ? 8 : 4, look.elf) === 0 && type !== TLS) return false
  return isString(look, look.tables.strings + view.getUint32(0, look.elf.endian === 'little'), name)
}

function isString({ blocks }: Look, offset: number, name: string): boolean {
  const wanted = Buffer.from(`${name}\0`)
  return wanted.equals(blocks.at(offset, wanted.length))
}

/** Numbers of 4 bytes; undefined where the file ends before. */
function words({ blocks, elf }: Look, offset: number, count: number): Uint32Array | undefined {
  const bytes = blocks.at(offset, 4 * count)
  if (bytes.length < 4 * count) return undefined
  return wordsOf(bytes, elf.endian === 'little')
}

/** The hash of DT_GNU_HASH. */
function gnuHashOf(name: string): number {
  let hash = 5381
  for (const byte of Buffer.from(name)) hash = (Math.imul(hash, 33) + byte) >>> 0
  return hash
}

/** The hash of DT_HASH (gABI, "Hash Table"). */
function hashOf(name: string): number {
  let hash = 0
  for (const byte of Buffer.from(name)) {
    hash = (hash << 4) + byte
    const high = hash & 0xf000_0000
    hash = (hash ^ (high >>> 24)) & ~high
  }
  return hash >>> 0
}
