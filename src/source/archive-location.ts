import { existsSync, realpathSync, statSync } from 'node:fs'
import { type ByteReader, fileReader } from '../bytes.js'
import { LiftError } from '../errors.js'

/** A path on the host, and the name of one image in what lies there. */
export interface ArchiveLocation {
  readonly path: string
  readonly name: string | undefined
}

/** Takes `PATH[:NAME]` apart: the longest beginning that exists is the path, since both may hold colons. */
export function parseArchiveLocation(location: string): ArchiveLocation {
  for (let end = location.length; end > 0; end = location.lastIndexOf(':', end - 1)) {
    const path = location.slice(0, end)
    if (existsSync(path)) return { path, name: location.slice(end + 1) || undefined }
  }
  const colon = location.indexOf(':')
  const path = colon > 0 ? location.slice(0, colon) : location
  throw new LiftError('image-not-found', `there is no file ${path}`)
}

/** A host file to be read anywhere, through links. Throws LiftError 'image-not-found' or 'unreadable'. */
export function archiveFile(path: string): ByteReader {
  try {
    const stats = statSync(path)
    if (stats.isFile()) return fileReader(realpathSync(path), stats.size)
  } catch (error) {
    throw new LiftError('unreadable', `cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
  throw new LiftError('image-not-found', `${path} is no regular file`, {
    hint: 'A root file system in a directory is dir:DIR, an OCI layout is oci-dir:DIR.',
  })
}
