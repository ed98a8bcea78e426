import { Buffer } from 'node:buffer'

/** What to write into an ELF file; every field has a default. Numbers are those of the specification. */
export interface ElfOptions {
  /** Default 64. */
  readonly class?: 32 | 64
  /** Default little. */
  readonly endian?: 'little' | 'big'
  /** e_machine, default 62 (x86-64). */
  readonly machine?: number
  /** e_type by name or number, default dyn. */
  readonly type?: 'exec' | 'dyn' | 'rel' | 'core' | number
  /** e_flags. */
  readonly flags?: number
  readonly osabi?: number
  readonly abiVersion?: number
  /** EI_VERSION and e_version, default 1. */
  readonly identVersion?: number
  readonly version?: number
  /** e_ident[9], default 0. */
  readonly padding?: number
  readonly phentsize?: number
  /** PT_INTERP. */
  readonly interp?: string
  /** Shorthand for dependencies of kind `needed`, which come first. */
  readonly needed?: readonly string[]
  /** NEEDED, AUXILIARY and FILTER in this order. */
  readonly dependencies?: readonly {
    readonly kind: 'needed' | 'auxiliary' | 'filter'
    readonly name: string
  }[]
  readonly soname?: string
  readonly rpath?: string
  readonly runpath?: string
  /** DT_FLAGS and DT_FLAGS_1. */
  readonly dtFlags?: number
  readonly dtFlags1?: number
  readonly audit?: string
  readonly depaudit?: string
  readonly versionsNeeded?: readonly {
    readonly file: string
    readonly versions: readonly (string | { readonly name: string; readonly weak: boolean })[]
  }[]
  /** DT_VERDEF after a base definition named by the soname. */
  readonly versionsDefined?: readonly string[]
  /** Functions it asks for, as undefined global symbols, before those that it defines. */
  readonly imports?: readonly string[]
  /** Functions it defines, as global symbols. */
  readonly defines?: readonly string[]
  /** How symbols are looked up, default by DT_HASH. */
  readonly hashStyle?: 'sysv' | 'gnu'
  /** Tags appended as they are; a string is put into the string table. */
  readonly tags?: readonly { readonly tag: number; readonly value: number | string }[]
  /** No PT_DYNAMIC at all: a static or klibc program. */
  readonly dynamic?: boolean
  /** PT_NOTE segments, each with its notes. */
  readonly notes?: readonly NoteSegment[]
  /** What stands in a read-only PT_LOAD of its own, one byte a character. */
  readonly constants?: string
  /** Program headers appended as they are. */
  readonly segments?: readonly RawSegment[]
  /** Added to every virtual address, a multiple of 4096; default 0 for dyn, 0x400000 for exec. */
  readonly base?: number
  /** vaddr minus offset of the segment with the dynamic section, a multiple of 4096; default 0x1000. */
  readonly vaddrDelta?: number
  /** Puts the string table into a PT_LOAD of its own at the end of the file, as patchelf does. */
  readonly strtabAtEnd?: boolean
  /** Zero bytes between the first and the second segment, to make the file large. */
  readonly gap?: number
  /** A section header table with `.dynamic` and `.dynstr`; none by default. */
  readonly sections?: boolean
}

export interface NoteSegment {
  /** p_align, default 4. */
  readonly align?: number
  readonly notes: readonly {
    readonly owner: string
    readonly type: number
    readonly desc: Uint8Array | string
  }[]
}

export interface RawSegment {
  readonly type: number
  readonly flags?: number
  readonly offset?: number
  readonly vaddr?: number
  readonly filesz?: number
  readonly memsz?: number
  readonly align?: number
}

/**
 * An ELF file of a few hundred bytes that real loaders accept for tracing: header, program headers, interpreter,
 * notes, hash, symbol, string and version tables in a read-only PT_LOAD, then the dynamic section in a writable one.
 */
export function buildElf(options: ElfOptions = {}): Uint8Array {
  const text = new StringPool()
  const entries = entriesOf(options, text)
  const versions = versionTables(options, text)
  const symbols = [...(options.imports ?? []), ...symbolsOf(options)].map((name) => text.offset(name))
  const plan = planOf(options, text.bytes(), symbols, entries, versions)
  const out = Buffer.alloc(plan.size)
  elfHeader(options, plan).copy(out)
  plan.segments.forEach((segment, index) => {
    programHeader(options, segment).copy(out, HEADER[bits(options)] + index * PHENT[bits(options)])
  })
  for (const { at, bytes } of plan.parts.values()) bytes.copy(out, at)
  return out
}

