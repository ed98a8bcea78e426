import type { TarEntry } from '../image/tar-index.js'
import type { RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'

/**
 * Files an engine puts into every container it creates, in place of the image's own, which no container can
 * show: they are not part of the image, and it gives new ones to each container that runs.
 */
const ENGINE_FILES: ReadonlySet<string> = new Set([
  '/.dockerenv',
  '/dev/console',
  '/etc/hostname',
  '/etc/hosts',
  '/etc/resolv.conf',
])

/** Directories that it makes, or puts something into: each container has its own time there. */
const ENGINE_DIRECTORIES: ReadonlySet<string> = new Set([
  '/',
  '/dev',
  '/dev/pts',
  '/dev/shm',
  '/etc',
  '/proc',
  '/sys',
])

/** Whether a member of a container's tar is none of the image's files. */
export function isEngineFile(path: RootPath, member: TarEntry): boolean {
  if (path === '/etc/mtab') return member.kind === 'symlink' && member.target === '/proc/mounts'
  return ENGINE_FILES.has(path) && member.kind === 'file' && member.size === 0 && member.mode === 0o755
}

/** What an engine says of a path, whatever kind it is. */
type Described = Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime' | 'xattrs'>

/** As much of it as is the image's. */
export function described(path: RootPath, { mode, uid, gid, mtime, xattrs }: Described): Described {
  return {
    mode,
    uid,
    gid,
    ...(mtime === undefined || ENGINE_DIRECTORIES.has(path) ? {} : { mtime }),
    ...(xattrs === undefined ? {} : { xattrs }),
  }
}
