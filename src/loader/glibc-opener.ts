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
  const exists = (directory: string) =>
    files.atHand.trail(directory === '' ? '.' : directory, settings.workingDir).end?.kind === 'directory'
  const existing = new Map<string, readonly string[]>()
  const findExisting = (directory: string) =>
    subdirectories.map((name) => `${directory}${name}`).filter(exists)
  return {
    exists,
    skips: glibcSkips,
    subdirectories: (directory) => remembered(existing, directory, () => findExisting(directory)),
    open: (path) =>
      remembered(opened, path.startsWith('/') ? path : `${settings.workingDir}\0${path}`, () => {
        const trail = files.atHand.trail(path, settings.workingDir)
        return { trail, candidate: glibcCandidate(files.atHand, trail, object.elf) }
      }),
  }
}
