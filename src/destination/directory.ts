import { chmodSync, chownSync, lstatSync, readdirSync, rmSync, type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { LiftError } from '../errors.js'
import type { Packing } from '../pack/packing.js'
import type { Destination } from './destination.js'
import { leftOut } from './left-out.js'
import { makeDirectory, removeMade } from './new-directory.js'
import { notWritten } from './new-file.js'
import { hostPath, unpackTree } from './unpack-tree.js'
import { setXattrs } from './xattrs.js'

/**
 * `dir:DIR`: the root file system as files of the host, in a directory that is empty or made. On an error or Ctrl-C
 * nothing of it stays. Who is not root gets files of their own, and is told so.
 */
export const writeDirectory: Destination['write'] = async (location, packings, options) => {
  const [packing] = packings as [Packing]
  const earlier = earlierDirectory(location)
  options.onStep?.(`writing ${location}`)
  const made: string[] = []
  try {
    makeDirectory(location, made)
    const own = await unpackTree(location, packing, options)
    const xattrs = await setXattrs(location, packing, options)
    return { reference: `dir:${location}`, warnings: [...leftOut(packing), ...ownersWarning(own), ...xattrs] }
  } catch (error) {
    if (earlier !== undefined || made.includes(resolve(location))) clear(location, packing)
    if (earlier !== undefined) restore(location, earlier)
    removeMade(made)
    throw notWritten(location, error)
  }
}

/** What is there, which has to be an empty directory. Throws LiftError 'output'. */
function earlierDirectory(location: string): Stats | undefined {
  try {
    const found = statSync(location, { throwIfNoEntry: false })
    if (found === undefined || (found.isDirectory() && readdirSync(location).length === 0)) return found
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
function clear(location: string, { tree }: Packing): void {
  for (const { entry } of tree) if (entry.kind === 'directory') open(hostPath(location, entry.path))
  for (const name of readdirSync(location, { encoding: 'buffer' }))
    rmSync(Buffer.concat([Buffer.from(`${location}/`), name]), { recursive: true, force: true })
}

function open(directory: string | Buffer): void {
  try {
    if (lstatSync(directory).isDirectory()) chmodSync(directory, 0o700)
  } catch {
    // It was not made, or is removed all the same.
  }
}

function restore(location: string, { uid, gid, mode }: Stats): void {
  chownSync(location, uid, gid)
  chmodSync(location, mode & 0o7777)
}

function ownersWarning(own: number): readonly string[] {
  if (own === 0) return []
  const files = own === 1 ? '1 file belongs' : `${own} files belong`
  return [
    `only root can give files away: ${files} to you, and ${own === 1 ? 'has' : 'have'} no setuid or setgid bit`,
  ]
}
