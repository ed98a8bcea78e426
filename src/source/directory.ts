import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { LiftError, reasonOf } from '../errors.js'
import { EMPTY_CONFIG } from '../image/config.js'
import { hostPlatform, parsePlatform } from '../image/platform.js'
import { cachedRootFs } from '../rootfs/cached.js'
import { directoryRootFs } from '../rootfs/directory.js'
import type { RootFs } from '../rootfs/rootfs.js'
import { runInChroot } from './chroot.js'
import { platformOfRoot } from './directory-platform.js'
import type { Source } from './source.js'

/** `dir:DIR`: a root file system unpacked on disk; it is never left, whatever its links say. */
export const openDirectory: Source['open'] = async (location, options) => {
  const { platform, otherPlatforms = [] } = options
  checkDirectory(location)
  if (otherPlatforms.length > 0) throw ofOnePlatform(location)
  const files = directoryRootFs(location)
  let unread: string | undefined
  const exact: NonNullable<RootFs['exact']> = async (entries) => {
    // Most runs never ask, and starting processes takes much of Node to be loaded.
    const { withAttributes } = await import('./directory-attributes.js')
    return withAttributes(realpathSync(location), options, (reason) => {
      unread = reason
    })(entries)
  }
  const rootfs = cachedRootFs({ ...files, exact })
  return {
    reference: `dir:${location}`,
    platform:
      platform === undefined ? ((await platformOfRoot(rootfs)) ?? hostPlatform()) : parsePlatform(platform),
    config: EMPTY_CONFIG,
    rootfs,
    unreadAttributes: () => unread,
    copySource: { kind: 'context' },
    run: (command) => runInChroot(location, command),
    [Symbol.asyncDispose]: async () => {},
  }
}

function ofOnePlatform(location: string): LiftError {
  return new LiftError('usage', `dir:${location} is a root file system for one platform`, {
    hint: 'Name one with --platform, or an image that has several: registry:NAME, oci-dir:DIR, oci-archive:FILE.',
  })
}

const MEANT = 'dir: takes the directory that a root file system was unpacked to.'

function checkDirectory(path: string): void {
  let isDirectory: boolean
  try {
    isDirectory = statSync(path).isDirectory()
  } catch (error) {
    throw notFound(path, error as NodeJS.ErrnoException)
  }
  if (!isDirectory) {
    throw new LiftError('image-not-found', `${path} is no directory`, {
      hint: MEANT,
    })
  }
}

function notFound(path: string, error: NodeJS.ErrnoException): LiftError {
  if (error.code !== 'ENOENT') {
    return new LiftError('unreadable', `cannot read ${path}: ${reasonOf(error)}`, {
      cause: error,
      hint: 'Run as a user who may read the whole root, or name another directory.',
    })
  }
  const near = nearName(path)
  return new LiftError('image-not-found', `there is no directory ${path}`, {
    cause: error,
    hint: near === undefined ? MEANT : `Did you mean dir:${near}?`,
  })
}

/** A sibling directory whose name differs little: in case, or by what follows the shorter of the two names. */
function nearName(path: string): string | undefined {
  const wanted = basename(path).toLowerCase()
  if (wanted.length < 2) return undefined
  try {
    const siblings = readdirSync(dirname(path), { withFileTypes: true }).filter((one) => one.isDirectory())
    const names = siblings.map(({ name }) => name).sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    const near = names.find((name) => {
      const other = name.toLowerCase()
      return other.length > 1 && (other.startsWith(wanted) || wanted.startsWith(other))
    })
    return near === undefined ? undefined : path.slice(0, path.lastIndexOf(basename(path))) + near
  } catch {
    return undefined
  }
}
