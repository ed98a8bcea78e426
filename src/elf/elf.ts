import { type Blocks, type ByteReader, parseSoon, type Soon } from '../bytes.js'
import { LiftError } from '../errors.js'
import { readDynamic, segmentOf } from './dynamic.js'
import { malformed } from './fields.js'
import { PHENTSIZE, parseHeader } from './header.js'
import { type Machine, machineOf } from './machine.js'
import { textOf, textUntilNul } from './strings.js'

export { type HeaderFault, headerFault, readHeader } from './header.js'
export { importedSymbols } from './imports.js'
export {
  foreignSystem,
  type Machine,
  type MachinePlatform,
  machineOf,
  machineOfPlatform,
  ociPlatform,
} from './machine.js'
export { type ElfNotes, readNotes, readNotesSoon } from './notes.js'
export { definedSymbols, definesSymbols } from './symbols.js'
export { constantTexts } from './texts.js'

/** The ELF header and segments as read; numbers unchanged, so a loader's own checks can be repeated on them. */
export interface ElfHeader {
  readonly class: 32 | 64
  readonly endian: 'little' | 'big'
  /** EI_VERSION: 1 in every valid file. */
  readonly identVersion: number
  readonly osabi: number
  readonly abiVersion: number
  /** Whether bytes 9 to 15 of e_ident are all zero. */
  readonly paddingZero: boolean
  /** e_type: 1 REL, 2 EXEC, 3 DYN, 4 CORE. */
  readonly type: number
  /** e_machine, unchanged. */
  readonly machineNumber: number
  readonly version: number
  readonly flags: number
  readonly phentsize: number
  readonly phnum: number
  /** Empty, whatever `phnum` says, when the table cannot be read. */
  readonly segments: readonly Segment[]
}

/** One entry of the program header table. */
export interface Segment {
  /** p_type, unchanged. */
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly vaddr: number
  readonly filesz: number
  readonly memsz: number
  readonly align: number
}

/** What one file name of DT_VERNEED asks for. */
export interface VersionNeed {
  /** The soname the versions are wanted from. */
  readonly file: string
  readonly versions: readonly { readonly name: string; readonly weak: boolean }[]
}

/** PT_DYNAMIC in words. Lists are in array order; of a tag that occurs twice the last one counts. */
export interface Dynamic {
  /** DT_NEEDED, DT_AUXILIARY and DT_FILTER in array order, since loaders walk them in that order. */
  readonly dependencies: readonly {
    readonly kind: 'needed' | 'auxiliary' | 'filter'
    readonly name: string
  }[]
  /** The DT_NEEDED names alone. */
  readonly needed: readonly string[]
  readonly soname?: string
  readonly rpath?: string
  readonly runpath?: string
  /** DT_FLAGS. */
  readonly flags: number
  /** DT_FLAGS_1: 0x800 NODEFLIB, 0x08000000 PIE. */
  readonly flags1: number
  /** DT_AUDIT and DT_DEPAUDIT: colon lists. */
  readonly audit?: string
  readonly depaudit?: string
  readonly versionsNeeded: readonly VersionNeed[]
  /** Names in DT_VERDEF without the base; undefined when the object has no DT_VERDEF at all. */
  readonly versionsDefined?: readonly string[]
}

/** What a file is, by e_type, PT_INTERP, PT_DYNAMIC and DF_1_PIE. */
export type ElfKind =
  | 'program'
  | 'static'
  | 'static-pie'
  | 'library'
  | 'klibc'
  | 'relocatable'
  | 'core'
  | 'other'

/** Everything that is read of a file. */
export interface ElfFile extends ElfHeader {
  /** The ABI in one word, undefined when e_machine is unknown. */
  readonly machine: Machine | undefined
  readonly kind: ElfKind
  /** PT_INTERP up to the first NUL. */
  readonly interpreter?: string
  readonly dynamic?: Dynamic
}

/**
 * Reads header, interpreter, dynamic section and versions from a few ranged reads.
 * Throws LiftError 'not-elf' when the magic is missing or the file is shorter than a header, 'malformed-elf'
 * when a table lies outside of the file or contradicts itself. Every count and offset is bounded by the size
 * of the file. Sections are never needed (System V gABI, "Program Loading and Dynamic Linking").
 */
export async function readElf(reader: ByteReader): Promise<ElfFile> {
  return readElfSoon(reader)
}

/** Does what `readElf` does, without a promise where nothing has to be waited for; it then throws at once. */
export function readElfSoon(reader: ByteReader): Soon<ElfFile> {
  return parseSoon(reader, parseElf)
}

function parseElf(blocks: Blocks): ElfFile {
  const header = parseHeader(blocks)
  // Made of the header itself, as copying one costs much; nobody else has it.
  const file: Mutable<ElfFile> = Object.assign(header, { machine: machineOf(header), kind: 'other' as const })
  const unlinked = UNLINKED[header.type]
  if (unlinked !== undefined || header.phentsize !== PHENTSIZE[header.class]) {
    file.kind = unlinked ?? 'other'
    return file
  }
  checkTable(header)
  const segment = segmentOf(header, PT_INTERP)
  const interpreter = segment === undefined ? undefined : readInterpreter(blocks, segment)
  const dynamic = readDynamic(blocks, header)
  file.kind = kindOf(header.type, interpreter, dynamic)
  if (interpreter !== undefined) file.interpreter = interpreter
  if (dynamic !== undefined) file.dynamic = dynamic
  return file
}

/** What is still being put together. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const ET_EXEC = 2
const ET_DYN = 3
const PT_INTERP = 3
const DF_1_PIE = 0x0800_0000
/** The kernel takes at most PATH_MAX bytes. */
const INTERPRETER_MAX = 4096
const UNLINKED: Readonly<Record<number, ElfKind>> = { 1: 'relocatable', 4: 'core' }

function checkTable({ segments, phnum }: ElfHeader): void {
  if (segments.length === phnum) return
  throw new LiftError('malformed-elf', `program header table: ${phnum} entries do not lie inside of the file`)
}

/** PT_INTERP up to the first NUL; as for the kernel, it is the first one that counts. */
function readInterpreter(blocks: Blocks, { offset, filesz }: Segment): string {
  if (offset + filesz > blocks.size) throw malformed('PT_INTERP', offset, 'leaves the file')
  const bytes = blocks.at(offset, Math.min(filesz, INTERPRETER_MAX))
  return textUntilNul(bytes, 0) ?? textOf(bytes)
}

function kindOf(type: number, interpreter: string | undefined, dynamic: Dynamic | undefined): ElfKind {
  if (type === ET_EXEC) {
    if (interpreter === undefined) return 'static'
    return dynamic === undefined ? 'klibc' : 'program'
  }
  if (type !== ET_DYN || dynamic === undefined) return 'other'
  if (interpreter !== undefined) return 'program'
  return dynamic.flags1 & DF_1_PIE ? 'static-pie' : 'library'
}
