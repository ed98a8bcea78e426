import { asciiText, type Blocks, bufferOf, decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import { malformed } from './fields.js'

/** Where a string table lies in the file, in bytes; `size` is cut at the end of the file. */
export interface StringTable {
  readonly offset: number
  readonly size: number
}

/**
 * Looks up strings of a table by their offsets there, which are all given before, so that they are read in as few
 * ranges as their places allow. Throws LiftError 'malformed-elf' for an offset outside of the table, and the
 * look-up for a string without end and for more text than any real file has.
 */
export function stringsOf(
  blocks: Blocks,
  table: StringTable,
  offsets: readonly number[],
): (offset: number) => string {
  const spans = spansOf(blocks, table, rangesOf(offsets))
  let total = 0
  return (offset) => {
    let index = 0
    while (spans[index]!.last < offset) index++
    const { first, text: all } = spans[index]!
    const end = all === undefined ? -1 : all.indexOf('\0', offset - first)
    const text =
      end < 0
        ? (textIn(spans[index]!, offset) ?? readLong(blocks, table, offset))
        : all!.slice(offset - first, end)
    total += text.length
    if (total > TEXT_MAX)
      throw malformed('string table', table.offset, `more than ${TEXT_MAX} bytes of names`)
    return text
  }
}

/** A part of the table that is read together. */
interface Span {
  /** Where in the table it starts, and the last string in it. */
  readonly first: number
  readonly last: number
  readonly bytes: Uint8Array
  /** Names are nearly always plain and near each other: one text serves all, and lives as long as any of them. */
  readonly text: string | undefined
}

function spansOf(blocks: Blocks, table: StringTable, ranges: readonly Range[]): Span[] {
  for (const { last } of ranges) if (last >= table.size) throw outside(table, last)
  const placed = ranges.map(({ first, last }) => ({
    offset: table.offset + first,
    length: Math.min(last - first + TAIL, table.size - first),
  }))
  if (placed.length > 1) blocks.ahead(placed)
  return ranges.map(({ first, last }, index) => {
    const bytes = blocks.at(placed[index]!.offset, placed[index]!.length)
    return { first, last, bytes, text: bytes.length <= SHARED_MAX ? asciiText(bytes) : undefined }
  })
}

function textIn({ first, bytes, text }: Span, offset: number): string | undefined {
  return text === undefined ? textUntilNul(bytes, offset - first) : undefined
}

/** Reads the places around some file offsets ahead, so that later looks at them read nothing. */
export function readAhead(blocks: Blocks, offsets: readonly number[]): void {
  blocks.ahead(rangesOf(offsets).map(({ first, last }) => ({ offset: first, length: last - first + TAIL })))
}

/** The bytes from `start` up to the next NUL as text; undefined when there is no NUL. */
export function textUntilNul(bytes: Uint8Array, start: number): string | undefined {
  const end = bytes.indexOf(0, start)
  if (end < 0) return undefined
  const text = bufferOf(bytes).toString('utf8', start, end)
  return text.includes('\ufffd') ? textOf(bytes.subarray(start, end)) : text
}

/** Bytes as text that `encodeText` turns back, so that a name which is not UTF-8 still finds its file. */
export function textOf(bytes: Uint8Array): string {
  return decodeText(bytes)
}

/** Offsets at most this far apart are read together: one more block costs less than one more read. */
const GAP = 8192
/** Read behind the last offset of a span; most names are shorter. */
const TAIL = 128
const SHARED_MAX = 0x4000
/** More than any real file has; the limits keep a hostile one from being read as a whole. */
const NAMES_MAX = 4096
const STRING_MAX = 0x2_0000
const TEXT_MAX = 0x10_0000

/** The first and the last one of offsets that are read together. */
interface Range {
  readonly first: number
  readonly last: number
}

/** Nearly always one. Throws LiftError 'malformed-elf' for more different offsets than any real file has. */
function rangesOf(offsets: readonly number[]): readonly Range[] {
  if (offsets.length > NAMES_MAX && new Set(offsets).size > NAMES_MAX)
    throw new LiftError('malformed-elf', `dynamic section: more than ${NAMES_MAX} names`)
  if (offsets.length === 0) return []
  const whole = rangeOf(offsets)
  return whole.last - whole.first <= GAP ? [whole] : rangesIn(new Float64Array(offsets).sort())
}

/** From the first of some offsets to the last. */
export function rangeOf(offsets: readonly number[]): Range {
  let first = offsets[0]!
  let last = first
  for (let index = 1; index < offsets.length; index++) {
    const offset = offsets[index]!
    if (offset < first) first = offset
    else if (offset > last) last = offset
  }
  return { first, last }
}

function rangesIn(sorted: Float64Array): readonly Range[] {
  const ranges: Range[] = []
  let first = 0
  for (let index = 1; index <= sorted.length; index++) {
    if (index < sorted.length && sorted[index]! - sorted[index - 1]! <= GAP) continue
    ranges.push({ first: sorted[first]!, last: sorted[index - 1]! })
    first = index
  }
  return ranges
}

/** A string that its span did not hold to the end; the window grows with it. */
function readLong(blocks: Blocks, table: StringTable, offset: number): string {
  for (let length = 4 * TAIL; length <= STRING_MAX; length *= 4) {
    const bytes = blocks.at(table.offset + offset, Math.min(length, table.size - offset))
    const text = textUntilNul(bytes, 0)
    if (text !== undefined) return text
    if (bytes.length < length) break
  }
  throw malformed('string table', table.offset, `the string at ${offset} has no end`)
}

function outside(table: StringTable, offset: number): Error {
  return malformed('string table', table.offset, `a name lies at ${offset}, the table ends at ${table.size}`)
}
