import { type Blocks, type ByteReader, parseSoon, type Soon } from '../bytes.js'
import type { ElfFile } from './elf.js'
import { type Layout, malformed, viewOf } from './fields.js'
import { textOf, textUntilNul } from './strings.js'

/** What the notes of a file say. JSON is unparsed, up to its first NUL. */
export interface ElfNotes {
  /** Lower-case hexadecimal. */
  readonly buildId?: string
  /** The operating system (0 is Linux) and the oldest kernel: major, minor, patch. */
  readonly abiTag?: { readonly os: number; readonly kernel: readonly [number, number, number] }
  /** The x86 levels the code needs, as bits: 1 baseline, 2 v2, 4 v3, 8 v4. */
  readonly isaNeeded?: number
  /** One JSON text per `.note.dlopen` note, in order. */
  readonly dlopen: readonly string[]
  /** The JSON text of `.note.package`. */
  readonly package?: string
}

/**
 * Reads the PT_NOTE segments of a file that `readElf` has read (gABI, "Note Section"; UAPI group, "ELF notes").
 * Throws LiftError 'malformed-elf' when a note leaves its segment or a segment the file.
 */
export async function readNotes(reader: ByteReader, elf: ElfFile): Promise<ElfNotes> {
  return readNotesSoon(reader, elf)
}

/** Does what `readNotes` does, without a promise where nothing has to be waited for; it then throws at once. */
export function readNotesSoon(reader: ByteReader, elf: ElfFile): Soon<ElfNotes> {
  return parseSoon(reader, (blocks) => notesOf(blocks, elf))
}

function notesOf(blocks: Blocks, elf: ElfFile): ElfNotes {
  const notes: Collected = { dlopen: [] }
  let total = 0
  for (const { type, offset, filesz, align } of elf.segments) {
    if (type !== PT_NOTE || filesz === 0) continue
    if (offset + filesz > blocks.size) throw malformed('PT_NOTE', offset, 'leaves the file')
    total += filesz
    if (total > NOTES_MAX) throw malformed('PT_NOTE', offset, `more than ${NOTES_MAX} bytes of notes`)
    const bytes = blocks.at(offset, filesz)
    for (const note of notesIn(bytes, elf, offset, align === 8 ? 8 : 4)) collect(notes, note, elf)
  }
  return notes
}

const PT_NOTE = 4
/** All segments together, as they may overlap; real files have some hundred bytes, or a few KB of JSON. */
const NOTES_MAX = 0x10_0000
const NT_GNU_ABI_TAG = 1
const NT_GNU_BUILD_ID = 3
const NT_GNU_PROPERTY = 5
const NT_FDO_DLOPEN = 0x407c_0c0a
const NT_FDO_PACKAGE = 0xcafe_1a7e
const X86_ISA_NEEDED = 0xc000_8002

interface Note {
  readonly key: string
  readonly desc: Uint8Array
}

function* notesIn(bytes: Uint8Array, layout: Layout, segment: number, align: number): Generator<Note> {
  const view = viewOf(bytes)
  const little = layout.endian === 'little'
  const up = (value: number) => Math.ceil(value / align) * align
  for (let at = 0; at + 12 <= bytes.length; ) {
    const [namesz, descsz] = [view.getUint32(at, little), view.getUint32(at + 4, little)]
    const desc = up(at + 12 + namesz)
    if (desc + descsz > bytes.length)
      throw malformed('PT_NOTE', segment, `the note at ${at} leaves its segment`)
    const owner = textOf(bytes.subarray(at + 12, at + 12 + Math.max(0, namesz - 1)))
    yield { key: `${owner} ${view.getUint32(at + 8, little)}`, desc: bytes.subarray(desc, desc + descsz) }
    at = up(desc + descsz)
  }
}

type Collected = { -readonly [K in keyof ElfNotes]: ElfNotes[K] } & { dlopen: string[] }

function collect(notes: Collected, { key, desc }: Note, layout: Layout): void {
  if (key === `GNU ${NT_GNU_BUILD_ID}`) notes.buildId = Buffer.from(desc).toString('hex')
  else if (key === `GNU ${NT_GNU_ABI_TAG}`) collectAbiTag(notes, desc, layout)
  else if (key === `GNU ${NT_GNU_PROPERTY}`) collectIsa(notes, desc, layout)
  else if (key === `FDO ${NT_FDO_DLOPEN}`) notes.dlopen.push(textUntilNul(desc, 0) ?? textOf(desc))
  else if (key === `FDO ${NT_FDO_PACKAGE}`) notes.package = textUntilNul(desc, 0) ?? textOf(desc)
}

function collectAbiTag(notes: Collected, desc: Uint8Array, layout: Layout): void {
  if (desc.length < 16) return
  const view = viewOf(desc)
  const word = (index: number) => view.getUint32(index * 4, layout.endian === 'little')
  notes.abiTag = { os: word(0), kernel: [word(1), word(2), word(3)] }
}

/** Properties: type 4, size 4, data padded to the size of an address. */
function collectIsa(notes: Collected, desc: Uint8Array, layout: Layout): void {
  const view = viewOf(desc)
  const little = layout.endian === 'little'
  const align = layout.class / 8
  for (let at = 0; at + 8 <= desc.length; ) {
    const [type, size] = [view.getUint32(at, little), view.getUint32(at + 4, little)]
    if (type === X86_ISA_NEEDED && size >= 4 && at + 12 <= desc.length)
      notes.isaNeeded = view.getUint32(at + 8, little)
    at += 8 + Math.ceil(size / align) * align
  }
}
