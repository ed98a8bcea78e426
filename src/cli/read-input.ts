import { readFileSync } from 'node:fs'
import type { WholeDoor } from './context.js'

/** All of a file, or of standard input by the name `-`. Throws LiftError 'usage'. */
export function readInput(file: string, { LiftError, printable, reasonOf }: WholeDoor): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new LiftError('usage', `cannot read ${printable(file)}: ${reasonOf(error)}`, { cause: error })
  }
}
