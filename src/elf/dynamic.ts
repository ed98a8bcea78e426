import type { Blocks } from '../bytes.js'
import type { Dynamic, ElfHeader, Mutable, Segment } from './elf.js'
import { HIGH, halvesOf, hex, malformed, wordsOf } from './fields.js'
import { rangeOf, readAhead, type StringTable, stringsOf } from './strings.js'
import { named, type RawNeeds, readVersionsDefined, readVersionsNeeded } from './versions.js'

/**
 * Reads PT_DYNAMIC and the strings and version tables it points to; undefined when the file has none.
 * Addresses become offsets by the first PT_LOAD that holds them (gABI, "Dynamic Section").
 * Throws LiftError 'malformed-elf' that names the broken table.
 */
export function readDynamic(blocks: Blocks, header: ElfHeader): Dynamic | undefined {
  const segment = segmentOf(header, PT_DYNAMIC)
  // Files that hold debug information alone keep the entry with a size of zero; loaders ignore it.
  if (segment === undefined || segment.filesz === 0) return undefined
  const tags = readTags(blocks, header, segment)
  const places = placesOf(header.segments, tags, blocks.size)
  const offsets = offsetsOf(tags)
  readAhead(blocks, spotsOf(places, offsets))
  const { verneed, verdef } = places
  const needs = verneed === undefined ? NO_NEEDS : readVersionsNeeded(blocks, header, verneed)
  const defined = verdef === undefined ? undefined : readVersionsDefined(blocks, header, verdef)
  const strings = lookUp(blocks, places, offsets.concat(needs.names, defined ?? []))
  const dynamic: Mutable<Dynamic> = {
    ...namesOf(tags, strings),
    flags: tags.values.get(DT.FLAGS) ?? 0,
    flags1: tags.values.get(DT.FLAGS_1) ?? 0,
    versionsNeeded: named(needs, strings),
  }
  addSingles(dynamic, tags, strings)
  if (defined !== undefined) dynamic.versionsDefined = defined.map(strings)
  return dynamic
}

const NO_NEEDS: RawNeeds = { needs: [], names: [] }

function namesOf(tags: Tags, strings: Strings): Pick<Dynamic, 'dependencies' | 'needed'> {
  const dependencies: Dynamic['dependencies'][number][] = []
  const needed: string[] = []
  for (let index = 0; index < tags.dependencies.length; index++) {
    const { kind, value } = tags.dependencies[index]!
    const name = strings(value)
    dependencies.push({ kind, name })
    if (kind === 'needed') needed.push(name)
  }
  return { dependencies, needed }
}

/** The last value of each of the tags that are known here, by number; empty without PT_DYNAMIC. */
export function readTagValues(blocks: Blocks, header: ElfHeader): ReadonlyMap<number, number> {
  const segment = segmentOf(header, PT_DYNAMIC)
  return segment === undefined ? new Map() : readTags(blocks, header, segment).values
}

/** The first segment of a type. */
export function segmentOf({ segments }: ElfHeader, type: number): Segment | undefined {
  for (let index = 0; index < segments.length; index++)
    if (segments[index]!.type === type) return segments[index]
  return undefined
}

/** The file offset of a virtual address; undefined when no PT_LOAD has it in the file. */
export function offsetOf(segments: readonly Segment[], address: number): number | undefined {
  for (let index = 0; index < segments.length; index++) {
    const { type, vaddr, filesz, offset } = segments[index]!
    if (type === PT_LOAD && vaddr <= address && address - vaddr < filesz) return address - vaddr + offset
  }
  return undefined
}

const PT_LOAD = 1
const PT_DYNAMIC = 2

const DT = {
  NULL: 0,
  NEEDED: 1,
  STRTAB: 5,
  STRSZ: 10,
  SONAME: 14,
  RPATH: 15,
  RUNPATH: 29,
  FLAGS: 30,
  DEPAUDIT: 0x6fff_fefb,
  AUDIT: 0x6fff_fefc,
  FLAGS_1: 0x6fff_fffb,
  VERDEF: 0x6fff_fffc,
  VERNEED: 0x6fff_fffe,
  AUXILIARY: 0x7fff_fffd,
  FILTER: 0x7fff_ffff,
} as const

const SINGLE = [
  { name: 'soname', tag: DT.SONAME },
  { name: 'rpath', tag: DT.RPATH },
  { name: 'runpath', tag: DT.RUNPATH },
  { name: 'audit', tag: DT.AUDIT },
  { name: 'depaudit', tag: DT.DEPAUDIT },
] as const

/** Where symbols are looked up, in tables that are read elsewhere. */
export const SYMBOL_TAGS = { HASH: 4, STRTAB: 5, SYMTAB: 6, STRSZ: 10, GNU_HASH: 0x6fff_fef5 } as const
type Kind = Dynamic['dependencies'][number]['kind']

/** The tags that count: those of dependencies, those whose last value is kept, and the last one. */
const WANTED: ReadonlyMap<number, Kind | 'value' | 'end'> = new Map([
  ...[...Object.values(DT), ...Object.values(SYMBOL_TAGS)].map((tag) => [tag, 'value'] as const),
  [DT.NULL, 'end'],
  [DT.NEEDED, 'needed'],
  [DT.AUXILIARY, 'auxiliary'],
  [DT.FILTER, 'filter'],
])

