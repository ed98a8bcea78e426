import type { BlobStore } from './blob-store.js'
import { type Digest, sha256 } from './digest.js'
import type { LayerBlob } from './layer.js'
import { readIndex, type TreeIndex, VERSION } from './tree-index.js'
import { writeIndex } from './tree-index-writer.js'

/** What the layers make together, where an earlier run has kept it. */
export async function findTree(
  store: BlobStore,
  layers: readonly LayerBlob[],
): Promise<TreeIndex | undefined> {
  const key = keyOf(layers)
  const kept = await store.find(key)
  if (kept === undefined) return undefined
  const index = await readIndex(kept)
  if (index === undefined) store.forget(key)
  return index
}

/** Keeps it for later runs, where there is room. */
export function keepTree(store: BlobStore, layers: readonly LayerBlob[], tree: TreeIndex): void {
  store.keep(keyOf(layers), (append) => writeIndex(tree, append))
}

function keyOf(layers: readonly LayerBlob[]): Digest {
  const lines = layers.map(({ digest, diffId = '' }) => `${digest} ${diffId}\n`)
  return sha256(Buffer.from(`${VERSION}\n${lines.join('')}`))
}