/** The System V hash of a name, as in DT_HASH and the version tables. */
export function elfHash(name: string): number {
  let hash = 0
  for (const byte of Buffer.from(name)) {
    hash = (hash << 4) + byte
    const high = hash & 0xf000_0000
    hash = (hash ^ (high >>> 24)) & ~high
  }
  return hash >>> 0
}

const PAGE = 0x1000
const HEADER = { 32: 52, 64: 64 }
const PHENT = { 32: 32, 64: 56 }
const SHENT = { 32: 40, 64: 64 }
const SYMENT = { 32: 16, 64: 24 }
const TYPES = { rel: 1, exec: 2, dyn: 3, core: 4 }
const PT = { LOAD: 1, DYNAMIC: 2, INTERP: 3, NOTE: 4, GNU_STACK: 0x6474_e551 }
const DEPENDENCY_TAGS = { needed: 1, auxiliary: 0x7fff_fffd, filter: 0x7fff_ffff }

type Part =
  | 'interp'
  | `note${number}`
  | 'hash'
  | 'constants'
  | 'dynsym'
  | 'versym'
  | 'verneed'
  | 'verdef'
  | 'dynstr'
  | 'dynamic'
  | 'sections'

interface Plan {
  readonly parts: ReadonlyMap<Part, { readonly at: number; readonly bytes: Buffer }>
  readonly segments: readonly RawSegment[]
  readonly size: number
}

/** Bytes of the string table, with the offset of each text put in. */
class StringPool {
  readonly #chunks = [Buffer.from([0])]
  readonly #offsets = new Map<string, number>([['', 0]])
  #size = 1

