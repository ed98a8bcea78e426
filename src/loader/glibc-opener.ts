import { remembered } from '../rootfs/cached.js'
import { glibcCandidate, glibcSkips } from './candidate.js'
import type { GlibcInstallation } from './glibc-installation.js'
import { legacySubdirectories } from './glibc-legacy.js'
import type { LoaderSettings } from './loader.js'
import type { Opener } from './search.js'

/** Opens paths as a glibc loader does, with the CPU-specific subdirectories it knows. */
export function glibcOpener(installation: GlibcInstallation, settings: LoaderSettings): Opener {
  const { files, object, opened } = installation
  const subdirectories = [
    ...settings.hwcaps.map((level) => `glibc-hwcaps/${level}/`),
    ...legacySubdirectories(installation),
  ]
  const exists = async (directory: string) =>
    (await files.trail(directory === '' ? '.' : directory, settings.workingDir)).end?.kind === 'directory'
  const existing = new Map<string, Promise<readonly string[]>>()
  const findExisting = async (directory: string): Promise<readonly string[]> => {
    const found: string[] = []
    for (const name of subdirectories) {
      if (await exists(`${directory}${name}`)) found.push(`${directory}${name}`)
    }
    return found
  }
  return {
    exists,
    skips: glibcSkips,
    subdirectories: (directory) => remembered(existing, directory, () => findExisting(directory)),
    open: (path) =>
      remembered(opened, path.startsWith('/') ? path : `${settings.workingDir}\0${path}`, async () => {
        const trail = await files.trail(path, settings.workingDir)
        return { trail, candidate: await glibcCandidate(files, trail, object.elf) }
      }),
  }
}
