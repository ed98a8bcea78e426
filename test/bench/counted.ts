import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CLI } from './liftbin.js'
import { run } from './pairs.js'
import { withFolder } from './places.js'

/** What one run of the command line asked for, and its peak of memory. */
export interface Counts {
  readonly opens: number
  readonly lstats: number
  readonly readlinks: number
  readonly listings: number
  readonly reads: number
  readonly bytes: number
  /** By method and kind: `GET archive`, `HEAD archive`, `POST other`. */
  readonly requests: Readonly<Record<string, number>>
  /** In MiB. */
  readonly peak: number
}

/** Runs the command line and counts; of files only what lies below `root`. */
export function counted(args: readonly string[], root?: string): Counts {
  return withFolder((folder) => {
    const into = join(folder, 'counts.json')
    const more = { LIFTBIN_COUNT_INTO: into, ...(root === undefined ? {} : { LIFTBIN_COUNT_ROOT: root }) }
    run([process.execPath, '--require', HOOK, CLI, ...args], more)
    return JSON.parse(readFileSync(into, 'utf8'))
  })
}

const HOOK = fileURLToPath(new URL('counting.cjs', import.meta.url))
