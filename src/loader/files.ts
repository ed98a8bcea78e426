import { type ElfFile, type ElfHeader, readElf, readHeader } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import { remembered } from '../rootfs/cached.js'
import { follower, type Trail } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry, RootFs } from '../rootfs/rootfs.js'

/** What reading a file as ELF gave: the file, or why not, with the header where at least that is sound. */
export type ElfReading =
  | { readonly elf: ElfFile }
  | { readonly elf: undefined; readonly error: LiftError; readonly header: ElfHeader | undefined }

/** The files of one root as loaders meet them: each path walked once, each ELF file read once. */
export interface RootFiles {
  readonly rootfs: RootFs
  /** Walks a path; relative ones from `workingDir`. */
  trail(path: string, workingDir: RootPath): Promise<Trail>
  read(file: FileEntry): Promise<ElfReading>
  /** The bytes of a small configuration file. Throws LiftError 'limit' above 64 MiB. */
  content(file: FileEntry): Promise<Uint8Array>
}

const MAX_CONTENT = 64 * 1024 * 1024

/** Remembers trails by text and ELF files by identity for as long as it lives. */
export function rootFiles(rootfs: RootFs): RootFiles {
  const follow = follower(rootfs)
  const trails = new Map<string, Promise<Trail>>()
  const readings = new Map<string, Promise<ElfReading>>()
  const contents = new Map<string, Promise<Uint8Array>>()
  return {
    rootfs,
    trail: (path, workingDir) => {
      const absolute = path.startsWith('/') ? path : `${workingDir === '/' ? '' : workingDir}/${path}`
      return remembered(trails, absolute, () => follow(absolute as RootPath))
    },
    read: (file) => remembered(readings, file.identity, () => readFile(rootfs, file)),
    content: (file) => remembered(contents, file.identity, () => readContent(rootfs, file)),
  }
}

async function readFile(rootfs: RootFs, file: FileEntry): Promise<ElfReading> {
  const reader = rootfs.open(file)
  try {
    return { elf: await readElf(reader) }
  } catch (error) {
    if (!isElfFault(error)) throw error
    return { elf: undefined, error, header: await readHeader(reader).catch(noHeader) }
  }
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
