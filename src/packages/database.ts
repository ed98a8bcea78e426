import type { RootPath } from '../rootfs/path.js'
import type { RootFs } from '../rootfs/rootfs.js'
import { apkDatabase } from './apk.js'
import { packageRoot } from './content.js'
import { dpkgDatabase } from './dpkg.js'
import type { PackageDatabase } from './package.js'
import { rpmDatabase } from './rpm.js'

/**
 * The package database of an image; undefined when it has none. A distribution's own tool is not always alone: an
 * image of another one may have it installed too, with an empty database, which counts as none.
 * Throws LiftError 'limit' for a database that is larger than any real one, 'unsupported' for one that is not known.
 */
export async function packageDatabase(rootfs: RootFs): Promise<PackageDatabase | undefined> {
  const root = packageRoot(rootfs)
  return (await dpkgDatabase(root)) ?? (await apkDatabase(root)) ?? (await rpmDatabase(root))
}

/** What scanners read besides, to know which distribution the packages are of; for a new root that has these files. */
export const RELEASE_FILES: readonly RootPath[] = [
  '/etc/os-release',
  '/usr/lib/os-release',
  '/etc/debian_version',
  '/etc/alpine-release',
  '/etc/lsb-release',
  '/etc/redhat-release',
  '/etc/apk/repositories',
]