  offset(text: string): number {
    const known = this.#offsets.get(text)
    if (known !== undefined) return known
    const chunk = Buffer.from(`${text}\0`)
    const offset = this.#size
    this.#offsets.set(text, offset)
    this.#chunks.push(chunk)
    this.#size += chunk.length
    return offset
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

type Entry = readonly [tag: number, value: number | Part]

/** The dynamic array before addresses are known: a part stands for its address. */
function entriesOf(options: ElfOptions, text: StringPool): Entry[] {
  const named = (tag: number, value: string | undefined): Entry[] =>
    value === undefined ? [] : [[tag, text.offset(value)]]
  const number = (tag: number, value: number | undefined): Entry[] =>
    value === undefined ? [] : [[tag, value]]
  const needed = (options.needed ?? []).map((name) => ({ kind: 'needed' as const, name }))
  return [
    ...[...needed, ...(options.dependencies ?? [])].flatMap(({ kind, name }) =>
      named(DEPENDENCY_TAGS[kind], name),
    ),
    ...named(14, options.soname),
    ...named(15, options.rpath),
    ...named(29, options.runpath),
    ...named(0x6fff_fefc, options.audit),
    ...named(0x6fff_fefb, options.depaudit),
    ...number(30, options.dtFlags),
    ...number(0x6fff_fffb, options.dtFlags1),
    ...(options.tags ?? []).flatMap(({ tag, value }) =>
      typeof value === 'string' ? named(tag, value) : number(tag, value),
    ),
  ]
}

interface VersionTables {
  readonly parts: readonly (readonly [Part, Buffer])[]
  readonly entries: readonly Entry[]
}

function versionTables(options: ElfOptions, text: StringPool): VersionTables {
  const { versionsNeeded: needs, versionsDefined: names } = options
  if (needs === undefined && names === undefined) return { parts: [], entries: [] }
  const defined = names === undefined ? [] : [options.soname ?? 'base', ...names]
  const parts: (readonly [Part, Buffer])[] = [['versym', Buffer.alloc(4)]]
  const entries: Entry[] = [[0x6fff_fff0, 'versym']]
  if (names !== undefined) {
    parts.push(['verdef', verdefTable(options, defined, text)])
    entries.push([0x6fff_fffc, 'verdef'], [0x6fff_fffd, defined.length])
  }
  if (needs !== undefined) {
    parts.push(['verneed', verneedTable(options, needs, text, 2 + defined.length)])
    entries.push([0x6fff_fffe, 'verneed'], [0x6fff_ffff, needs.length])
  }
  return { parts, entries }
}

function verdefTable(options: ElfOptions, names: readonly string[], text: StringPool): Buffer {
  const records = names.map((name, index) => {
    const next = index === names.length - 1 ? 0 : 28
    const base = index === 0 ? 1 : 0
    return pack(options, 'hhhhiiiii', [1, base, index + 1, 1, elfHash(name), 20, next, text.offset(name), 0])
  })
  return Buffer.concat(records)
}

function verneedTable(
  options: ElfOptions,
  needs: NonNullable<ElfOptions['versionsNeeded']>,
  text: StringPool,
  firstIndex: number,
): Buffer {
  let index = firstIndex
  const records = needs.flatMap(({ file, versions }, at) => {
    const next = at === needs.length - 1 ? 0 : 16 + 16 * versions.length
    const head = pack(options, 'hhiii', [1, versions.length, text.offset(file), 16, next])
    const auxiliary = versions.map((version, place) => {
      const { name, weak } = typeof version === 'string' ? { name: version, weak: false } : version
      const step = place === versions.length - 1 ? 0 : 16
      return pack(options, 'ihhii', [elfHash(name), weak ? 2 : 0, index++, text.offset(name), step])
    })
    return [head, ...auxiliary]
  })
  return Buffer.concat(records)
}

/** Places every part and makes the segments; the dynamic section comes last as it holds the addresses. */
function planOf(
  options: ElfOptions,
  strings: Buffer,
  symbols: readonly number[],
  entries: readonly Entry[],
  versions: VersionTables,
): Plan {
  const size = bits(options)
  const dynamic = options.dynamic ?? true
  const notes = options.notes ?? []
  const atEnd = options.strtabAtEnd ?? false
  const parts = new Map<Part, { at: number; bytes: Buffer }>()
  const some = [options.interp, options.constants].filter((part) => part !== undefined).length
  const programs = 1 + some + notes.length + (dynamic ? 3 + Number(atEnd) : 1)
  let end = HEADER[size] + PHENT[size] * (programs + (options.segments?.length ?? 0))
  const place = (part: Part, bytes: Buffer): { at: number; bytes: Buffer } => {
    const placed = { at: Math.ceil(end / 8) * 8, bytes }
    parts.set(part, placed)
    end = placed.at + bytes.length
    return placed
  }

  if (options.interp !== undefined) place('interp', Buffer.from(`${options.interp}\0`))
  for (const [index, segment] of notes.entries()) place(`note${index}`, noteSegment(options, segment))
  if (dynamic) {
    place('hash', options.hashStyle === 'gnu' ? gnuHashTable(options) : hashTable(options))
    place('dynsym', symbolTable(options, symbols))
    for (const [part, bytes] of versions.parts) place(part, bytes)
    if (!atEnd) place('dynstr', strings)
  }

  const base = options.base ?? (typeOf(options) === TYPES.exec ? 0x40_0000 : 0)
  const delta = options.vaddrDelta ?? PAGE
  const first = load(0, end, base, 5)
  end += options.gap ?? 0
  const loads = [first]
  if (dynamic) {
    const count = entries.length + versions.entries.length + 6
    const { at, bytes } = place('dynamic', Buffer.alloc((count * size) / 4))
    loads.push(load(at, bytes.length, base + delta, 6))
    if (atEnd) {
      const table = place('dynstr', strings)
      loads.push(load(table.at, table.bytes.length, base + delta + PAGE, 4))
    }
    if (options.constants !== undefined) {
      const table = place('constants', Buffer.from(options.constants, 'latin1'))
      loads.push(load(table.at, table.bytes.length, base + delta + 2 * PAGE, 4))
    }
    const address = (part: Part): number => {
      const { at } = parts.get(part)!
      const home = loads.find(({ offset, filesz }) => offset! <= at && at < offset! + filesz!)!
      return at - home.offset! + home.vaddr!
    }
    const tables: Entry[] = [
      [options.hashStyle === 'gnu' ? 0x6fff_fef5 : 4, 'hash'],
      [5, 'dynstr'],
      [6, 'dynsym'],
      [10, strings.length],
      [11, SYMENT[size]],
    ]
    // The caller's own tags come last, so that they override.
    const all = [...tables, ...versions.entries, ...entries, [0, 0] as const]
    const words = all.flatMap(([tag, value]) => [tag, typeof value === 'number' ? value : address(value)])
    pack(options, 'w'.repeat(words.length), words).copy(bytes)
  }
  if (options.sections) place('sections', sectionTable(options, parts, loads))

  const covering = (part: Part, type: number, align: number): RawSegment => {
    const { at, bytes } = parts.get(part)!
    const home = loads.find(({ offset, filesz }) => offset! <= at && at < offset! + filesz!)!
    return {
      ...home,
      type,
      offset: at,
      vaddr: at - home.offset! + home.vaddr!,
      filesz: bytes.length,
      memsz: bytes.length,
      align,
    }
  }
  const segments = [
    ...(options.interp === undefined ? [] : [covering('interp', PT.INTERP, 1)]),
    ...loads,
    ...(dynamic ? [covering('dynamic', PT.DYNAMIC, 8)] : []),
    ...notes.map(({ align }, index) => covering(`note${index}`, PT.NOTE, align ?? 4)),
    { type: PT.GNU_STACK, flags: 6, align: 16 },
    ...(options.segments ?? []),
  ]
  return { parts, segments, size: end }
}

function load(offset: number, length: number, base: number, flags: number): RawSegment {
  return { type: PT.LOAD, flags, offset, vaddr: base + offset, filesz: length, memsz: length, align: PAGE }
}

/** The null symbol, then the functions, by their names' offsets. */
function symbolTable(options: ElfOptions, names: readonly number[]): Buffer {
  const GLOBAL_FUNCTION = 0x12
  const imported = options.imports?.length ?? 0
  const records = names.map((name, at) => {
    const [value, section] = at < imported ? [0, 0] : [0x40, 1]
    const info = GLOBAL_FUNCTION
    return bits(options) === 64
      ? pack(options, 'ibbhww', [name, info, 0, section, value, 0])
      : pack(options, 'iiibbh', [name, value, 0, info, 0, section])
  })
  return Buffer.concat([Buffer.alloc(SYMENT[bits(options)]), ...records])
}

const BUCKETS = 2

/** The functions in table order: DT_GNU_HASH wants those of one bucket together. */
function symbolsOf({ defines = [], hashStyle }: ElfOptions): readonly string[] {
  if (hashStyle !== 'gnu') return defines
  return [...defines].sort((a, b) => (gnuHash(a) % BUCKETS) - (gnuHash(b) % BUCKETS))
}

/** The null symbol and the imported ones come before. */
function firstDefined({ imports = [] }: ElfOptions): number {
  return 1 + imports.length
}

/** Buckets and chains; s390x and alpha have 8-byte words here. */
function hashTable(options: ElfOptions): Buffer {
  const machine = options.machine ?? 62
  const wide = bits(options) === 64 && (machine === 22 || machine === 0x9026)
  const names = symbolsOf(options)
  const buckets: number[] = new Array(BUCKETS).fill(0)
  const first = firstDefined(options)
  const chains: number[] = new Array(first).fill(0)
  names.forEach((name, at) => {
    const bucket = elfHash(name) % BUCKETS
    chains.push(buckets[bucket]!)
    buckets[bucket] = at + first
  })
  const words = [BUCKETS, chains.length, ...buckets, ...chains]
  return pack(options, (wide ? 'w' : 'i').repeat(words.length), words)
}

/** A Bloom filter that lets everything pass, buckets, then the hashes, each chain's last one with bit 0 set. */
function gnuHashTable(options: ElfOptions): Buffer {
  const hashes = symbolsOf(options).map(gnuHash)
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) => {
    const at = hashes.findIndex((hash) => hash % BUCKETS === bucket)
    return at < 0 ? 0 : at + firstDefined(options)
  })
  const ends = hashes.map((hash, at) => {
    const last = at === hashes.length - 1 || hashes[at + 1]! % BUCKETS !== hash % BUCKETS
    return last ? (hash | 1) >>> 0 : (hash & ~1) >>> 0
  })
  const filter = Buffer.alloc(bits(options) / 8, 0xff)
  const words = [...buckets, ...ends]
  return Buffer.concat([
    pack(options, 'iiii', [BUCKETS, firstDefined(options), 1, 0]),
    filter,
    pack(options, 'i'.repeat(words.length), words),
  ])
}

