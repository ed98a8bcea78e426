import type { Image, RootPath } from '../../src/index.js'
import { rootFiles } from '../../src/loader/files.js'

/** The directories in which programs are looked up, in the tests and in what they confine. */
export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What a user of the root could type: each file once, by a name that is its own where it has one there. */
export async function executables({ rootfs }: Image): Promise<readonly RootPath[]> {
  const files = rootFiles(rootfs)
  const names = new Map<string, RootPath>()
  for (const directory of SEARCH_PATH.split(':')) {
    const { end } = await files.trail(directory, '/')
    if (end?.kind !== 'directory') continue
    for (const { path, kind } of await rootfs.list(end.path)) {
      const { end: file } = await files.trail(path, '/')
      if (file?.kind !== 'file' || (file.mode & 0o111) === 0) continue
      if (kind === 'file' || !names.has(file.path)) names.set(file.path, path)
    }
  }
  return [...names.values()].sort()
}
