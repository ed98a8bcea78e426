import { bufferOf } from '../bytes.js'
import { LiftError } from '../errors.js'
import { remembered } from '../rootfs/cached.js'
import { follower, type Trail } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry, RootFs } from '../rootfs/rootfs.js'
import { waitingFor } from '../rootfs/waiting.js'

/** An image as the readers of databases see it. */
export interface PackageRoot {
  readonly rootfs: RootFs
  readonly follow: (path: RootPath) => Promise<Trail>
  /** The place of the directory that a path leads to, walked once; undefined when it leads to none. */
  readonly directory: (path: RootPath) => Promise<RootPath | undefined>
}

/** Remembers ways for as long as it lives. */
export function packageRoot(rootfs: RootFs): PackageRoot {
  const walked = follower(rootfs)
  const follow = async (path: RootPath) => waitingFor(() => walked(path))
  const directories = new Map<RootPath, Promise<RootPath | undefined>>()
  const walk = async (path: RootPath) => {
    if (directories.size > MOST_DIRECTORIES) throw tooLarge(`more than ${MOST_DIRECTORIES} directories`)
    const { end } = await follow(path)
    return end?.kind === 'directory' ? end.path : undefined
  }
  return { rootfs, follow, directory: (path) => remembered(directories, path, () => walk(path)) }
}

/** Of those that are spelled otherwise than they lie; each may go through many links. */
const MOST_DIRECTORIES = 50_000

/** Of a file of a text database, and of several that are one together; real ones have a few MiB. */
export const MOST_BYTES = 64 << 20

/** The bytes of one file of a database. Throws LiftError 'limit' for one that is larger than any real one. */
export async function contentOf({ rootfs }: PackageRoot, file: FileEntry): Promise<Buffer> {
  if (file.size > MOST_BYTES) throw tooLarge(`${file.path} has more than ${MOST_BYTES >> 20} MiB`)
  return bufferOf(await rootfs.open(file).read(0, file.size))
}

/** The same with each byte as one character, which loses nothing and costs little. */
export async function textOf(root: PackageRoot, file: FileEntry): Promise<string> {
  return (await contentOf(root, file)).toString('latin1')
}

/** More than any distribution has. */
export const MOST_PACKAGES = 200_000

/** For a database that has more of something than any real one. */
export function tooLarge(what: string): LiftError {
  return new LiftError('limit', `the package database is larger than any real one: ${what}`)
}

/** The file that a path leads to. */
export async function fileAt({ follow }: PackageRoot, path: RootPath): Promise<FileEntry | undefined> {
  const { end } = await follow(path)
  return end?.kind === 'file' ? end : undefined
}
