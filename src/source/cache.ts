import { join } from 'node:path'
import type { CacheContents } from '../image/blob-cache.js'
import type { Environment } from './engine-command.js'
import { homeDirectory } from './home.js'

/** Counts what the cache in a directory holds. */
export async function cacheContents(directory: string): Promise<CacheContents> {
  const cache = await import('../image/blob-cache.js')
  return cache.cacheContents(directory)
}

/** Removes everything that the cache in a directory holds. */
export async function clearCache(directory: string): Promise<void> {
  const cache = await import('../image/blob-cache.js')
  cache.clearCache(directory)
}

/**
 * The cache's directory: `liftbin` below XDG_CACHE_HOME, by default ~/.cache (XDG Base Directory Specification,
 * which ignores a relative one). Undefined where nobody knows of a home.
 */
export function cacheDirectory(env: Environment): string | undefined {
  const { XDG_CACHE_HOME: base } = env
  if (base?.startsWith('/')) return join(base, 'liftbin')
  const home = homeDirectory(env)
  return home === undefined ? undefined : join(home, '.cache', 'liftbin')
}
