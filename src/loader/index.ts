import { bufferOf } from '../bytes.js'
import { type ElfFile, foreignSystem } from '../elf/elf.js'
import { remembered } from '../rootfs/cached.js'
import type { RootPath } from '../rootfs/path.js'
import type { RootFiles } from './files.js'
import { glibcLoader } from './glibc.js'
import { type GlibcInstallation, readGlibcInstallation } from './glibc-installation.js'
import type { LoadedObject, Loader, LoaderSettings } from './loader.js'
import { type MuslInstallation, muslLoader, readMuslInstallation } from './musl.js'

/** A loader with its rules, or why a program's interpreter gives none. */
export type LoaderAnswer =
  | { readonly installation: LoaderInstallation }
  | { readonly fault: 'missing' | 'unusable' | 'unknown'; readonly reason: string }

/** A loader file of a root, its configuration read; `loader` gives its rules under some settings. */
export interface LoaderInstallation {
  readonly object: LoadedObject
  loader(settings: LoaderSettings): Loader
}

/** Finds out which dialect an interpreter speaks, by the content of its file; each file is read once. */
export interface Loaders {
  loaderFor(interpreter: string, program: ElfFile, workingDir: RootPath): Promise<LoaderAnswer>
}

/** The loaders of one root. */
export function loadersOf(files: RootFiles): Loaders {
  const known = new Map<string, Promise<LoaderAnswer>>()
  return {
    loaderFor: (interpreter, program, workingDir) => {
      const key = `${interpreter}\0${workingDir}\0${program.class}\0${program.machineNumber}`
      return remembered(known, key, () => install(files, interpreter, program, workingDir))
    },
  }
}

/** The longest PT_INTERP the kernel takes, with its NUL (fs/binfmt_elf.c: PATH_MAX). */
const MAX_INTERPRETER = 4096

async function install(
  files: RootFiles,
  interpreter: string,
  program: ElfFile,
  workingDir: RootPath,
): Promise<LoaderAnswer> {
  if (interpreter === '' || Buffer.byteLength(interpreter) >= MAX_INTERPRETER) {
    return { fault: 'unusable', reason: 'its name is empty or longer than the kernel takes' }
  }
  const trail = await files.trail(interpreter, workingDir)
  const file = trail.end
  if (file === undefined) {
    return {
      fault: 'missing',
      reason: trail.fault === 'link-loop' ? 'its links form a loop' : 'there is no such file',
    }
  }
  if (file.kind !== 'file') return { fault: 'unusable', reason: `it is a ${file.kind}` }
  const reading = await files.read(file)
  if (reading.elf === undefined) return { fault: 'unusable', reason: reading.error.message }
  const { elf } = reading
  if (
    elf.machineNumber !== program.machineNumber ||
    elf.class !== program.class ||
    elf.endian !== program.endian
  ) {
    return { fault: 'unusable', reason: 'it is for another machine than the program' }
  }
  const object: LoadedObject = {
    name: interpreter,
    trail,
    file,
    elf,
    rule: 'interpreter',
    names: new Set([interpreter]),
  }
  return installDialect(files, object)
}

async function installDialect(files: RootFiles, object: LoadedObject): Promise<LoaderAnswer> {
  const content = await files.content(object.file)
  const bytes = bufferOf(content)
  const { osabi } = object.elf
  if (osabi !== 0 && osabi !== 3 && osabi !== 97) {
    return { fault: 'unknown', reason: `it is a file for ${foreignSystem(osabi) ?? `OS ABI ${osabi}`}` }
  }
  // uClibc's loader has a cache of that name as well; musl's has none.
  if (bytes.includes('/ld.so.cache\0')) {
    if (!bytes.includes('uClibc'))
      return { installation: glibcInstallation(await readGlibcInstallation(files, object)) }
  } else if (isMusl(bytes)) {
    return { installation: muslInstallation(await readMuslInstallation(files, object)) }
  }
  return { fault: 'unknown', reason: "it is neither glibc's nor musl's loader" }
}

/** The name of musl's path file stands in every musl loader; its version text says so too. */
function isMusl(bytes: Buffer): boolean {
  return bytes.includes('/etc/ld-musl-') || bytes.includes('musl libc')
}

function glibcInstallation(data: GlibcInstallation): LoaderInstallation {
  return { object: data.object, loader: (settings) => glibcLoader(data, settings) }
}

function muslInstallation(data: MuslInstallation): LoaderInstallation {
  return { object: data.object, loader: (settings) => muslLoader(data, settings) }
}
