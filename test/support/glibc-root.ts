import { lift } from '../../src/index.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { type Answer, answerOf } from './answer.js'
import type { ElfOptions } from './elf-builder.js'
import { type ElfNode, imageOfTree, rootOfTree, type Surroundings, type Tree } from './elf-tree.js'
import { type LoaderBuild, loaderFile } from './glibc-loader-file.js'

export type { Answer, Tree }

/** What surrounds a program of a root. */
export interface Start extends Surroundings {
  /** Default `/bin/p`. */
  readonly program?: string
  /** What the loader at LOADER has compiled in; the tree may hold another file there. */
  readonly loader?: LoaderBuild
}

/** PT_INTERP of the programs here. */
export const LOADER = '/lib64/ld-linux-x86-64.so.2'
const DF_1_PIE = 0x0800_0000

/** A program of LOADER. */
export function program(options: ElfOptions = {}): ElfNode {
  return { elf: { interp: LOADER, dtFlags1: DF_1_PIE, ...options } }
}

/** A library. */
export function library(options: ElfOptions = {}): ElfNode {
  return { elf: options }
}

/** Lifts one program out of a root that has glibc's loader. */
export async function liftFrom(
  tree: Tree,
  { program = '/bin/p', loader, ...start }: Start = {},
): Promise<Answer> {
  return answerOf(await lift(imageOfTree(withLoader(tree, loader), start), [program]))
}

/** The kinds of a lift's findings that are more than notes. */
export function complaints({ findings }: Answer): readonly string[] {
  return findings.filter(({ severity }) => severity !== 'note').map(({ kind }) => kind)
}

/** The root of a tree, with a loader. */
export function rootOf(tree: Tree, build?: LoaderBuild): RootFs {
  return rootOfTree(withLoader(tree, build))
}

function withLoader(tree: Tree, build?: LoaderBuild): Tree {
  return { [LOADER]: loaderFile(build), ...tree }
}
