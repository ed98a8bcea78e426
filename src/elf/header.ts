import elfy from 'elfy'
import type { ByteReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { ElfHeader, Segment } from './elf.js'
import { viewOf } from './fields.js'

/** Why a file has no readable ELF header, in words that a loader's verdict can be made of. */
export type HeaderFault = 'too short' | 'not elf' | 'unknown class' | 'unknown byte order'

/**
 * Reads the ELF header and the program header table, and judges nothing but what reading needs: the magic, the
 * size, EI_CLASS and EI_DATA. Where e_phentsize is wrong or the table leaves the file, `segments` is empty while
 * `phnum` is not. Throws LiftError 'not-elf' or 'malformed-elf', which `headerFault` tells apart.
 */
export async function readHeader(reader: ByteReader): Promise<ElfHeader> {
  const start = await reader.read(0, PAGE)
  checkIdent(start, reader.size)
  const bytes = asBuffer(start)
  const parser = new elfy.Parser()
  const raw = parser.parseHeader(bytes)
  const header = { ...identOf(bytes), ...numbersOf(bytes, raw.endian === 'lsb') }
  const { version, flags, phentsize, phnum } = raw
  const table = await readTable(reader, bytes, raw)
  const segments =
    table === undefined ? [] : segmentsOf(parser.parsePrograms(table, { ...raw, phoff: 1 }), table, raw)
  return { ...header, version, flags, phentsize, phnum, segments }
}

/** What kept `readHeader` or `readElf` from reading a header, if that is what the error is about. */
export function headerFault(error: unknown): HeaderFault | undefined {
  if (!(error instanceof LiftError)) return undefined
  const known = error.code === 'not-elf' || error.code === 'malformed-elf'
  return known && typeof error.cause === 'string' ? (error.cause as HeaderFault) : headerFault(error.cause)
}

/** The one valid e_phentsize of a class. */
export const PHENTSIZE = { '32': 32, '64': 56 }

type RawHeader = ReturnType<InstanceType<typeof elfy.Parser>['parseHeader']>
type RawProgram = ReturnType<InstanceType<typeof elfy.Parser>['parsePrograms']>[number]

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
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** e_ident; elfy reads OSABI and ABIVERSION one byte too early. */
function identOf(
  bytes: Buffer,
): Pick<ElfHeader, 'class' | 'endian' | 'identVersion' | 'osabi' | 'abiVersion' | 'paddingZero'> {
  return {
    class: bytes[4] === 1 ? 32 : 64,
    endian: bytes[5] === 1 ? 'little' : 'big',
    identVersion: bytes[6]!,
    osabi: bytes[7]!,
    abiVersion: bytes[8]!,
    paddingZero: bytes.subarray(9, 16).every((byte) => byte === 0),
  }
}

/** e_type and e_machine, which elfy turns into words of which many are missing. */
function numbersOf(bytes: Buffer, little: boolean): Pick<ElfHeader, 'type' | 'machineNumber'> {
  const view = viewOf(bytes)
  return { type: view.getUint16(16, little), machineNumber: view.getUint16(18, little) }
}

/**
 * The program header table with one byte before it, because elfy takes a table at offset 0 for none.
 * Undefined when there is none to read. A count of 0xffff stands for a larger one kept in a section header
 * (PN_XNUM), which only core files have.
 */
async function readTable(reader: ByteReader, page: Buffer, raw: RawHeader): Promise<Buffer | undefined> {
  const length = raw.phnum * raw.phentsize
  if (length === 0 || raw.phnum === 0xffff || raw.phoff === 0) return undefined
  if (raw.phentsize !== PHENTSIZE[raw.class] || raw.phoff + length > reader.size) return undefined
  if (raw.phoff + length <= page.length) return page.subarray(raw.phoff - 1, raw.phoff + length)
  const table = asBuffer(await reader.read(raw.phoff - 1, length + 1))
  return table.length === length + 1 ? table : undefined
}

/** Segments with p_type and p_flags as the numbers they are, which elfy turns into words. */
function segmentsOf(programs: readonly RawProgram[], table: Buffer, raw: RawHeader): Segment[] {
  const view = viewOf(table)
  const little = raw.endian === 'lsb'
  const flagsAt = raw.class === '32' ? 24 : 4
  return programs.map(({ offset, vaddr, filesz, memsz, align }, index) => {
    const at = 1 + index * raw.phentsize
    const type = view.getUint32(at, little)
    return { type, flags: view.getUint32(at + flagsAt, little), offset, vaddr, filesz, memsz, align }
  })
}
