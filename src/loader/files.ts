import type { ByteReader, Soon } from '../bytes.js'
import { type ElfFile, type ElfHeader, readElfSoon, readHeader } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import { remembered } from '../rootfs/cached.js'
import { follower, type Trail } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry, RootFs } from '../rootfs/rootfs.js'
import { type Answers, atHand, waitingFor } from '../rootfs/waiting.js'

/** What reading a file as ELF gave: the file, or why not, with the header where at least that is sound. */
export type ElfReading =
  | { readonly elf: ElfFile }
  | { readonly elf: undefined; readonly error: LiftError; readonly header: ElfHeader | undefined }

/** The files of one root as loaders meet them: each path walked once, each ELF file read once. */
export interface RootFiles {
  readonly rootfs: RootFs
  /** Walks a path; relative ones from `workingDir`. */
  trail(path: string, workingDir: RootPath): Soon<Trail>
  read(file: FileEntry): Soon<ElfReading>
  readonly atHand: FilesAtHand
  /** The bytes of a small configuration file. Throws LiftError 'limit' above 64 MiB. */
  content(file: FileEntry): Promise<Uint8Array>
}

/** The same for work that never waits: they throw Lacking for what has to be waited for. */
export interface FilesAtHand {
  trail(path: string, workingDir: RootPath): Trail
  read(file: FileEntry): ElfReading
}

const MAX_CONTENT = 64 * 1024 * 1024

/** Remembers trails by text and ELF files by identity for as long as it lives. */
export function rootFiles(rootfs: RootFs): RootFiles {
  const follow = follower(rootfs)
  const trails = new Map<RootPath, Trail>()
  const readings: Answers<string, ElfReading> = new Map()
  const contents = new Map<string, Promise<Uint8Array>>()
  const own: FilesAtHand = {
    trail: (path, workingDir) => {
      const absolute = path.startsWith('/') ? path : `${workingDir === '/' ? '' : workingDir}/${path}`
      return remembered(trails, absolute as RootPath, follow)
    },
    read: (file) => atHand(readings, file.identity, () => readFile(rootfs.open(file))),
  }
  return {
    rootfs,
    ...awaited(own),
    content: (file) => remembered(contents, file.identity, () => readContent(rootfs, file)),
  }
}

/** What is at hand, and the same for those who can wait for it. */
export function awaited(own: FilesAtHand): Pick<RootFiles, 'trail' | 'read' | 'atHand'> {
  return {
    atHand: own,
    trail: (path, workingDir) => waitingFor(() => own.trail(path, workingDir)),
    read: (file) => waitingFor(() => own.read(file)),
  }
}

function readFile(reader: ByteReader): Soon<ElfReading> {
  try {
    const elf = readElfSoon(reader)
    if (!(elf instanceof Promise)) return { elf }
    return elf.then(
      (elf) => ({ elf }),
      (error) => faultIn(reader, error),
    )
  } catch (error) {
    return faultIn(reader, error)
  }
}

async function faultIn(reader: ByteReader, error: unknown): Promise<ElfReading> {
  if (!isElfFault(error)) throw error
  return { elf: undefined, error, header: await readHeader(reader).catch(noHeader) }
}

function noHeader(error: unknown): undefined {
  if (!isElfFault(error)) throw error
  return undefined
}

function isElfFault(error: unknown): error is LiftError {
  return error instanceof LiftError && (error.code === 'not-elf' || error.code === 'malformed-elf')
}

async function readContent(rootfs: RootFs, file: FileEntry): Promise<Uint8Array> {
  if (file.size > MAX_CONTENT) {
    throw new LiftError('limit', `${file.path} is larger than 64 MiB, too large for a configuration file`)
  }
  return rootfs.open(file).read(0, file.size)
}
