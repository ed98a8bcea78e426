import type { ElfFile } from '../elf/elf.js'
import { join, parent, type RootPath } from '../rootfs/path.js'
import type { GlibcInstallation } from './glibc-installation.js'
import type { LoadedObject } from './loader.js'
import type { TokenValues } from './tokens.js'

/** What the tokens in a name stand for that an object asks for. */
export function tokenValues(
  installation: GlibcInstallation,
  object: LoadedObject,
  workingDir: RootPath,
): TokenValues {
  return {
    ORIGIN: originOf(object, workingDir),
    LIB: installation.build.lib,
    PLATFORM: platformsOf(installation.object.elf)[0],
  }
}

/** The directory of an object's open path as text; links in it are kept (elf/dl-origin.c, dl-object.c). */
export function originOf(object: LoadedObject, workingDir: RootPath): string {
  return parent(join(workingDir, object.name))
}

/** The values `$PLATFORM` may have, the usual one first; glibc replaces it on some Intel CPUs. */
export function platformsOf(elf: ElfFile): readonly string[] {
  return PLATFORMS[elf.machineNumber] ?? []
}

const PLATFORMS: Readonly<Record<number, readonly string[]>> = {
  3: ['i686', 'i586', 'i486', 'i386'],
  62: ['x86_64', 'haswell', 'xeon_phi'],
  40: ['v7l', 'v8l', 'v6l'],
  183: ['aarch64'],
}
