import { buildElf, type ElfOptions } from './elf-builder.js'

/** What a build of glibc's loader has compiled in; the defaults are Debian's for amd64. */
export interface LoaderBuild {
  /** Default directories in order; none at all where empty. */
  readonly directories?: readonly string[]
  /** Whether their lengths stand in the file, as they do in every real one. */
  readonly lengths?: 'present' | 'absent'
  /** The value of `$LIB`. */
  readonly lib?: string
  readonly cachePath?: string
  /** Its version text; loaders before 2.33 have none, which is written `none` here. */
  readonly version?: string
  /** glibc-hwcaps levels, joined by colons. */
  readonly levels?: string
  readonly elf?: ElfOptions
}

const T = 'x86_64-linux-gnu'

/** A file that has what liftbin reads from glibc's loader. */
export function loaderFile(build: LoaderBuild = {}): Uint8Array {
  const { elf = {} } = build
  return Buffer.concat([buildElf({ soname: 'ld-linux-x86-64.so.2', ...elf }), compiledIn(build)])
}

/** The strings and lengths alone, among others that are there too. */
export function compiledIn(build: LoaderBuild = {}): Uint8Array {
  const { version = '2.41', levels = 'x86-64-v4:x86-64-v3:x86-64-v2', lengths = 'present', elf = {} } = build
  const directories = build.directories ?? [`/lib/${T}/`, `/usr/lib/${T}/`, '/lib/', '/usr/lib/']
  const strings = [
    'cannot open shared object file',
    build.lib ?? `lib/${T}`,
    '/proc/self/fd/',
    '//',
    ...(levels === '' ? [] : [levels]),
    build.cachePath ?? '/etc/ld.so.cache',
    ...(version === 'none' ? [] : [`GNU C Library stable release version ${version}.`]),
    'system search path',
    ...directories,
    'end of it',
  ]
  const text = Buffer.from(`\0${strings.map((string) => `${string}\0`).join('')}`)
  return lengths === 'absent' ? text : Buffer.concat([text, words(directories, elf)])
}

function words(directories: readonly string[], { class: size = 64, endian = 'little' }: ElfOptions): Buffer {
  const width = size / 8
  const out = Buffer.alloc(directories.length * width)
  directories.forEach((directory, index) => {
    if (endian === 'little') out.writeUIntLE(directory.length, index * width, 4)
    else out.writeUIntBE(directory.length, index * width + width - 4, 4)
  })
  return out
}
