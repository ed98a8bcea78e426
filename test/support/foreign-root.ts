import type { MemoryNode } from '../../src/rootfs/memory.js'
import { buildElf, type ElfOptions } from './elf-builder.js'
import { loaderFile } from './glibc-loader-file.js'

/** An architecture as its programs and its loader's build show it. */
export interface Port {
  readonly elf: ElfOptions
  /** PT_INTERP. */
  readonly loader: string
  readonly triplet: string
}

/** Debian's ports of both classes and byte orders, and amd64 and i386, which share roots. */
export const PORTS = {
  amd64: port('x86_64-linux-gnu', '/lib64/ld-linux-x86-64.so.2', { machine: 62 }),
  i386: port('i386-linux-gnu', '/lib/ld-linux.so.2', { machine: 3, class: 32 }),
  arm64: port('aarch64-linux-gnu', '/lib/ld-linux-aarch64.so.1', { machine: 183 }),
  armhf: port('arm-linux-gnueabihf', '/lib/ld-linux-armhf.so.3', {
    machine: 40,
    class: 32,
    flags: 0x0500_0400,
  }),
  riscv64: port('riscv64-linux-gnu', '/lib/ld-linux-riscv64-lp64d.so.1', { machine: 243, flags: 5 }),
  s390x: port('s390x-linux-gnu', '/lib/ld64.so.1', { machine: 22, endian: 'big' }),
} satisfies Record<string, Port>

function port(triplet: string, loader: string, elf: ElfOptions): Port {
  return { elf, loader, triplet }
}

/** A program, a chain of libraries and the loader of one port in Debian's merged-usr layout. */
export function debianRoot({ elf, loader, triplet }: Port): Record<string, MemoryNode> {
  const home = `/usr/lib/${triplet}`
  const name = loader.slice(loader.lastIndexOf('/') + 1)
  const versions = [{ file: 'libc.so.6', versions: ['GLIBC_2.17'] }]
  return {
    '/bin': { link: 'usr/bin' },
    '/lib': { link: 'usr/lib' },
    '/lib64': { link: 'usr/lib64' },
    [`/usr${loader}`]: { link: `/lib/${triplet}/${name}` },
    [`${home}/${name}`]: glibcLoader({ elf, loader, triplet }),
    [`${home}/libc.so.6`]: buildElf({
      ...elf,
      soname: 'libc.so.6',
      needed: [name],
      versionsDefined: ['GLIBC_2.17'],
    }),
    [`${home}/liba.so.1`]: { link: 'liba.so.1.2' },
    [`${home}/liba.so.1.2`]: buildElf({ ...elf, soname: 'liba.so.1', needed: ['libc.so.6'] }),
    '/usr/bin/tool': program(
      { elf, loader, triplet },
      { needed: ['liba.so.1', 'libc.so.6'], versionsNeeded: versions },
    ),
  }
}

/** A program of a port. */
export function program({ elf, loader }: Port, options: ElfOptions = {}): Uint8Array {
  return buildElf({ ...elf, interp: loader, dtFlags1: 0x0800_0000, ...options })
}

/** The loader of a port with Debian's default directories. */
export function glibcLoader({ elf, loader, triplet }: Port): Uint8Array {
  return loaderFile({
    directories: [`/lib/${triplet}/`, `/usr/lib/${triplet}/`, '/lib/', '/usr/lib/'],
    lib: `lib/${triplet}`,
    levels: '',
    elf: { ...elf, soname: loader.slice(loader.lastIndexOf('/') + 1) },
  })
}
