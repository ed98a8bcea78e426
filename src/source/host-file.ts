import { fstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { type ByteReader, fileReader } from '../bytes.js'
import { LiftError, reasonOf } from '../errors.js'

/**
 * A file that the user has named, or that lies in a folder the user has named, to be read anywhere, through links;
 * undefined for what is no regular file. One that is replaced or written to later is refused by each read.
 * Throws LiftError 'unreadable'.
 */
export function hostFile(path: string): ByteReader | undefined {
  try {
    const real = realpathSync(path)
    const stats = statSync(real)
    return stats.isFile() ? fileReader(real, stats.size, (fd) => refuseOther(fd, stats, path)) : undefined
  } catch (error) {
    throw new LiftError('unreadable', `cannot read ${path}: ${reasonOf(error)}`, { cause: error })
  }
}

/** What was read before has been checked by its digest: other bytes must not take its place. */
function refuseOther(fd: number, { dev, ino, size, mtimeMs }: Stats, path: string): void {
  const now = fstatSync(fd)
  if (now.dev === dev && now.ino === ino && now.size === size && now.mtimeMs === mtimeMs) return
  throw new LiftError('unreadable', `${path} has changed while it was being read`, {
    hint: 'Run it again once nobody writes there any more.',
  })
}
