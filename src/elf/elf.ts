import type { ByteReader } from '../bytes.js'
import type { Machine } from './machine.js'

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
  readonly segments: readonly Segment[]
}

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
  readonly dependencies: readonly { readonly kind: 'needed' | 'auxiliary' | 'filter'; readonly name: string }[]
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

/** See loader-rules A5: what a file is by e_type, PT_INTERP, PT_DYNAMIC and DF_1_PIE. */
export type ElfKind = 'program' | 'static' | 'static-pie' | 'library' | 'klibc' | 'relocatable' | 'core' | 'other'

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
export declare function readElf(reader: ByteReader): Promise<ElfFile>
