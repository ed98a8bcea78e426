import type { ElfFile } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import type { RootFiles } from '../loader/files.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import { walk } from '../rootfs/walk.js'

/** An ELF file of an image that is a program or a library. */
export interface FoundElf {
  readonly entry: FileEntry
  readonly elf: ElfFile
}

const LEFT_OUT = new Set(['relocatable', 'core', 'other'])
/** The shortest ELF header. */
const SHORTEST = 52

/** All ELF files of an image that a loader may take; told of each path that may not be read, it goes on. */
export async function* elfFiles(
  files: RootFiles,
  refused: (path: RootPath) => void,
): AsyncGenerator<FoundElf> {
  const refuse = (path: RootPath, error: unknown): undefined => {
    if (!(error instanceof LiftError) || error.code !== 'unreadable') throw error
    refused(path)
    return undefined
  }
  for await (const entry of walk(files.rootfs, '/', refuse)) {
    if (entry.kind !== 'file' || entry.size < SHORTEST) continue
    const elf = await elfOf(files, entry).catch((error: unknown) => refuse(entry.path, error))
    if (elf !== undefined && !LEFT_OUT.has(elf.kind)) yield { entry, elf }
  }
}

async function elfOf(files: RootFiles, file: FileEntry): Promise<ElfFile | undefined> {
  return (await files.read(file)).elf
}
