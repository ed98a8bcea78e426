import type { RootFiles } from '../loader/files.js'
import { type CacheEntry, type LdSoCache, parseLdSoCache } from '../loader/ld-so-cache.js'
import { reducedCache } from '../loader/ld-so-cache-writer.js'
import type { Trail } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'

/** For each loader's cache the same one with the libraries of the new root alone, by the place where it lies. */
export async function reducedCaches(
  image: RootFiles,
  lifted: RootFiles,
  caches: readonly Trail[],
): Promise<ReadonlyMap<RootPath, Uint8Array>> {
  const reduced = new Map<RootPath, Uint8Array>()
  for (const { end } of caches) {
    if (end?.kind !== 'file' || reduced.has(end.path)) continue
    const bytes = await image.content(end)
    for (const endian of ['little', 'big'] as const) {
      const cache = parseLdSoCache(bytes, endian)
      const kept = cache === undefined ? [] : await entriesIn(lifted, cache)
      const smaller = cache === undefined ? undefined : reducedCache(cache, endian, kept)
      if (smaller !== undefined) reduced.set(end.path, smaller)
    }
  }
  return reduced
}

/** The entries whose file is there. */
async function entriesIn(lifted: RootFiles, cache: LdSoCache): Promise<readonly CacheEntry[]> {
  const kept: CacheEntry[] = []
  for (let index = 0; index < cache.count; index++) {
    const entry = cache.entry(index)
    if (!entry.path.startsWith('/')) continue
    const { end } = await lifted.trail(entry.path, '/')
    if (end?.kind === 'file') kept.push(entry)
  }
  return kept
}
