import { type BlockReader, decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import { malformed } from './fields.js'

/** Where a string table lies in the file, in bytes; `size` is cut at the end of the file. */
export interface StringTable {
  readonly offset: number
  readonly size: number
}

/**
 * The strings at some offsets of a table, by offset, read in as few ranges as their places allow.
 * Throws LiftError 'malformed-elf' for an offset outside of the table, a string without end, and for more text
 * than any real file has.
 */
export async function readStrings(
  reader: BlockReader,
  table: StringTable,
  offsets: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const strings = new Map<number, string>()
  let total = 0
  for (const { first, last, within } of spansOf(offsets)) {
    if (last >= table.size) throw outside(table, last)
    const start = table.offset + first
    const length = Math.min(last - first + TAIL, table.size - first)
    const bytes = reader.at(start, length) ?? (await reader.read(start, length))
    for (const offset of within) {
      const text = textUntilNul(bytes, offset - first) ?? (await readLong(reader, table, offset))
      total += text.length
      if (total > TEXT_MAX)
        throw malformed('string table', table.offset, `more than ${TEXT_MAX} bytes of names`)
      strings.set(offset, text)
    }
  }
  return strings
}

/** Reads the places around some file offsets ahead, so that later reads through the same block reader are free. */
export async function readAhead(reader: BlockReader, offsets: readonly number[]): Promise<void> {
  for (const { first, last } of spansOf(offsets)) {
    const length = last - first + TAIL
    if (reader.at(first, length) === undefined) await reader.read(first, length)
  }
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

function bufferOf(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Offsets at most this far apart are read together: one more block costs less than one more read. */
const GAP = 8192
/** Read behind the last offset of a span; most names are shorter. */
const TAIL = 128
/** More than any real file has; the limits keep a hostile one from being read as a whole. */
const NAMES_MAX = 4096
const STRING_MAX = 0x2_0000
const TEXT_MAX = 0x10_0000

/** Offsets that are read together, each once, in order. */
interface Span {
  readonly first: number
  readonly last: number
  readonly within: Float64Array
}

function spansOf(offsets: readonly number[]): Span[] {
  const sorted = sortedOnce(offsets)
  const spans: Span[] = []
  let from = 0
  for (let index = 1; index <= sorted.length; index++) {
    if (index < sorted.length && sorted[index]! - sorted[index - 1]! <= GAP) continue
    spans.push({ first: sorted[from]!, last: sorted[index - 1]!, within: sorted.subarray(from, index) })
    from = index
  }
  return spans
}

function sortedOnce(offsets: readonly number[]): Float64Array {
  const sorted = new Float64Array(offsets).sort()
  let count = 0
  for (let index = 0; index < sorted.length; index++) {
    if (index === 0 || sorted[index] !== sorted[count - 1]) sorted[count++] = sorted[index]!
  }
  if (count > NAMES_MAX) throw new LiftError('malformed-elf', `dynamic section: more than ${NAMES_MAX} names`)
  return sorted.subarray(0, count)
}

/** A string that its span did not hold to the end; the window grows with it. */
async function readLong(reader: BlockReader, table: StringTable, offset: number): Promise<string> {
  for (let length = 4 * TAIL; length <= STRING_MAX; length *= 4) {
    const bytes = await reader.read(table.offset + offset, Math.min(length, table.size - offset))
    const text = textUntilNul(bytes, 0)
    if (text !== undefined) return text
    if (bytes.length < length) break
  }
  throw malformed('string table', table.offset, `the string at ${offset} has no end`)
}

function outside(table: StringTable, offset: number): Error {
  return malformed('string table', table.offset, `a name lies at ${offset}, the table ends at ${table.size}`)
}
