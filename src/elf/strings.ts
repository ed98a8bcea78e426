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
  for (const span of spansOf(offsets)) {
    const first = span[0]!
    if (span.at(-1)! >= table.size) throw outside(table, span.at(-1)!)
    const length = Math.min(span.at(-1)! - first + TAIL, table.size - first)
    const start = table.offset + first
    const bytes = reader.at(start, length) ?? (await reader.read(start, length))
    for (const offset of span) {
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
  for (const span of spansOf(offsets)) {
    const [start, length] = [span[0]!, span.at(-1)! - span[0]! + TAIL]
    if (reader.at(start, length) === undefined) await reader.read(start, length)
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

function spansOf(offsets: readonly number[]): number[][] {
  const spans: number[][] = []
  let last = Number.NEGATIVE_INFINITY
  const sorted = Float64Array.from(new Set(offsets)).sort()
  if (sorted.length > NAMES_MAX)
    throw new LiftError('malformed-elf', `dynamic section: more than ${NAMES_MAX} names`)
  for (const offset of sorted) {
    if (offset - last > GAP) spans.push([offset])
    else spans.at(-1)!.push(offset)
    last = offset
  }
  return spans
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
