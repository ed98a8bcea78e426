import type { MachinePlatform } from '../../src/elf/elf.js'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import type { Image } from '../../src/image/image.js'
import { type Finding, type Lift, type LiftEntry, lift } from '../../src/index.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf, type ElfOptions } from './elf-builder.js'

/** A root in short: ELF files as options, everything else as memoryRootFs takes it. */
export type MuslTree = Readonly<Record<string, MemoryNode | ElfNode>>

interface ElfNode {
  readonly elf: ElfOptions
  readonly mode?: number
  readonly identity?: string
}

/** What surrounds the program at `/bin/p`. */
export interface MuslStart {
  /** ENV of the image. */
  readonly env?: readonly string[]
  readonly workingDir?: string
  readonly program?: string
  /** Default amd64. */
  readonly platform?: MachinePlatform
}

/** What a lift of one program says, in the terms that tests compare. */
export interface MuslAnswer {
  /** Open paths of the libraries in load order. */
  readonly found: readonly string[]
  /** `NAME for REQUESTER`. */
  readonly missing: readonly string[]
  /** `RULE PATH OUTCOME` for each place tried for a name that is missing. */
  readonly tried: Readonly<Record<string, readonly string[]>>
  /** `NAME by RULE` of every file that was asked for, by path. */
  readonly reasons: Readonly<Record<string, readonly string[]>>
  readonly findings: readonly Finding[]
  readonly lift: Lift
}

/** PT_INTERP of the programs here. */
export const MUSL = '/lib/ld-musl-x86_64.so.1'
const DF_1_PIE = 0x0800_0000

/** A program of musl's loader. */
export function muslProgram(options: ElfOptions = {}): ElfNode {
  return { elf: { interp: MUSL, dtFlags1: DF_1_PIE, ...options } }
}

/** A file that has what liftbin reads from musl's loader, which is its C library too. */
export function muslLoaderFile(arch = 'x86_64', elf: ElfOptions = {}): Uint8Array {
  const texts = [`musl libc (${arch})\n`, `%.*s/etc/ld-musl-${arch}.path`, '/lib:/usr/local/lib:/usr/lib']
  const library = buildElf({ defines: ['__libc_start_main', 'stdin'], hashStyle: 'gnu', ...elf })
  return Buffer.concat([library, Buffer.from(`\0${texts.map((text) => `${text}\0`).join('')}`)])
}

/** Lifts `/bin/p` out of a root that has musl's loader. */
export async function liftFromMusl(tree: MuslTree, start: MuslStart = {}): Promise<MuslAnswer> {
  const image = imageOfTree({ [MUSL]: muslLoaderFile(), ...tree }, start)
  const answer = await lift(image, [start.program ?? '/bin/p'])
  const { missing, programs, findings, entries } = answer
  return {
    found: programs[0]!.libraries,
    missing: missing.map(({ name, neededBy }) => `${name} for ${neededBy}`),
    tried: Object.fromEntries(
      missing.map(({ name, attempts }) => [
        name,
        attempts.map(({ rule, path, outcome }) => `${rule} ${path} ${outcome}`),
      ]),
    ),
    reasons: Object.fromEntries(entries.map((entry) => [entry.path, reasonsOf(entry)])),
    findings,
    lift: answer,
  }
}

function reasonsOf({ why }: LiftEntry): readonly string[] {
  return why.map(({ name, rule }) => `${name} by ${rule}`)
}

/** An image that holds a tree, the loader's file included. */
export function imageOfTree(tree: MuslTree, { env = [], workingDir, platform }: MuslStart = {}): Image {
  const nodes = Object.entries(tree).map(([path, node]) => [path, nodeOf(node)])
  return {
    reference: 'dir:/root',
    platform: { os: 'linux', ...(platform ?? { architecture: 'amd64' }) },
    config: { ...EMPTY_CONFIG, env, ...(workingDir === undefined ? {} : { workingDir }) },
    rootfs: memoryRootFs(Object.fromEntries(nodes)),
    copySource: { kind: 'context' },
    [Symbol.asyncDispose]: async () => {},
  }
}

function nodeOf(node: MemoryNode | ElfNode): MemoryNode {
  if (typeof node === 'string' || node instanceof Uint8Array || !('elf' in node)) return node
  const { elf, ...rest } = node
  return { file: buildElf(elf), ...rest }
}
