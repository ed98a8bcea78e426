import { LiftError } from '../errors.js'

/** The header of an installed package: values by tag (rpm, "Format of the Header"). */
export interface RpmHeader {
  /** The first text of a tag, each byte one character. */
  text(tag: number): string | undefined
  texts(tag: number): readonly string[]
  numbers(tag: number): readonly number[]
}

/** The tags that are read here. */
export const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  architecture: 1022,
  fileStates: 1029,
  fileModes: 1030,
  directoryIndexes: 1116,
  baseNames: 1117,
  directoryNames: 1118,
} as const

/** Others take no memory. */
const KNOWN: ReadonlySet<number> = new Set(Object.values(TAG))

/** In bytes: of a number of each type. */
const WIDTHS: Readonly<Record<number, 1 | 2 | 4>> = { 1: 1, 2: 1, 3: 2, 4: 4 }
/** One text, several of them, and one in several languages. */
const TEXTS: ReadonlySet<number> = new Set([6, 8, 9])

interface Row {
  readonly type: number
  readonly start: number
  readonly count: number
}

/** Reads the index before the values. Throws LiftError 'unsupported' for a header that is not sound. */
export function rpmHeader(bytes: Buffer): RpmHeader {
  const rows = rowsOf(bytes)
  const texts = (tag: number) => textsAt(bytes, rows.get(tag))
  return { texts, text: (tag) => texts(tag)[0], numbers: (tag) => numbersAt(bytes, rows.get(tag)) }
}

function rowsOf(bytes: Buffer): ReadonlyMap<number, Row> {
  if (bytes.length < 8) unsound()
  const count = bytes.readUInt32BE(0)
  const values = 8 + 16 * count
  if (values > bytes.length) unsound()
  const rows = new Map<number, Row>()
  for (let at = 8; at < values; at += 16) {
    const tag = bytes.readUInt32BE(at)
    if (!KNOWN.has(tag)) continue
    const start = values + bytes.readUInt32BE(at + 8)
    rows.set(tag, { type: bytes.readUInt32BE(at + 4), start, count: bytes.readUInt32BE(at + 12) })
  }
  return rows
}

function textsAt(bytes: Buffer, row: Row | undefined): readonly string[] {
  if (row === undefined || !TEXTS.has(row.type)) return []
  const found: string[] = []
  for (let at = row.start; found.length < row.count; ) {
    const end = bytes.indexOf(0, at)
    if (end < 0 || at > bytes.length) unsound()
    found.push(bytes.toString('latin1', at, end))
    at = end + 1
  }
  return found
}

function numbersAt(bytes: Buffer, row: Row | undefined): readonly number[] {
  const width = row === undefined ? undefined : WIDTHS[row.type]
  if (row === undefined || width === undefined) return []
  if (row.start + width * row.count > bytes.length) unsound()
  return Array.from({ length: row.count }, (_, index) => bytes.readUIntBE(row.start + width * index, width))
}

function unsound(): never {
  throw new LiftError('unsupported', 'the package database is not sound: a header is cut off')
}
