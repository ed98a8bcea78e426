import { EMPTY_CONFIG, type ImageConfig } from '../../src/image/config.js'
import type { CopySource, Image } from '../../src/image/image.js'
import type { Platform } from '../../src/image/platform.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf, type ElfOptions } from './elf-builder.js'

/** What lies in a small image, by path. */
export type Tree = Readonly<Record<string, MemoryNode>>

/** What is said of an image besides its files. */
export interface ImageParts {
  readonly platform?: Platform
  readonly config?: Partial<ImageConfig>
  readonly copySource?: CopySource
  readonly size?: number
}

/** An image over a literal tree: pinned, for amd64, with an empty configuration unless the test says more. */
export function smallImage(tree: Tree, parts: ImageParts = {}): Image {
  const digest = `sha256:${'ab'.repeat(32)}`
  return {
    reference: 'docker:small',
    digest,
    platform: parts.platform ?? { os: 'linux', architecture: 'amd64' },
    config: { ...EMPTY_CONFIG, ...parts.config },
    rootfs: memoryRootFs(tree),
    copySource: parts.copySource ?? { kind: 'image', from: `small@${digest}`, pinned: true },
    ...(parts.size === undefined ? {} : { size: parts.size }),
    [Symbol.asyncDispose]: async () => {},
  }
}

export const GLIBC = '/lib64/ld-linux-x86-64.so.2'
export const MUSL = '/lib/ld-musl-x86_64.so.1'

/** A program that asks for glibc's loader. */
export function program(needed: readonly string[] = [], options: ElfOptions = {}): Uint8Array {
  return buildElf({ interp: GLIBC, needed, ...options })
}

/** A shared library with a soname. */
export function library(
  soname: string,
  needed: readonly string[] = [],
  options: ElfOptions = {},
): Uint8Array {
  return buildElf({ soname, needed, ...options })
}

const DIRECTORIES = ['/lib/x86_64-linux-gnu/', '/usr/lib/x86_64-linux-gnu/', '/lib/', '/usr/lib/']

/** A file that is recognised as glibc 2.36's loader for x86-64 Debian, with what it has compiled in. */
export function glibcLoader(options: ElfOptions = {}, directories = DIRECTORIES): Uint8Array {
  const size = (options.class ?? 64) / 8
  const lengths = Buffer.alloc(directories.length * size)
  directories.forEach((directory, index) => {
    lengths.writeUInt32LE(directory.length, index * size)
  })
  const texts = [
    '',
    'stable release version 2.36.',
    ...directories,
    '',
    directories[0]!.slice(1, -1),
    '/etc/ld.so.cache',
    'x86-64-v4:x86-64-v3:x86-64-v2',
    '',
  ]
  const elf = buildElf({ soname: 'ld-linux-x86-64.so.2', versionsDefined: ['GLIBC_2.2.5'], ...options })
  return Buffer.concat([elf, Buffer.from(texts.join('\0')), lengths])
}

/** A file that is recognised as musl's loader for x86-64. */
export function muslLoader(): Uint8Array {
  const elf = buildElf({ soname: 'libc.musl-x86_64.so.1' })
  return Buffer.concat([elf, Buffer.from('\0musl libc\0/etc/ld-musl-x86_64.path\0')])
}

/** A Debian root with merged /usr: the C library, its loader and its links, and what a test puts over it. */
export function debianTree(more: Tree = {}): Tree {
  return {
    '/bin': { link: 'usr/bin' },
    '/lib': { link: 'usr/lib' },
    '/lib64': { link: 'usr/lib64' },
    '/usr/lib64/ld-linux-x86-64.so.2': { link: '/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2' },
    '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': glibcLoader(),
    '/usr/lib/x86_64-linux-gnu/libc.so.6': library('libc.so.6', ['ld-linux-x86-64.so.2'], {
      versionsDefined: ['GLIBC_2.2.5', 'GLIBC_2.34'],
    }),
    ...more,
  }
}

/** One line of a cache; `hwcaps` names the glibc-hwcaps directory it belongs to. */
export interface CacheLine {
  readonly name: string
  readonly path: string
  readonly hwcaps?: string
  /** 0x0303, x86-64, by default. */
  readonly flags?: number
}

/** `/etc/ld.so.cache` in the format of ldconfig 2.33 and later, little-endian. */
export function ldSoCache(lines: readonly CacheLine[]): Uint8Array {
  const levels = [...new Set(lines.flatMap(({ hwcaps }) => (hwcaps === undefined ? [] : [hwcaps])))].sort()
  const extension = 8 + 16 + 4 * levels.length
  const start = Math.ceil((48 + 24 * lines.length) / 4) * 4
  const strings = new Strings(start + extension)
  const head = Buffer.alloc(start + extension)
  head.write('glibc-ld.so.cache1.1', 'latin1')
  head.writeUInt32LE(lines.length, 20)
  head[28] = 2
  lines.forEach(({ name, path, hwcaps, flags = 0x0303 }, index) => {
    const at = 48 + index * 24
    const low = hwcaps === undefined ? 0 : levels.indexOf(hwcaps)
    const high = hwcaps === undefined ? 0 : 0x4000_0000
    const words = [flags, strings.add(name), strings.add(path), 0, low, high]
    words.forEach((word, place) => {
      head.writeUInt32LE(word, at + 4 * place)
    })
  })
  head.writeUInt32LE(start, 32)
  const directory = [0xeaa42174, 1, 1, 0, start + 24, 4 * levels.length]
  for (const [place, word] of [...directory, ...levels.map((level) => strings.add(level))].entries()) {
    head.writeUInt32LE(word, start + 4 * place)
  }
  head.writeUInt32LE(strings.bytes().length, 24)
  return Buffer.concat([head, strings.bytes()])
}

class Strings {
  readonly #start: number
  #text = ''

  constructor(start: number) {
    this.#start = start
  }

  add(text: string): number {
    const at = this.#start + this.#text.length
    this.#text += `${text}\0`
    return at
  }

  bytes(): Buffer {
    return Buffer.from(this.#text, 'latin1')
  }
}
