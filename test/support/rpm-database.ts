/** A package as a test wants it in an rpm database. */
export interface RpmPackage {
  readonly name: string
  readonly version?: string
  readonly release?: string
  readonly epoch?: number
  readonly architecture?: string
  readonly files?: readonly string[]
  /** By the index of a file: its mode with its kind, and its state. */
  readonly modes?: readonly number[]
  readonly states?: readonly number[]
}

/** An rpm database of these packages in the form of SQLite. Small pages make it a tree with chains of pages. */
export function rpmDatabaseOf(packages: readonly RpmPackage[], pageSize = 512): Buffer {
  return sqliteTable('Packages', packages.map(headerOf), pageSize)
}

type Value = readonly [tag: number, type: number, count: number, bytes: Buffer]

/** The header of one package: a count, a length, the index, the values. */
export function headerOf(one: RpmPackage): Buffer {
  const values = valuesOf(one)
  const index: Buffer[] = []
  let length = 0
  for (const [tag, type, count, bytes] of values) {
    index.push(words(tag, type, length, count))
    length += bytes.length
  }
  return Buffer.concat([words(values.length, length), ...index, ...values.map(([, , , bytes]) => bytes)])
}

function valuesOf({ name, version = '1', release = '1', epoch, architecture, ...rest }: RpmPackage): Value[] {
  const { files = [], modes = files.map(() => 0o100644), states = files.map(() => 0) } = rest
  const directories = [...new Set(files.map(directoryOf))]
  const indexes = files.map((file) => directories.indexOf(directoryOf(file)))
  return [
    text(1000, name),
    text(1001, version),
    text(1002, release),
    ...(epoch === undefined ? [] : [[1003, 4, 1, words(epoch)] as const]),
    ...(architecture === undefined ? [] : [text(1022, architecture)]),
    [1029, 1, states.length, Buffer.from(states)],
    [1030, 3, modes.length, Buffer.concat(modes.map((mode) => Buffer.from([mode >> 8, mode & 0xff])))],
    [1116, 4, indexes.length, words(...indexes)],
    texts(
      1117,
      files.map((file) => file.slice(directoryOf(file).length)),
    ),
    texts(1118, directories),
  ]
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

function text(tag: number, value: string): Value {
  return [tag, 6, 1, Buffer.from(`${value}\0`, 'latin1')]
}

function texts(tag: number, values: readonly string[]): Value {
  return [tag, 8, values.length, Buffer.from(values.map((value) => `${value}\0`).join(''), 'latin1')]
}

function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * index)
  return bytes
}

/**
 * An SQLite file with one table of numbered blobs, written by the rules of its format: page 1 has the table of
 * tables, page 2 is the root of the table, which has one leaf for each row; rests of rows follow.
 */
export function sqliteTable(name: string, blobs: readonly Buffer[], pageSize: number): Buffer {
  const pages: Buffer[] = []
  const add = (page: Buffer): number => pages.push(page)
  const schema = record([
    textColumn('table'),
    textColumn(name),
    textColumn(name),
    Buffer.from([2]),
    textColumn('CREATE TABLE x'),
  ])
  add(leaf(pageSize, 100, [cell(1, schema, pageSize, add)]))
  add(Buffer.alloc(pageSize))
  const leaves = blobs.map((blob, index) => {
    const number = add(Buffer.alloc(pageSize))
    pages[number - 1] = leaf(pageSize, 0, [cell(index + 1, record([undefined, blob]), pageSize, add)])
    return number
  })
  pages[1] = leaves.length === 0 ? leaf(pageSize, 0, []) : interior(pageSize, leaves)
  const file = Buffer.concat(pages)
  file.write('SQLite format 3\0', 'latin1')
  file.writeUInt16BE(pageSize === 0x1_0000 ? 1 : pageSize, 16)
  return file
}

type Column = Buffer | { readonly text: string } | undefined

function textColumn(value: string): Column {
  return { text: value }
}

/** Numbers of one byte are given as bytes of that length, blobs are longer. */
function record(columns: readonly Column[]): Buffer {
  const types = columns.map(typeOf)
  const bodies = columns.map((column) =>
    column === undefined ? Buffer.alloc(0) : Buffer.isBuffer(column) ? column : Buffer.from(column.text),
  )
  const header = Buffer.concat(types.map(varint))
  return Buffer.concat([varint(header.length + 1), header, ...bodies])
}

function typeOf(column: Column): number {
  if (column === undefined) return 0
  if (!Buffer.isBuffer(column)) return 13 + 2 * column.text.length
  return column.length === 1 ? 1 : 12 + 2 * column.length
}

function cell(row: number, payload: Buffer, pageSize: number, add: (page: Buffer) => number): Buffer {
  const head = [varint(payload.length), varint(row)]
  const most = pageSize - 35
  if (payload.length <= most) return Buffer.concat([...head, payload])
  const least = Math.floor(((pageSize - 12) * 32) / 255) - 23
  const best = least + ((payload.length - least) % (pageSize - 4))
  const local = best <= most ? best : least
  return Buffer.concat([
    ...head,
    payload.subarray(0, local),
    words(chain(payload.subarray(local), pageSize, add)),
  ])
}

/** The last page first, as each names the next one. */
function chain(rest: Buffer, pageSize: number, add: (page: Buffer) => number): number {
  const room = pageSize - 4
  let next = 0
  for (let part = Math.ceil(rest.length / room) - 1; part >= 0; part--) {
    const page = Buffer.alloc(pageSize)
    page.writeUInt32BE(next)
    rest.copy(page, 4, part * room, (part + 1) * room)
    next = add(page)
  }
  return next
}

function leaf(pageSize: number, start: number, cells: readonly Buffer[]): Buffer {
  return withCells(13, 8, pageSize, start, cells)
}

function interior(pageSize: number, children: readonly number[]): Buffer {
  const cells = children.slice(0, -1).map((child, index) => Buffer.concat([words(child), varint(index + 1)]))
  const page = withCells(5, 12, pageSize, 0, cells)
  page.writeUInt32BE(children.at(-1)!, 8)
  return page
}

/** Cells lie at the end of a page, where they lie at its beginning. */
function withCells(
  kind: number,
  header: number,
  pageSize: number,
  start: number,
  cells: readonly Buffer[],
): Buffer {
  const page = Buffer.alloc(pageSize)
  page[start] = kind
  page.writeUInt16BE(cells.length, start + 3)
  let at = pageSize
  for (const [index, bytes] of cells.entries()) {
    at -= bytes.length
    bytes.copy(page, at)
    page.writeUInt16BE(at, start + header + 2 * index)
  }
  return page
}

function varint(value: number): Buffer {
  const bytes = [value & 0x7f]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift((rest & 0x7f) | 0x80)
  return Buffer.from(bytes)
}
