import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Packing } from '../../src/pack/packing.js'
import { packingOf } from '../support/packing.js'
import { must } from './surroundings.js'

/** What the program of `helloPacking` prints. */
export const GREETING = 'hello from a packed image\n'

/** An image of a static program, a library's worth of bytes beside it, and a way to run it. */
export function helloPacking(folder: string, more: Partial<Packing> = {}): Packing {
  const program = join(folder, 'hello')
  const source = `#include <stdio.h>\nint main(void) { fputs(${JSON.stringify(GREETING)}, stdout); return 0; }\n`
  must('gcc', ['-static', '-o', program, '-x', 'c', '-'], { input: source })
  const tree = {
    '/bin/hello': { file: readFileSync(program) },
    '/lib/libnothing.so.1': { file: Buffer.alloc(300_000, 'library'), role: 'library', mode: 0o644 },
    '/bin/hi': { link: 'hello' },
  } as const
  const config = {
    ...packingOf({}).config,
    env: ['PATH=/bin'],
    entrypoint: ['/bin/hello'],
    labels: { a: 'b' },
  }
  return packingOf(tree, { config, ...more })
}
