import { EMPTY_CONFIG } from '../../src/image/config.js'
import type { Image } from '../../src/image/image.js'
import { type Finding, type Lift, lift } from '../../src/index.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { buildElf, type ElfOptions } from './elf-builder.js'
import { type LoaderBuild, loaderFile } from './glibc-loader-file.js'

/** A root in short: ELF files as options, everything else as memoryRootFs takes it. */
export type Tree = Readonly<Record<string, MemoryNode | Elf>>

interface Elf {
  readonly elf: ElfOptions
  readonly mode?: number
  readonly identity?: string
}

/** What surrounds a program of a root. */
export interface Start {
  /** Default `/bin/p`. */
  readonly program?: string
  /** ENV of the image. */
  readonly env?: readonly string[]
  readonly workingDir?: string
  /** What the loader at LOADER has compiled in; the tree may hold another file there. */
  readonly loader?: LoaderBuild
}

/** What a lift of one program says, in the terms that tests compare. */
export interface Answer {
  /** Open paths of the libraries in load order. */
  readonly found: readonly string[]
  /** `NAME for REQUESTER`. */
  readonly missing: readonly string[]
  /** `RULE PATH OUTCOME` for each place tried for a name that is missing. */
  readonly tried: Readonly<Record<string, readonly string[]>>
  readonly findings: readonly Finding[]
  readonly lift: Lift
}

/** PT_INTERP of the programs here. */
export const LOADER = '/lib64/ld-linux-x86-64.so.2'
const DF_1_PIE = 0x0800_0000

/** A program of LOADER. */
export function program(options: ElfOptions = {}): Elf {
  return { elf: { interp: LOADER, dtFlags1: DF_1_PIE, ...options } }
}

/** A library. */
export function library(options: ElfOptions = {}): Elf {
  return { elf: options }
}

/** Lifts one program out of a root that has glibc's loader. */
export async function liftFrom(tree: Tree, start: Start = {}): Promise<Answer> {
  const answer = await lift(imageOf(tree, start), [start.program ?? '/bin/p'])
  const { missing, programs, findings } = answer
  return {
    found: programs[0]!.libraries,
    missing: missing.map(({ name, neededBy }) => `${name} for ${neededBy}`),
    tried: Object.fromEntries(
      missing.map(({ name, attempts }) => [
        name,
        attempts.map(({ rule, path, outcome }) => `${rule} ${path} ${outcome}`),
      ]),
    ),
    findings,
    lift: answer,
  }
}

/** The kinds of a lift's findings that are more than notes. */
export function complaints({ findings }: Answer): readonly string[] {
  return findings.filter(({ severity }) => severity !== 'note').map(({ kind }) => kind)
}

/** The root of a tree, with a loader. */
export function rootOf(tree: Tree, build: LoaderBuild = {}): RootFs {
  const nodes = { [LOADER]: loaderFile(build), ...tree }
  return memoryRootFs(Object.fromEntries(Object.entries(nodes).map(([path, node]) => [path, nodeOf(node)])))
}

function nodeOf(node: MemoryNode | Elf): MemoryNode {
  if (typeof node === 'string' || node instanceof Uint8Array || !('elf' in node)) return node
  const { elf, ...rest } = node
  return { file: buildElf(elf), ...rest }
}

function imageOf(tree: Tree, { env = [], workingDir, loader }: Start): Image {
  return {
    reference: 'dir:/root',
    platform: { os: 'linux', architecture: 'amd64' },
    config: { ...EMPTY_CONFIG, env, ...(workingDir === undefined ? {} : { workingDir }) },
    rootfs: rootOf(tree, loader),
    copySource: { kind: 'context' },
    [Symbol.asyncDispose]: async () => {},
  }
}
