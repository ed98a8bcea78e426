import { homedir } from 'node:os'
import { join } from 'node:path'
import { blobCache, DEFAULT_CACHE_SIZE } from '../image/blob-cache.js'
import { type BlobStore, temporaryStore } from '../image/blob-store.js'
import type { Environment } from './engine-command.js'
import type { OpenOptions } from './source.js'

/** Where uncompressed layers go: the cache, or where that is unwanted or cannot be written, temporary files. */
export function layerStore({ env = process.env, cache, onStep }: OpenOptions): BlobStore {
  if (cache === 'none') return temporaryStore()
  const { directory = cacheDirectory(env), size = DEFAULT_CACHE_SIZE } = cache ?? {}
  const store = directory === undefined ? undefined : blobCache(directory, size)
  if (store !== undefined) return store
  onStep?.(`going without a cache: ${directory ?? 'without HOME there is none'} is not ours to write`)
  return temporaryStore()
}

/**
 * The cache's directory: `liftbin` below XDG_CACHE_HOME, by default ~/.cache (XDG Base Directory Specification,
 * which ignores a relative one). Undefined where nobody knows of a home.
 */
export function cacheDirectory(env: Environment): string | undefined {
  const { XDG_CACHE_HOME: base, HOME: home } = env
  if (base?.startsWith('/')) return join(base, 'liftbin')
  const found = home?.startsWith('/') ? home : systemHome()
  return found === undefined ? undefined : join(found, '.cache', 'liftbin')
}

/** Throws within where the user is in no list. */
function systemHome(): string | undefined {
  try {
    const home = homedir()
    return home.startsWith('/') ? home : undefined
  } catch {
    return undefined
  }
}
