import { blobCache, DEFAULT_CACHE_SIZE } from '../image/blob-cache.js'
import { type BlobStore, temporaryStore } from '../image/blob-store.js'
import { cacheDirectory } from './cache.js'
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
