import elfy from 'elfy'
import { type Blocks, type ByteReader, bufferOf, parseBlocks } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { ElfHeader, Segment } from './elf.js'
import { HIGH, halvesOf, viewOf, wordsOf } from './fields.js'

/** Why a file has no readable ELF header, in words that a loader's verdict can be made of. */
export type HeaderFault = 'too short' | 'not elf' | 'unknown class' | 'unknown byte order'

/**
 * Reads the ELF header and the program header table, and judges nothing but what reading needs: the magic, the
 * size, EI_CLASS and EI_DATA. Where e_phentsize is wrong or the table leaves the file, `segments` is empty while
 * `phnum` is not. Throws LiftError 'not-elf' or 'malformed-elf', which `headerFault` tells apart.
 */
export async function readHeader(reader: ByteReader): Promise<ElfHeader> {
  return parseBlocks(reader, parseHeader)
}

/** `readHeader` for a parser of blocks. */
export function parseHeader(blocks: Blocks): ElfHeader {
  const bytes = blocks.at(0, START)
  checkIdent(bytes, blocks.size)
  const raw = PARSER.parseHeader(bufferOf(bytes))
  const length = tableLength(raw, blocks.size)
  const table = length === 0 ? NOTHING : blocks.at(raw.phoff, length)
  const little = raw.endian === 'lsb'
  const view = viewOf(bytes)
  // Of e_ident elfy reads fields one byte too early, and for e_type and e_machine it lacks many words.
  return {
    class: raw.class === '32' ? 32 : 64,
    endian: little ? 'little' : 'big',
    identVersion: bytes[6]!,
    osabi: bytes[7]!,
    abiVersion: bytes[8]!,
    paddingZero: (view.getUint32(8) & 0xff_ffff) === 0 && view.getUint32(12) === 0,
    type: view.getUint16(16, little),
    machineNumber: view.getUint16(18, little),
    version: raw.version,
    flags: raw.flags,
    phentsize: raw.phentsize,
    phnum: raw.phnum,
    segments: table.length < length ? [] : segmentsOf(table, raw.class === '64', little),
  }
}

const PARSER = new elfy.Parser()
const NOTHING = new Uint8Array(0)

/** What kept `readHeader` or `readElf` from reading a header, if that is what the error is about. */
export function headerFault(error: unknown): HeaderFault | undefined {
  if (!(error instanceof LiftError)) return undefined
  const known = error.code === 'not-elf' || error.code === 'malformed-elf'
  return known && typeof error.cause === 'string' ? (error.cause as HeaderFault) : headerFault(error.cause)
}

/** The one valid e_phentsize of a class. */
export const PHENTSIZE = { '32': 32, '64': 56 }

type RawHeader = ReturnType<InstanceType<typeof elfy.Parser>['parseHeader']>

/**
 * Read in one go, since the program headers nearly always follow the header, and in half of all libraries so do
 * the names of the dynamic section: copying this much costs less than one more read.
 */
const START = 0x2000
const HEADER_SIZE = { 1: 52, 2: 64 }

function checkIdent(start: Uint8Array, size: number): void {
  if (start.length < HEADER_SIZE[1])
    throw fault('not-elf', 'too short', `file too short for ELF (${size} bytes)`)
  if (viewOf(start).getUint32(0) !== 0x7f45_4c46) throw fault('not-elf', 'not elf', 'no ELF magic')
  const [fileClass, order] = [start[4], start[5]]
  if (fileClass !== 1 && fileClass !== 2) {
    throw fault('malformed-elf', 'unknown class', `ELF header: unknown class ${fileClass}`)
  }
  if (start.length < HEADER_SIZE[fileClass]) {
    throw fault('not-elf', 'too short', `file too short for a 64-bit ELF header (${size} bytes)`)
  }
  if (order !== 1 && order !== 2) {
    throw fault('malformed-elf', 'unknown byte order', `ELF header: unknown byte order ${order}`)
  }
}

function fault(code: 'not-elf' | 'malformed-elf', cause: HeaderFault, message: string): LiftError {
  return new LiftError(code, message, { cause })
}

/**
 * The size of the program header table in bytes; 0 when there is none that can be read. A count of 0xffff stands
 * for a larger one kept in a section header (PN_XNUM), which only core files have.
 */
function tableLength({ class: size, phoff, phnum, phentsize }: RawHeader, fileSize: number): number {
  const length = phnum * phentsize
  if (phnum === 0xffff || phoff === 0 || phentsize !== PHENTSIZE[size]) return 0
  return phoff + length > fileSize ? 0 : length
}

/** elfy reads these as well, but with ten calls for each number, which took a tenth of a large lift. */
function segmentsOf(table: Uint8Array, wide: boolean, little: boolean): Segment[] {
  const words = wordsOf(table, little)
  const { low, high } = halvesOf(little)
  const step = PHENTSIZE[wide ? 64 : 32] / 4
  const segments: Segment[] = []
  for (let at = 0; at + step <= words.length; at += step)
    segments.push(wide ? segment64(words, at, low, high) : segment32(words, at))
  return segments
}

/** Elf64_Phdr (gABI, "Program Header"). */
function segment64(words: Uint32Array, at: number, low: number, high: number): Segment {
  return {
    type: words[at]!,
    flags: words[at + 1]!,
    offset: words[at + 2 + low]! + words[at + 2 + high]! * HIGH,
    vaddr: words[at + 4 + low]! + words[at + 4 + high]! * HIGH,
    filesz: words[at + 8 + low]! + words[at + 8 + high]! * HIGH,
    memsz: words[at + 10 + low]! + words[at + 10 + high]! * HIGH,
    align: words[at + 12 + low]! + words[at + 12 + high]! * HIGH,
  }
}

/** Elf32_Phdr. */
function segment32(words: Uint32Array, at: number): Segment {
  return {
    type: words[at]!,
    flags: words[at + 6]!,
    offset: words[at + 1]!,
    vaddr: words[at + 2]!,
    filesz: words[at + 4]!,
    memsz: words[at + 5]!,
    align: words[at + 7]!,
  }
}
