import elfy from 'elfy'
import { type Blocks, type ByteReader, parseBlocks } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { ElfHeader, Segment } from './elf.js'
import { viewOf, word64 } from './fields.js'

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
  const start = blocks.at(0, PAGE)
  checkIdent(start, blocks.size)
  const bytes = asBuffer(start)
  const raw = new elfy.Parser().parseHeader(bytes)
  const { version, flags, phentsize, phnum, phoff } = raw
  const length = tableLength(raw, blocks.size)
  const isNear = length === 0 || phoff + length <= bytes.length
  const table = isNear ? bytes.subarray(phoff, phoff + length) : blocks.at(phoff, length)
  const segments = table.length < length ? [] : segmentsOf(table, raw)
  return { ...identOf(bytes, raw.endian === 'lsb'), version, flags, phentsize, phnum, segments }
}

/** What kept `readHeader` or `readElf` from reading a header, if that is what the error is about. */
export function headerFault(error: unknown): HeaderFault | undefined {
  if (!(error instanceof LiftError)) return undefined
  const known = error.code === 'not-elf' || error.code === 'malformed-elf'
  return known && typeof error.cause === 'string' ? (error.cause as HeaderFault) : headerFault(error.cause)
}

/** The one valid e_phentsize of a class. */
export const PHENTSIZE = { '32': 32, '64': 56 }

type Parser = InstanceType<typeof elfy.Parser>
type RawHeader = ReturnType<Parser['parseHeader']>

/** Read in one go, since the program headers nearly always follow the header. */
const PAGE = 4096
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

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** e_ident, of which elfy reads fields one byte too early, e_type and e_machine, for which it lacks many words. */
function identOf(
  bytes: Buffer,
  little: boolean,
): Omit<ElfHeader, 'version' | 'flags' | 'phentsize' | 'phnum' | 'segments'> {
  return {
    class: bytes[4] === 1 ? 32 : 64,
    endian: little ? 'little' : 'big',
    identVersion: bytes[6]!,
    osabi: bytes[7]!,
    abiVersion: bytes[8]!,
    paddingZero: bytes.readUIntBE(9, 6) === 0 && bytes[15] === 0,
    type: little ? bytes.readUInt16LE(16) : bytes.readUInt16BE(16),
    machineNumber: little ? bytes.readUInt16LE(18) : bytes.readUInt16BE(18),
  }
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
function segmentsOf(table: Uint8Array, raw: RawHeader): Segment[] {
  const view = viewOf(table)
  const little = raw.endian === 'lsb'
  const segment = raw.class === '64' ? segment64 : segment32
  const segments: Segment[] = []
  for (let at = 0; at < table.length; at += raw.phentsize) segments.push(segment(view, at, little))
  return segments
}

function segment64(view: DataView, at: number, little: boolean): Segment {
  return {
    type: view.getUint32(at, little),
    flags: view.getUint32(at + 4, little),
    offset: word64(view, at + 8, little),
    vaddr: word64(view, at + 16, little),
    filesz: word64(view, at + 32, little),
    memsz: word64(view, at + 40, little),
    align: word64(view, at + 48, little),
  }
}

function segment32(view: DataView, at: number, little: boolean): Segment {
  return {
    type: view.getUint32(at, little),
    flags: view.getUint32(at + 24, little),
    offset: view.getUint32(at + 4, little),
    vaddr: view.getUint32(at + 8, little),
    filesz: view.getUint32(at + 16, little),
    memsz: view.getUint32(at + 20, little),
    align: view.getUint32(at + 28, little),
  }
}
