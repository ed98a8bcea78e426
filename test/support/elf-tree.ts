import type { MachinePlatform } from '../../src/elf/elf.js'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import type { Image } from '../../src/image/image.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { buildElf, type ElfOptions } from './elf-builder.js'

/** A root in short: ELF files as options, everything else as memoryRootFs takes it. */
export type Tree = Readonly<Record<string, MemoryNode | ElfNode>>

/** An ELF file that is yet to be built. */
export interface ElfNode {
  readonly elf: ElfOptions
  readonly mode?: number
  readonly identity?: string
}

/** What an image says besides its files. */
export interface Surroundings {
  /** ENV of the image. */
  readonly env?: readonly string[]
  readonly workingDir?: string
  /** Default amd64. */
  readonly platform?: MachinePlatform
}

/** The root of a tree, its ELF files built. */
export function rootOfTree(tree: Tree): RootFs {
  return memoryRootFs(Object.fromEntries(Object.entries(tree).map(([path, node]) => [path, nodeOf(node)])))
}

function nodeOf(node: MemoryNode | ElfNode): MemoryNode {
  if (typeof node === 'string' || node instanceof Uint8Array || !('elf' in node)) return node
  const { elf, ...rest } = node
  return { file: buildElf(elf), ...rest }
}

/** An image that holds a tree and nothing else, as from a directory. */
export function imageOfTree(tree: Tree, { env = [], workingDir, platform }: Surroundings = {}): Image {
  return {
    reference: 'dir:/root',
    platform: { os: 'linux', ...(platform ?? { architecture: 'amd64' }) },
    config: { ...EMPTY_CONFIG, env, ...(workingDir === undefined ? {} : { workingDir }) },
    rootfs: rootOfTree(tree),
    copySource: { kind: 'context' },
    [Symbol.asyncDispose]: async () => {},
  }
}
