import { lift } from '../../src/index.js'
import { type Answer, answerOf } from './answer.js'
import { buildElf, type ElfOptions } from './elf-builder.js'
import { type ElfNode, imageOfTree, type Surroundings, type Tree } from './elf-tree.js'

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

/** Lifts one program, `/bin/p` unless another is named, out of a root that has musl's loader. */
export async function liftFromMusl(
  tree: Tree,
  { program = '/bin/p', ...start }: Surroundings & { readonly program?: string } = {},
): Promise<Answer> {
  const image = imageOfTree({ [MUSL]: muslLoaderFile(), ...tree }, start)
  return answerOf(await lift(image, [program]))
}
