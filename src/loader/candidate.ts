import { type ElfFile, type ElfHeader, headerFault } from '../elf/elf.js'
import type { Trail } from '../rootfs/follow.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import type { ElfReading, FilesAtHand } from './files.js'
import type { Outcome } from './loader.js'

/** What a loader finds at a path it opens. */
export type Candidate =
  | { readonly outcome: 'taken'; readonly file: FileEntry; readonly elf: ElfFile }
  | { readonly outcome: Exclude<Outcome, 'taken' | 'same-file' | 'second libc'> }

/** The ABI a loader was built for; what it compares candidates with. */
export type Port = Pick<ElfHeader, 'class' | 'endian' | 'machineNumber' | 'flags'>

/** What the kernel's open(2) would say of the end of a trail, before any byte is read. */
export function openedFile(trail: Trail): FileEntry | 'absent' | 'link loop' | 'directory' | 'special file' {
  if (trail.fault === 'link-loop' || trail.fault === 'name-too-long') return 'link loop'
  if (trail.end === undefined) return 'absent'
  if (trail.end.kind === 'file') return trail.end
  return trail.end.kind === 'directory' ? 'directory' : 'special file'
}

/** Outcomes after which glibc tries the next path; all others stop it with an error (elf/dl-load.c, open_verify). */
export function glibcSkips(outcome: Outcome): boolean {
  return (
    outcome === 'absent' ||
    outcome === 'other class' ||
    outcome === 'other machine' ||
    outcome === 'other abi'
  )
}

const HEADER_SIZE = { '32': 52, '64': 64 }

/** Opens and judges a candidate library as glibc does (elf/dl-load.c, open_verify). */
export function glibcCandidate(files: FilesAtHand, trail: Trail, port: Port): Candidate {
  const file = openedFile(trail)
  if (typeof file === 'string') return { outcome: file }
  // Whatever the file says of itself, the loader wants a header of its own class.
  if (file.size < HEADER_SIZE[port.class]) return { outcome: 'too short' }
  const reading = files.read(file)
  const header = reading.elf ?? reading.header
  if (header === undefined) {
    // Anything but its own class may be a library of some other loader.
    const isOtherClass = reading.elf === undefined && headerFault(reading.error) === 'unknown class'
    return { outcome: isOtherClass ? 'other class' : unreadableOutcome(reading) }
  }
  const outcome = judgeHeader(header, port)
  if (outcome !== 'taken') return { outcome }
  if (reading.elf === undefined) return { outcome: 'invalid header' }
  const loadable = judgeType(reading.elf)
  return loadable === 'taken' ? { outcome: 'taken', file, elf: reading.elf } : { outcome: loadable }
}

/**
 * Opens and judges a candidate as musl does (ldso/dynlink.c, map_library): only the type and a dynamic section
 * count there. A file of another machine would be mapped and crash; it is reported as what it is, and blocks.
 */
export function muslCandidate(files: FilesAtHand, trail: Trail, port: Port): Candidate {
  if (trail.fault === 'name-too-long') return { outcome: 'absent' }
  const file = openedFile(trail)
  if (typeof file === 'string') return { outcome: file }
  const reading = files.read(file)
  if (reading.elf === undefined) return { outcome: unreadableOutcome(reading) }
  const outcome = judgeHeader(reading.elf, port)
  if (outcome !== 'taken') return { outcome }
  if (reading.elf.dynamic === undefined) return { outcome: 'not loadable' }
  return { outcome: 'taken', file, elf: reading.elf }
}

function unreadableOutcome(reading: ElfReading): 'too short' | 'not elf' | 'invalid header' {
  const fault = reading.elf === undefined ? headerFault(reading.error) : undefined
  return fault === 'too short' || fault === 'not elf' ? fault : 'invalid header'
}

type HeaderOutcome =
  | 'taken'
  | 'other class'
  | 'other byte order'
  | 'other machine'
  | 'other abi'
  | 'invalid header'

function judgeHeader(header: ElfHeader, port: Port): HeaderOutcome {
  if (header.class !== port.class) return 'other class'
  const isOtherMachine = machineSeenBy(port, header) !== port.machineNumber
  // Debian's loaders skip a file of another machine here; upstream's stop at whatever is wrong with e_ident.
  if (header.endian !== port.endian) return isOtherMachine ? 'other machine' : 'other byte order'
  if (!hasValidIdent(header)) return isOtherMachine ? 'other machine' : 'invalid header'
  if (header.version !== 1) return 'invalid header'
  if (isOtherMachine) return 'other machine'
  if (!isSameAbi(header, port)) return 'other abi'
  if (header.phentsize !== (header.class === 64 ? 56 : 32)) return 'invalid header'
  return 'taken'
}

/** A loader reads e_machine in its own byte order, whatever the file says. */
function machineSeenBy(port: Port, { machineNumber, endian }: ElfHeader): number {
  return endian === port.endian ? machineNumber : ((machineNumber & 0xff) << 8) | (machineNumber >>> 8)
}

const OSABI_SYSV = 0
const OSABI_GNU = 3
const OSABI_ARM = 97
const EM_MIPS = 8
const EM_ARM = 40
const EM_PPC64 = 21
const EM_RISCV = 243

function hasValidIdent(header: ElfHeader): boolean {
  const { osabi, abiVersion, machineNumber } = header
  if (header.identVersion !== 1 || !header.paddingZero) return false
  if (osabi !== OSABI_SYSV && osabi !== OSABI_GNU && !(osabi === OSABI_ARM && machineNumber === EM_ARM))
    return false
  // LIBC_ABI_MAX: the ABI versions glibc has given meaning to so far.
  if (machineNumber === EM_MIPS) return abiVersion < 6
  return abiVersion === 0 || (osabi === OSABI_GNU && abiVersion < 4)
}

/** The ports that look at e_flags (sysdeps/…/dl-machine.h, elf_machine_matches_host). */
function isSameAbi(header: ElfHeader, port: Port): boolean {
  const ours = header.flags
  const theirs = port.flags
  if (header.machineNumber === EM_ARM) return isSameArmFloat(ours, theirs)
  if (header.machineNumber === EM_RISCV) return (ours & 6) === (theirs & 6)
  if (header.machineNumber === EM_MIPS) return ((ours ^ theirs) & 0x420) === 0
  if (header.machineNumber === EM_PPC64)
    return (ours & 3) === 0 || (theirs & 3) === 0 || (ours & 3) === (theirs & 3)
  return true
}

const ARM_EABI_MASK = 0xff000000
const ARM_EABI5 = 0x05000000
const ARM_SOFT = 0x200
const ARM_HARD = 0x400

/** A library without a float mark fits both sorts of program. */
function isSameArmFloat(ours: number, theirs: number): boolean {
  if ((ours & ARM_EABI_MASK) >>> 0 !== ARM_EABI5) return true
  const floats = ARM_SOFT | ARM_HARD
  return (ours & floats) === 0 || (theirs & floats) === 0 || (ours & floats) === (theirs & floats)
}

const ET_EXEC = 2
const ET_DYN = 3
const DF_1_PIE = 0x08000000

function judgeType(elf: ElfFile): 'taken' | 'not loadable' | 'executable' {
  if (elf.type !== ET_EXEC && elf.type !== ET_DYN) return 'not loadable'
  if (elf.dynamic === undefined) return elf.type === ET_EXEC ? 'executable' : 'not loadable'
  if (elf.type === ET_EXEC || (elf.dynamic.flags1 & DF_1_PIE) !== 0) return 'executable'
  return 'taken'
}
