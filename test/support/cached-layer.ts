import { gzipSync } from 'node:zlib'
import { blobCache } from '../../src/image/blob-cache.js'
import type { BlobStore } from '../../src/image/blob-store.js'
import { sha256 } from '../../src/image/digest.js'
import { type LayerBlob, openLayer } from '../../src/image/layer.js'
import { budgetOf } from '../../src/image/limits.js'
import { layeredRootFs } from './layered-rootfs.js'
import { tarOf } from './tar-builder.js'

/** A layer to be fetched, and how often that was done. */
export interface CountedLayer {
  readonly blob: LayerBlob
  /** The same of every layer of this text, in whatever process it is made. */
  readonly tar: Buffer
  fetches(): number
}

/** A compressed layer with one file, `/file`, that holds the text. `between` runs when half of it has come. */
export function layerOf(text: string, between: () => Promise<void> | void = () => {}): CountedLayer {
  const tar = tarOf([{ path: 'file', content: text }])
  const packed = gzipSync(tar)
  let fetches = 0
  const blob: LayerBlob = {
    digest: sha256(packed),
    size: packed.length,
    diffId: sha256(tar),
    stream: async function* () {
      fetches++
      yield packed.subarray(0, packed.length >> 1)
      await between()
      yield packed.subarray(packed.length >> 1)
    },
  }
  return { blob, tar, fetches: () => fetches }
}

/** Reads the layer's file through a cache in this directory, as one run would. */
export async function readThrough(
  directory: string,
  { blob }: CountedLayer,
  options: { readonly most?: number; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const store = blobCache(directory, options.most)
  if (store === undefined) throw new Error(`no cache in ${directory}`)
  try {
    return await readFile(store, blob, options.signal)
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

/** What `/file` of the layer holds, by way of the store. */
export async function readFile(store: BlobStore, blob: LayerBlob, signal?: AbortSignal): Promise<string> {
  const context = { store, budget: budgetOf({}, 'image'), ...(signal === undefined ? {} : { signal }) }
  const rootfs = layeredRootFs([await openLayer(blob, 'layer', context)])
  const file = await rootfs.lstat('/file')
  if (file?.kind !== 'file') throw new Error('the layer lacks its file')
  return Buffer.from(await rootfs.open(file).read(0, file.size)).toString()
}
