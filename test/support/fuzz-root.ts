import type { Image } from '../../src/image/image.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { buildElf, type ElfOptions } from './elf-builder.js'
import { mutated } from './fuzz-bytes.js'
import { cacheFile, randomLines } from './fuzz-cache.js'
import { mutatedElf } from './fuzz-elf.js'
import type { Random } from './fuzz-random.js'
import { loaderFile } from './glibc-loader-file.js'
import { muslLoaderFile } from './musl-root.js'

const GLIBC = '/lib64/ld-linux-x86-64.so.2'
const MUSL = '/lib/ld-musl-x86_64.so.1'
const LIBRARIES = ['liba.so', 'libb.so', 'libc.so.6', 'libd.so', 'liblost.so']
const DIRECTORIES = ['/lib/', '/usr/lib/', '/opt/lib/', '/app/', '/lib/glibc-hwcaps/x86-64-v3/']

const ODD = ['$ORIGIN', '', '$LIB', '$ORIGIN/../opt/lib', '/lib/../opt/./lib//', '../lib']

/** The programs that a random root may hold, for asking. */
export const PROGRAMS = ['/app/one', '/app/two', 'three', '/app/script', '/app/link', '/lib/liba.so']

/** A root with both loaders, libraries, programs, scripts, links and configuration, some of it damaged. */
export function randomRoot(random: Random): Record<string, MemoryNode> {
  const tree: Record<string, MemoryNode> = {}
  const put = (path: string, bytes: Uint8Array, isElf: boolean) => {
    tree[path] = { file: damaged(random, bytes, isElf), mode: random.pick([0o755, 0o755, 0o4755, 0o644]) }
  }
  put(GLIBC, loaderFile({ directories: ['/lib/', '/usr/lib/'] }), false)
  put(MUSL, muslLoaderFile(), false)
  for (const name of LIBRARIES) {
    for (const directory of random.several(0, 2, () => random.pick(DIRECTORIES)))
      put(`${directory}${name}`, buildElf({ soname: name, ...randomNeeds(random) }), true)
  }
  for (const path of ['/app/one', '/app/two', '/usr/bin/three', '/usr/bin/env'])
    put(path, buildElf({ interp: random.pick([GLIBC, GLIBC, MUSL, '/lost']), ...randomNeeds(random) }), true)
  put('/app/script', randomScript(random), false)
  put('/usr/bin/again', randomScript(random), false)
  tree['/app/link'] = { link: random.pick(['one', '../app/./two', 'link', '/usr/bin/three', '/app/script']) }
  addConfiguration(random, tree)
  return tree
}

function randomNeeds(random: Random): ElfOptions {
  const name = () => random.pick([...LIBRARIES, 'libc.so', '/opt/lib/liba.so', '$ORIGIN/libb.so', 'x/y'])
  const list = () => random.several(1, 3, () => random.pick([...DIRECTORIES, ...ODD])).join(':')
  const kinds = ['needed', 'needed', 'auxiliary', 'filter'] as const
  return {
    dependencies: random.several(0, 5, () => ({ kind: random.pick(kinds), name: name() })),
    ...(random.oneIn(4) ? { rpath: list() } : {}),
    ...(random.oneIn(4) ? { runpath: list() } : {}),
    ...(random.oneIn(8) ? { dtFlags1: random.pick([0x800, 0x0800_0000]) } : {}),
    ...(random.oneIn(8) ? { audit: `${name()}:${name()}` } : {}),
    ...(random.oneIn(3) ? { versionsNeeded: [{ file: name(), versions: ['V1', 'V2'] }] } : {}),
    ...(random.oneIn(3) ? { versionsDefined: ['V1'] } : {}),
  }
}

function damaged(random: Random, bytes: Uint8Array, isElf: boolean): Uint8Array {
  if (!random.oneIn(4)) return bytes
  return isElf ? mutatedElf(random, bytes) : mutated(random, bytes, [], 'little')
}

const SHEBANGS = [
  '#!/usr/bin/env again\n',
  '#!/usr/bin/env -S PATH=/app:/usr/bin three x\n',
  '#! /app/script\n',
  '#!/app/one -x\r\n',
  '#!/usr/bin/again',
  '#!/usr/bin/env script\n',
  '#!',
  '#! \t\n',
  '#!\0',
]

function randomScript(random: Random): Uint8Array {
  const head = random.oneIn(6) ? `#!${'a'.repeat(random.pick([252, 253, 254, 300]))}` : random.pick(SHEBANGS)
  return Buffer.concat([Buffer.from(head), random.bytes(random.below(80))])
}

function addConfiguration(random: Random, tree: Record<string, MemoryNode>): void {
  const text = () =>
    random
      .several(0, 6, () => random.pick([...LIBRARIES, ...DIRECTORIES, '#', '\0', '\xff', '/opt/lib/liba.so']))
      .join(random.pick([' ', ':', '\n']))
  if (random.oneIn(3)) tree['/etc/ld.so.preload'] = text()
  if (random.oneIn(3)) tree['/etc/ld-musl-x86_64.path'] = text()
  if (random.oneIn(3)) tree['/etc/ld.so.conf'] = random.bytes(40)
  if (random.oneIn(2)) {
    const format = random.pick(['old', 'new', 'combined'] as const)
    const { bytes, fields } = cacheFile(format, 'little', randomLines(random), ['x86-64-v3'])
    tree['/etc/ld.so.cache'] = random.oneIn(2) ? bytes : mutated(random, bytes, fields, 'little')
  }
}

/** What an image was asked for. */
export interface Work {
  looks: number
  bytes: number
}

/** An image of such a root, every look at it counted. */
export function imageOf(
  random: Random,
  tree: Readonly<Record<string, MemoryNode>>,
): { image: Image; work: Work } {
  const work: Work = { looks: 0, bytes: 0 }
  const env = random.several(0, 2, () =>
    random.pick([
      'LD_LIBRARY_PATH=/opt/lib:;x',
      'LD_PRELOAD=libd.so $ORIGIN',
      'PATH=/app::/usr/bin',
      'A=b\nc',
    ]),
  )
  const image: Image = {
    reference: 'dir:/root',
    platform: { os: 'linux', architecture: 'amd64' },
    config: { env, entrypoint: [], cmd: [], exposedPorts: [], volumes: [], labels: {} },
    rootfs: countedRootFs(memoryRootFs(tree), work),
    copySource: { kind: 'context' },
    [Symbol.asyncDispose]: async () => {},
  }
  return { image, work }
}

function countedRootFs(inner: RootFs, work: Work): RootFs {
  return {
    lstat: (path) => {
      work.looks++
      return inner.lstat(path)
    },
    list: (directory) => {
      work.looks++
      return inner.list(directory)
    },
    open: (file) => {
      const reader = inner.open(file)
      const read = async (offset: number, length: number) => {
        const bytes = await reader.read(offset, length)
        work.bytes += bytes.length
        return bytes
      }
      return { size: reader.size, read }
    },
  }
}
