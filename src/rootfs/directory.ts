import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs'
import { decodeText, encodeText, fileReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import { join, parent, type RootPath } from './path.js'
import type { Entry, RootFs } from './rootfs.js'

/**
 * A host folder as a root. It never leaves the folder: a path is looked at only when each of its parents was
 * seen to be a real directory, so no link is ever followed by the host's kernel.
 * Calls are synchronous below, since a system call on a local file is cheaper than a trip to the thread pool.
 */
export function directoryRootFs(hostDirectory: string): RootFs {
  const root = realpathSync(hostDirectory).replace(/\/$/, '')
  const realDirectories = new Map<RootPath, boolean>([['/', true]])
  const isRealDirectory = (path: RootPath): boolean => {
    let known = realDirectories.get(path)
    if (known === undefined) {
      known = isRealDirectory(parent(path)) && statOf(hostPath(root, path))?.isDirectory() === true
      realDirectories.set(path, known)
    }
    return known
  }
  const lstat = (path: RootPath): Entry | undefined => {
    if (!isRealDirectory(parent(path))) return undefined
    const host = hostPath(root, path)
    const stats = statOf(host)
    if (stats === undefined) return undefined
    if (stats.isDirectory()) realDirectories.set(path, true)
    return entryOf(path, stats, host)
  }
  return {
    lstat: async (path) => lstat(path),
    list: async (directory) => (isRealDirectory(directory) ? listDirectory(root, directory, lstat) : []),
    open: (file) => fileReader(hostPath(root, file.path), file.size),
  }
}

/** Names that are not UTF-8 travel as lone surrogates; the host wants their bytes. */
function hostPath(root: string, path: RootPath): string | Buffer {
  const text = `${root}${path}`
  return text.isWellFormed() ? text : encodeText(text)
}

function statOf(host: string | Buffer): Stats | undefined {
  try {
    return lstatSync(host, { throwIfNoEntry: false })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined
    throw unreadable(host, error)
  }
}

function listDirectory(
  root: string,
  directory: RootPath,
  lstat: (path: RootPath) => Entry | undefined,
): readonly Entry[] {
  const host = hostPath(root, directory)
  let names: string[]
  try {
    names = readdirSync(host, { encoding: 'buffer' }).map(decodeText)
  } catch (error) {
    throw unreadable(host, error)
  }
  return names
    .sort()
    .map((name) => lstat(join(directory, name)))
    .filter((entry) => entry !== undefined)
}

function entryOf(path: RootPath, stats: Stats, host: string | Buffer): Entry {
  const { uid, gid } = stats
  const mode = stats.mode & 0o7777
  if (stats.isFile()) {
    return { kind: 'file', path, mode, uid, gid, size: stats.size, identity: identityOf(stats, host) }
  }
  if (stats.isDirectory()) return { kind: 'directory', path, mode, uid, gid }
  if (stats.isSymbolicLink()) return { kind: 'symlink', path, mode, uid, gid, target: targetOf(host) }
  return { kind: 'special', path, mode, uid, gid }
}

/** Some file systems number inodes beyond 2^53, where a double would make two of them equal. */
function identityOf(stats: Stats, host: string | Buffer): string {
  if (Number.isSafeInteger(stats.ino)) return `${stats.dev}:${stats.ino}`
  const exact = lstatSync(host, { bigint: true })
  return `${exact.dev}:${exact.ino}`
}

function targetOf(host: string | Buffer): string {
  try {
    return decodeText(readlinkSync(host, { encoding: 'buffer' }))
  } catch (error) {
    throw unreadable(host, error)
  }
}

function unreadable(host: string | Buffer, error: unknown): LiftError {
  return new LiftError('unreadable', `cannot read ${host}: ${(error as Error).message}`, {
    cause: error,
    hint: 'Run as a user who may read the whole root, or make it readable.',
  })
}
