import { constants, lstatSync, readdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { decodeText, encodeText, fileReader, unreadable } from '../bytes.js'
import { LiftError } from '../errors.js'
import { breathing } from './breath.js'
import { wholeSeconds } from './mtime.js'
import { join, parent, type RootPath } from './path.js'
import type { Entry, RootFs } from './rootfs.js'

/**
 * A host folder as a root. It never leaves the folder: a path is looked at only when each of its parents is a
 * real directory, so no link is ever followed by the host's kernel. A folder may be swapped for a link while it is
 * in use: that is found out by each read of a file, and by looks within a breath.
 * Calls are synchronous below, since a system call on a local file is cheaper than a trip to the thread pool.
 */
export function directoryRootFs(hostDirectory: string): RootFs {
  const root = realpathSync(hostDirectory).replace(/\/$/, '')
  /** What each directory was when it was first seen to be no link; undefined for anything else. */
  const directories = new Map<RootPath, Place | undefined>([['/', placeOf(statSync(`${root}/`))]])
  /** The directories that were found in their places since the last breath. */
  const proven = new Set<RootPath>()
  const isInPlace = (path: RootPath): boolean => {
    const host = hostPath(root, path)
    if (directories.has(path)) return isSamePlace(directories.get(path), host)
    const stats = isRealDirectory(parent(path)) ? statOf(host) : undefined
    directories.set(path, stats?.isDirectory() ? placeOf(stats) : undefined)
    return stats?.isDirectory() === true
  }
  const isRealDirectory = (path: RootPath): boolean => {
    if (proven.has(path)) return true
    const isReal = isInPlace(path)
    if (isReal) proven.add(path)
    return isReal
  }
  const entryAt = (path: RootPath): Entry | undefined => {
    const host = hostPath(root, path)
    const stats = statOf(host)
    if (stats === undefined) return undefined
    if (stats.isDirectory() && !directories.has(path)) directories.set(path, placeOf(stats))
    return entryOf(path, stats, host)
  }
  const breath = breathing()
  const rest = async () => {
    await breath.take()
    proven.clear()
  }
  const look = (path: RootPath): Entry | undefined =>
    isDotted(path) || !isRealDirectory(parent(path)) ? undefined : entryAt(path)
  return {
    lstat: (path) => (breath.isDue() ? rest().then(() => look(path)) : look(path)),
    list: async (directory) => {
      if (breath.isDue()) await rest()
      return !isDotted(directory) && isRealDirectory(directory) ? listDirectory(root, directory, entryAt) : []
    },
    open: (file) => {
      const host = hostPath(root, file.path)
      return fileReader(host, file.size, (fd) => refuseMoved(fd, host))
    },
  }
}

/** Whether a path holds `.` or `..`, which the host's kernel would take its own way. */
function isDotted(path: RootPath): boolean {
  return path.includes('/.') && /\/\.\.?(\/|$)/.test(path)
}

/** Which directory of the host one is, whatever path leads to it. */
type Place = Pick<Stats, 'dev' | 'ino'>

function placeOf({ dev, ino }: Stats): Place {
  return { dev, ino }
}

/** Whether a path still leads to the directory it led to; a link in its place leads to another one. */
function isSamePlace(place: Place | undefined, host: string | Buffer): boolean {
  if (place === undefined) return false
  const stats = asked(host, () => statSync(host, QUIETLY))
  return stats?.dev === place.dev && stats.ino === place.ino
}

/** Names that are not UTF-8 travel as lone surrogates; the host wants their bytes. */
function hostPath(root: string, path: RootPath): string | Buffer {
  const text = `${root}${path}`
  return text.isWellFormed() ? text : encodeText(text)
}

/** The kernel says where an opened file lies; where it does not, the path is walked again. */
function refuseMoved(fd: number, host: string | Buffer): void {
  let real: string
  try {
    real = linkText(`/proc/self/fd/${fd}`)
  } catch {
    real = decodeText(realpathSync.native(host, { encoding: 'buffer' }))
  }
  if (real !== (typeof host === 'string' ? host : decodeText(host))) {
    throw new LiftError('unreadable', `${host} has become a link to somewhere else`)
  }
}

/** Asked for as text first, since that is cheaper; text that may stand for other bytes is asked for again. */
function linkText(host: string | Buffer): string {
  const text = readlinkSync(host)
  return text.includes('\ufffd') ? decodeText(readlinkSync(host, { encoding: 'buffer' })) : text
}

function statOf(host: string | Buffer): Stats | undefined {
  return asked(host, () => lstatSync(host, QUIETLY))
}

/** An error would cost more than the look. */
const QUIETLY = { throwIfNoEntry: false } as const

function asked(host: string | Buffer, stat: () => Stats | undefined): Stats | undefined {
  try {
    return stat()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (NOWHERE.has(code)) return undefined
    throw unreadable(host, error)
  }
}

/** Errors of a path that leads nowhere; the last is Node's for one with a NUL in it, as no file has. */
const NOWHERE = new Set(['ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE'])

function listDirectory(
  root: string,
  directory: RootPath,
  entryAt: (path: RootPath) => Entry | undefined,
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
    .map((name) => entryAt(join(directory, name)))
    .filter((entry) => entry !== undefined)
}

function entryOf(path: RootPath, stats: Stats, host: string | Buffer): Entry {
  const { uid, gid } = stats
  const mode = stats.mode & 0o7777
  const mtime = wholeSeconds(stats.mtimeMs / 1000)
  switch (stats.mode & constants.S_IFMT) {
    case constants.S_IFREG: {
      const identity = identityOf(stats, host)
      return { kind: 'file', path, mode, uid, gid, mtime, size: stats.size, identity }
    }
    case constants.S_IFDIR:
      return { kind: 'directory', path, mode, uid, gid, mtime }
    case constants.S_IFLNK:
      return { kind: 'symlink', path, mode, uid, gid, mtime, target: targetOf(host) }
    default:
      return { kind: 'special', path, mode, uid, gid, mtime }
  }
}

/** Some file systems number inodes beyond 2^53, where a double would make two of them equal. */
function identityOf(stats: Stats, host: string | Buffer): string {
  if (Number.isSafeInteger(stats.ino)) return `${stats.dev}:${stats.ino}`
  const exact = lstatSync(host, { bigint: true })
  return `${exact.dev}:${exact.ino}`
}

function targetOf(host: string | Buffer): string {
  try {
    return linkText(host)
  } catch (error) {
    throw unreadable(host, error)
  }
}
