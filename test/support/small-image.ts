import { EMPTY_CONFIG, type ImageConfig } from '../../src/image/config.js'
import type { CopySource, Image } from '../../src/image/image.js'
import type { Platform } from '../../src/image/platform.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf, type ElfOptions } from './elf-builder.js'
import { loaderFile } from './glibc-loader-file.js'
import { buildCache, hwcapEntry } from './ld-so-cache-builder.js'

/** What lies in a small image, by path. */
export type Tree = Readonly<Record<string, MemoryNode>>

/** What is said of an image besides its files. */
export interface ImageParts {
  readonly platform?: Platform
  readonly config?: Partial<ImageConfig>
  readonly copySource?: CopySource
  readonly size?: number
  readonly unreadAttributes?: () => string | undefined
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
    ...(parts.unreadAttributes === undefined ? {} : { unreadAttributes: parts.unreadAttributes }),
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
export function glibcLoader(elf: ElfOptions = {}, directories = DIRECTORIES): Uint8Array {
  return loaderFile({
    directories,
    lib: directories[0]!.slice(1, -1),
    version: '2.36',
    elf: { versionsDefined: ['GLIBC_2.2.5'], ...elf },
  })
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
}

/** `/etc/ld.so.cache` as ldconfig writes it for x86-64. */
export function ldSoCache(lines: readonly CacheLine[]): Uint8Array {
  const hwcaps = [...new Set(lines.flatMap((line) => line.hwcaps ?? []))].sort()
  const entries = lines.map(({ name, path, hwcaps: level }) => ({
    name,
    path,
    ...(level === undefined ? {} : { hwcap: hwcapEntry(hwcaps.indexOf(level)) }),
  }))
  return buildCache({ entries, hwcaps })
}
