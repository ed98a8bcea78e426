import type { GlibcInstallation } from './glibc-installation.js'
import type { CacheEntry } from './ld-so-cache.js'
import type { GlibcBuild } from './system-dirs.js'

/** The subdirectories of before glibc-hwcaps, in each directory of a search; none for a loader from 2.37 on. */
export function legacySubdirectories({ build, object }: GlibcInstallation): readonly string[] {
  if (!searchesLegacyDirectories(build)) return []
  return LEGACY_DIRECTORIES[object.elf.machineNumber] ?? ['tls/']
}

const LEGACY_DIRECTORIES: Readonly<Record<number, readonly string[]>> = {
  62: ['tls/x86_64/x86_64/', 'tls/x86_64/', 'tls/', 'x86_64/x86_64/', 'x86_64/'],
  183: ['tls/aarch64/', 'tls/', 'aarch64/'],
}

/** Entries of `tls` and `x86_64` subdirectories fit every x86-64 CPU; loaders up to 2.36 take them. */
export function isLegacyEntry(entry: CacheEntry, installation: GlibcInstallation): boolean {
  if (!searchesLegacyDirectories(installation.build)) return false
  const { machineNumber } = installation.object.elf
  const platform = machineNumber === 62 ? LEGACY_X86_64 : 0
  return (entry.hwcapHigh & ~LEGACY_TLS) === 0 && (entry.hwcapLow & ~platform) === 0
}

const LEGACY_TLS = 0x80000000
const LEGACY_X86_64 = 2

/** The subdirectories that came before glibc-hwcaps were removed in 2.37. */
function searchesLegacyDirectories(build: GlibcBuild): boolean {
  if (build.version === undefined) return true
  const [major = 0, minor = 0] = build.version.split('.').map(Number)
  return major === 2 && minor <= 36
}
