import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, outputOf } from './pairs.js'

/** The command line as it is shipped. */
export const CLI = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url))

if (!existsSync(CLI)) throw new Error(`there is no ${CLI}: run "npm run build" first`)

/** The shipped command line with these arguments. */
export function liftbin(...args: readonly string[]): Command {
  return [process.execPath, CLI, ...args]
}

/** A bare start of Node, which no command line written for it can beat. */
export const NODE: Command = [process.execPath, '-e', '0']

interface Lifted {
  readonly files: readonly { readonly kind: string; readonly path: string; readonly realPath?: string }[]
}

/** Where the programs, their loader and their libraries really lie. */
export function closureOf(image: string, ...programs: readonly string[]): readonly string[] {
  const lifted: Lifted = JSON.parse(outputOf(liftbin(image, ...programs, '--format', 'json', '--quiet')))
  const members = lifted.files.filter(({ kind }) => ['program', 'loader', 'library'].includes(kind))
  return [...new Set(members.map(({ path, realPath }) => realPath ?? path))]
}
