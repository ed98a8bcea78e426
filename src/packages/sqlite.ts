import { LiftError } from '../errors.js'

/**
 * The second column of each row of a table that has a number and a blob in each row, in the order of the numbers;
 * undefined when there is no such table (sqlite.org, "Database File Format").
 * Throws LiftError 'unsupported' for a file that is not sound.
 */
export function blobsOf(file: Buffer, table: string): Iterable<Buffer> | undefined {
  const pages = pagesOf(file)
  for (const record of recordsBelow(pages, 1)) {
    const [type, name, , root] = columnsOf(record)
    if (type?.toString('latin1') !== 'table' || name?.toString('latin1') !== table) continue
    return secondColumns(pages, numberOf(root))
  }
  return undefined
}

function* secondColumns(pages: Pages, root: number): Generator<Buffer> {
  for (const record of recordsBelow(pages, root)) yield columnsOf(record)[1] ?? unsound('a row is too short')
}

/** Pages have numbers of six bytes at most; none has the number 0. */
function numberOf(column: Buffer | undefined): number {
  const length = column?.length ?? 0
  return column === undefined || length === 0 || length > 6 ? 0 : column.readUIntBE(0, length)
}

/** The pages of a file, each of which is given once, and so is what lies in them: that bounds all work by its size. */
interface Pages {
  /** How many there are. */
  readonly count: number
  /** How much of each page is in use. */
  readonly usable: number
  take(number: number): Page
  /** Takes down that some bytes of a page were given; no others lie in the same place. */
  use(bytes: number): void
}

interface Page {
  readonly bytes: Buffer
  /** Where its own header begins: the first page has the header of the file before it. */
  readonly start: number
}

function pagesOf(file: Buffer): Pages {
  if (file.length < 512 || file.toString('latin1', 0, 16) !== 'SQLite format 3\0')
    unsound('it is no SQLite database')
  const said = file.readUInt16BE(16)
  const size = said === 1 ? 0x1_0000 : said
  if (size < 512 || (size & (size - 1)) !== 0) unsound('its pages have no sound size')
  const taken = new Set<number>()
  let used = 0
  return {
    count: Math.floor(file.length / size),
    usable: size - file[20]!,
    take: (number) => {
      const bytes = file.subarray((number - 1) * size, number * size)
      if (number < 1 || bytes.length < size || taken.has(number))
        unsound(`page ${number} is not where it should be`)
      taken.add(number)
      return { bytes, start: number === 1 ? 100 : 0 }
    },
    use: (bytes) => {
      used += bytes
      if (used > file.length) unsound('rows lie over each other')
    },
  }
}

const INTERIOR = 5
const LEAF = 13

/** The records of a table, whose pages are a tree ("B-tree Pages"). */
function* recordsBelow(pages: Pages, root: number): Generator<Buffer> {
  const pending = [root]
  for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
    const page = pages.take(number)
    const kind = page.bytes[page.start]
    if (kind === LEAF) for (const cell of cellsOf(page, 8)) yield recordAt(pages, page.bytes, cell)
    else if (kind === INTERIOR) pending.push(...childrenOf(page).reverse())
    else unsound(`page ${number} is of another kind`)
    if (pending.length > pages.count) unsound('it names more pages than it has')
  }
}

function cellsOf({ bytes, start }: Page, header: number): readonly number[] {
  const count = bytes.readUInt16BE(start + 3)
  if (start + header + 2 * count > bytes.length) unsound('a page has too many cells')
  return Array.from({ length: count }, (_, index) => bytes.readUInt16BE(start + header + 2 * index))
}

function childrenOf(page: Page): number[] {
  const last = page.bytes.readUInt32BE(page.start + 8)
  return [...cellsOf(page, 12).map((cell) => wordAt(page.bytes, cell)), last]
}

/** Where a record is too long for its page, the rest is in a chain of pages of its own ("Cell Payload Overflow Pages"). */
function recordAt(pages: Pages, bytes: Buffer, cell: number): Buffer {
  const length = varintAt(bytes, cell)
  const start = varintAt(bytes, length.next).next
  const local = localLength(length.value, pages.usable)
  // A row without any bytes has its two numbers at least.
  pages.use(local + 2)
  const parts = [bytes.subarray(start, start + local)]
  let left = length.value - local
  let next = left > 0 ? wordAt(bytes, start + local) : 0
  while (left > 0) {
    const page = pages.take(next).bytes
    const part = page.subarray(4, Math.min(pages.usable, 4 + left))
    parts.push(part)
    left -= part.length
    next = page.readUInt32BE(0)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

function localLength(length: number, usable: number): number {
  if (length <= usable - 35) return length
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const best = least + ((length - least) % (usable - 4))
  return best <= usable - 35 ? best : least
}

/** More than any table has that is read here. */
const MOST_COLUMNS = 5

/** The first columns of a record as bytes; undefined for what is neither text, blob nor whole number ("Record Format"). */
function columnsOf(record: Buffer): readonly (Buffer | undefined)[] {
  const header = varintAt(record, 0)
  const columns: (Buffer | undefined)[] = []
  let at = header.value
  for (let type = header; type.next < header.value && columns.length < MOST_COLUMNS; ) {
    type = varintAt(record, type.next)
    const length = lengthOf(type.value)
    if (at + length > record.length) unsound('a row is cut off')
    columns.push(
      type.value === 0 || type.value === 7 || (length > 6 && type.value < 12)
        ? undefined
        : record.subarray(at, at + length),
    )
    at += length
  }
  return columns
}

const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]

function lengthOf(type: number): number {
  return LENGTHS[type] ?? Math.floor((type - 12) / 2)
}

function wordAt(bytes: Buffer, at: number): number {
  return at + 4 <= bytes.length ? bytes.readUInt32BE(at) : unsound('a cell reaches over its page')
}

interface Varint {
  readonly value: number
  readonly next: number
}

/** Seven bits a byte, the highest first; none of what is read here has more than 2^53. */
function varintAt(bytes: Buffer, start: number): Varint {
  let value = 0
  for (let at = start; at < start + 9; at++) {
    const byte = bytes[at] ?? unsound('a number is cut off')
    if (at === start + 8) return { value: value * 256 + byte, next: at + 1 }
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return { value, next: at + 1 }
  }
  return unsound('a number is too long')
}

function unsound(why: string): never {
  throw new LiftError('unsupported', `the package database is not sound: ${why}`)
}
