import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { notWritten } from './new-file.js'

/** Makes a directory, and those it lies in, and adds to `made` what was not there. Throws LiftError 'output'. */
export function makeDirectory(path: string, made: string[]): void {
  for (const one of missing(resolve(path))) {
    try {
      if (mkdirSync(one, { recursive: true }) !== undefined) made.push(one)
    } catch (error) {
      throw notWritten(path, error)
    }
  }
}

/** Outermost first. */
function missing(path: string): readonly string[] {
  return existsSync(path) ? [] : [...missing(dirname(path)), path]
}

/** Takes away what `makeDirectory` has made, as far as nothing else lies there by now. */
export function removeMade(made: readonly string[]): void {
  for (const one of made.toReversed()) {
    try {
      rmdirSync(one)
    } catch {
      // Somebody else uses it.
    }
  }
}
