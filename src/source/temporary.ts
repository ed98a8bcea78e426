import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LiftError, reasonOf } from '../errors.js'

/** Makes a new, empty directory; its name says what for. Throws LiftError 'output'. */
export function newFolder(purpose: string): string {
  try {
    return mkdtempSync(join(tmpdir(), `liftbin-${purpose}-`))
  } catch (error) {
    throw new LiftError('output', `cannot make a directory in ${tmpdir()}: ${reasonOf(error)}`, {
      cause: error,
      hint: 'Set TMPDIR to a directory that may be written.',
    })
  }
}