/** Entries read at once; nearly every dynamic section is shorter. */
const CHUNK = 64
/** Far more entries than any linker writes. */
const ENTRIES_MAX = 0x1_0000

/** The dynamic array: dependencies in its order, of all other tags the last value. */
interface Tags {
  readonly at: number
  readonly dependencies: { kind: Kind; value: number }[]
  readonly values: Map<number, number>
}

function readTags(blocks: Blocks, header: ElfHeader, segment: Segment): Tags {
  const { vaddr, filesz } = segment
  // Loaders find the section by its address in memory; p_offset, for other tools, is normally the same place.
  const offset = offsetOf(header.segments, vaddr) ?? segment.offset
  if (offset + filesz > blocks.size) throw malformed('dynamic section', offset, 'leaves the file')
  const entry = header.class === 64 ? 16 : 8
  const tags: Tags = { at: offset, dependencies: [], values: new Map() }
  const count = Math.floor(filesz / entry)
  for (let done = 0; done < count; done += CHUNK) {
    if (done >= ENTRIES_MAX) throw malformed('dynamic section', offset, `more than ${ENTRIES_MAX} entries`)
    const length = Math.min(CHUNK, count - done) * entry
    const at = offset + done * entry
    const bytes = blocks.at(at, length)
    if (addTags(tags, wordsOf(bytes, header.endian === 'little'), header)) return tags
  }
  return tags
}

/** Adds the entries of one chunk; true when DT_NULL ended the array. */
function addTags(tags: Tags, words: Uint32Array, header: ElfHeader): boolean {
  const wide = header.class === 64
  const { low, high } = wide ? halvesOf(header.endian === 'little') : WHOLE
  const step = wide ? 4 : 2
  for (let at = 0; at + step <= words.length; at += step) {
    const tag = words[at + low]!
    const kind = WANTED.get(tag)
    // No tag has more than 32 bits.
    if (kind === undefined || (wide && words[at + high] !== 0)) continue
    if (kind === 'end') return true
    const value = wide ? words[at + 2 + low]! + words[at + 2 + high]! * HIGH : words[at + 1]!
    if (kind === 'value') tags.values.set(tag, value)
    else tags.dependencies.push({ kind, value })
  }
  return false
}

/** A number of one word has no halves. */
const WHOLE = { low: 0, high: 0 }

/** File offsets of the tables that the tags name by address. */
interface Places {
  /** Where the dynamic section itself lies. */
  readonly at: number
  readonly strings: StringTable | undefined
  readonly verneed: number | undefined
  readonly verdef: number | undefined
}

function placesOf(segments: readonly Segment[], tags: Tags, fileSize: number): Places {
  const place = (tag: number, name: string): number | undefined => {
    const address = tags.values.get(tag)
    if (address === undefined) return undefined
    const offset = offsetOf(segments, address)
    if (offset !== undefined && offset < fileSize) return offset
    throw malformed('dynamic section', tags.at, `${name} is ${hex(address)}, which is not in the file`)
  }
  const strtab = place(DT.STRTAB, 'DT_STRTAB')
  const size = Math.min(tags.values.get(DT.STRSZ) ?? fileSize, fileSize - (strtab ?? 0))
  return {
    at: tags.at,
    strings: strtab === undefined ? undefined : { offset: strtab, size },
    verneed: place(DT.VERNEED, 'DT_VERNEED'),
    verdef: place(DT.VERDEF, 'DT_VERDEF'),
  }
}

/** Where the names that the tags give lie in the string table. */
function offsetsOf(tags: Tags): number[] {
  const offsets: number[] = []
  for (let index = 0; index < tags.dependencies.length; index++) offsets.push(tags.dependencies[index]!.value)
  for (const { tag } of SINGLE) {
    const value = tags.values.get(tag)
    if (value !== undefined) offsets.push(value)
  }
  return offsets
}

/** The file offsets that will be read next. */
function spotsOf({ strings, verneed, verdef }: Places, offsets: readonly number[]): number[] {
  const spots: number[] = []
  if (verneed !== undefined) spots.push(verneed)
  if (verdef !== undefined) spots.push(verdef)
  if (strings === undefined || offsets.length === 0) return spots
  const { first, last } = rangeOf(offsets)
  if (last < strings.size) spots.push(strings.offset + first, strings.offset + last)
  return spots
}

/** A look-up of the strings at these offsets. */
function lookUp(blocks: Blocks, { at, strings }: Places, offsets: readonly number[]): Strings {
  if (offsets.length === 0) return () => ''
  if (strings === undefined) throw malformed('dynamic section', at, 'names strings but has no DT_STRTAB')
  return stringsOf(blocks, strings, offsets)
}

type Strings = (offset: number) => string

function addSingles(dynamic: Mutable<Dynamic>, tags: Tags, strings: Strings): void {
  for (const { name, tag } of SINGLE) {
    const offset = tags.values.get(tag)
    if (offset !== undefined) dynamic[name] = strings(offset)
  }
}