/** The hash of a name in DT_GNU_HASH. */
function gnuHash(name: string): number {
  let hash = 5381
  for (const byte of Buffer.from(name)) hash = (hash * 33 + byte) % 0x1_0000_0000
  return hash
}

function noteSegment(options: ElfOptions, { align = 4, notes }: NoteSegment): Buffer {
  const pad = (bytes: Buffer): Buffer => Buffer.concat([bytes], Math.ceil(bytes.length / align) * align)
  const records = notes.flatMap(({ owner, type, desc }) => {
    const name = Buffer.from(`${owner}\0`)
    const head = pack(options, 'iii', [name.length, desc.length, type])
    return [pad(Buffer.concat([head, name])), pad(Buffer.from(desc))]
  })
  return Buffer.concat(records)
}

/** A null section, `.dynstr` and `.dynamic`; all without names. */
function sectionTable(options: ElfOptions, parts: Plan['parts'], loads: readonly RawSegment[]): Buffer {
  const section = (type: number, part: Part | undefined, link: number, entry: number): Buffer => {
    const { at, bytes } = (part && parts.get(part)) ?? { at: 0, bytes: Buffer.alloc(0) }
    const home = loads.find(({ offset, filesz }) => offset! <= at && at < offset! + filesz!)
    const address = part === undefined ? 0 : at - (home?.offset ?? 0) + (home?.vaddr ?? 0)
    return pack(options, 'iiwwwwiiww', [0, type, part ? 2 : 0, address, at, bytes.length, link, 0, 1, entry])
  }
  return Buffer.concat([
    section(0, undefined, 0, 0),
    section(3, 'dynstr', 0, 0),
    section(6, 'dynamic', 1, bits(options) / 4),
  ])
}

