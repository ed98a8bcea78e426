import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { LiftError } from '../errors.js'
import type { Packing } from '../pack/packing.js'
import type { Destination } from './destination.js'
import { leftOut } from './left-out.js'
import { notWritten } from './new-file.js'
import { unpackTree } from './unpack-tree.js'
import { setXattrs } from './xattrs.js'

/**
 * `dir:DIR`: the root file system as files of the host, in a directory that is empty or made. On an error or Ctrl-C
 * nothing of it stays. Who is not root gets files of their own, and is told so.
 */
export const writeDirectory: Destination['write'] = async (location, packings, options) => {
  const [packing] = packings as [Packing]
  const wasThere = existsSync(location)
  if (wasThere) checkEmpty(location)
  options.onStep?.(`writing ${location}`)
  try {
    mkdirSync(location, { recursive: true })
    const own = await unpackTree(location, packing, options)
    const xattrs = await setXattrs(location, packing, options)
    return { reference: `dir:${location}`, warnings: [...leftOut(packing), ...ownersWarning(own), ...xattrs] }
  } catch (error) {
    clear(location, wasThere, packing)
    throw error instanceof LiftError ? error : notWritten(location, error)
  }
}

function checkEmpty(location: string): void {
  try {
    if (statSync(location).isDirectory() && readdirSync(location).length === 0) return
  } catch (error) {
    throw notWritten(location, error)
  }
  throw new LiftError('output', `${location} is there, and is no empty directory`, {
    hint: 'Write to a new or empty directory, so that nothing else is mixed into the root.',
  })
}

/**
 * Only what was made here can lie there, since the directory was empty. From a directory that may not be written to
 * nothing can be removed.
 */
function clear(location: string, wasThere: boolean, { tree }: Packing): void {
  for (const { entry } of tree) if (entry.kind === 'directory') open(`${location}${entry.path}`)
  const made = wasThere ? readdirSync(location).map((name) => `${location}/${name}`) : [location]
  for (const path of made) rmSync(path, { recursive: true, force: true })
}

function open(directory: string): void {
  try {
    if (lstatSync(directory).isDirectory()) chmodSync(directory, 0o700)
  } catch {
    // It was not made, or is removed all the same.
  }
}

function ownersWarning(own: number): readonly string[] {
  if (own === 0) return []
  const files = own === 1 ? '1 file belongs' : `${own} files belong`
  return [
    `only root can give files away: ${files} to you, and ${own === 1 ? 'has' : 'have'} no setuid or setgid bit`,
  ]
}
