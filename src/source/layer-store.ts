import { homedir } from 'node:os'
import { join } from 'node:path'
import { blobCache, DEFAULT_CACHE_SIZE } from '../image/blob-cache.js'
import { type BlobStore, temporaryStore } from '../image/blob-store.js'
import type { Environment } from './engine-command.js'
import type { OpenOptions } from './source.js'

/** Where uncompressed layers go: the cache, or where that is unwanted or cannot be written, temporary files. */
export function layerStore({ env = process.env, cache }: OpenOptions): BlobStore {
  if (cache === 'none') return temporaryStore()
  const { directory = cacheDirectory(env), size = DEFAULT_CACHE_SIZE } = cache ?? {}
  return blobCache(directory, size) ?? temporaryStore()
}

/** The cache's directory: `liftbin` below XDG_CACHE_HOME, by default ~/.cache (XDG Base Directory Specification). */
export function cacheDirectory(env: Environment): string {
  const base = env.XDG_CACHE_HOME
  return join(base?.startsWith('/') ? base : join(env.HOME || homedir(), '.cache'), 'liftbin')
}