function elfHeader(options: ElfOptions, { parts, segments }: Plan): Buffer {
  const size = bits(options)
  const ident = Buffer.alloc(16)
  const order = options.endian === 'big' ? 2 : 1
  const { identVersion = 1, version = 1, osabi = 0, abiVersion = 0, padding = 0 } = options
  ident.set([0x7f, 0x45, 0x4c, 0x46, size / 32, order, identVersion, osabi, abiVersion, padding])
  const sections = parts.get('sections')
  const entry = segments.find(({ type }) => type === PT.LOAD)!.vaddr!
  const rest = pack(options, 'hhiwwwihhhhhh', [
    typeOf(options),
    options.machine ?? 62,
    version,
    entry,
    HEADER[size],
    sections?.at ?? 0,
    options.flags ?? 0,
    HEADER[size],
    options.phentsize ?? PHENT[size],
    segments.length,
    SHENT[size],
    sections === undefined ? 0 : 3,
    0,
  ])
  return Buffer.concat([ident, rest])
}

function programHeader(options: ElfOptions, segment: RawSegment): Buffer {
  const { type, flags = 4, offset = 0, vaddr = 0, filesz = 0, memsz = filesz, align = 1 } = segment
  return bits(options) === 64
    ? pack(options, 'iiwwwwww', [type, flags, offset, vaddr, vaddr, filesz, memsz, align])
    : pack(options, 'iiiiiiii', [type, offset, vaddr, vaddr, filesz, memsz, flags, align])
}

function bits(options: ElfOptions): 32 | 64 {
  return options.class ?? 64
}

function typeOf({ type = 'dyn' }: ElfOptions): number {
  return typeof type === 'number' ? type : TYPES[type]
}

/** Numbers as bytes; each letter is a size: b 1, h 2, i 4, w that of an address. */
function pack(options: ElfOptions, sizes: string, values: readonly number[]): Buffer {
  const little = options.endian !== 'big'
  const widths = [...sizes].map((size) => ({ b: 1, h: 2, i: 4, w: bits(options) / 8 })[size]!)
  const out = Buffer.alloc(widths.reduce((sum, width) => sum + width, 0))
  let at = 0
  widths.forEach((width, index) => {
    writeNumber(out, at, width, values[index]!, little)
    at += width
  })
  return out
}

function writeNumber(out: Buffer, at: number, width: number, value: number, little: boolean): void {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength)
  if (width === 1) view.setUint8(at, value)
  else if (width === 2) view.setUint16(at, value, little)
  else if (width === 4) view.setUint32(at, value, little)
  else view.setBigUint64(at, BigInt(value), little)
}
