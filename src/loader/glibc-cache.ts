import { entriesFor } from './cache-search.js'
import type { GlibcInstallation } from './glibc-installation.js'
import { isLegacyEntry } from './glibc-legacy.js'
import { type CacheEntry, isExtension } from './ld-so-cache.js'
import { acceptsFlags } from './ld-so-cache-abi.js'

/** The entry a loader picks among those of one name (sysdeps/…/dl-cache.c, search_cache). */
export function cachedEntry(
  installation: GlibcInstallation,
  hwcaps: readonly string[],
  name: string,
): CacheEntry | undefined {
  const { cache, object } = installation
  if (cache === undefined) return undefined
  const usable = entriesFor(cache, name).filter((entry) => acceptsFlags(entry.flags, object.elf))
  for (const level of hwcaps) {
    const ranked = usable.find((entry) => isExtension(entry) && cache.hwcapNames[entry.hwcapLow] === level)
    if (ranked !== undefined) return ranked
  }
  return usable.find((entry) => isPlain(entry) || isLegacyEntry(entry, installation))
}

function isPlain(entry: CacheEntry): boolean {
  return entry.hwcapHigh === 0 && entry.hwcapLow === 0
}
