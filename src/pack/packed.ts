import { inOrder } from '../image/archive.js'
import { type Digest, hasherFor } from '../image/digest.js'
import type { Descriptor } from '../image/manifest.js'
import type { Platform } from '../image/platform.js'
import { createSpool, type Spool } from '../image/spool.js'
import { type GzipThreads, gzipThreads } from './gzip.js'
import { configDocument, type ImageDocument, MEDIA_TYPES, manifestDocument } from './image-documents.js'
import { layersOf, type NewLayer } from './layers.js'
import type { Packing } from './packing.js'
import { planTar, tarBlocks } from './tar-writer.js'

/** How layers are stored. */
export type LayerCompression = 'gzip' | 'none'

/** What packing goes along with. */
export interface PackOptions {
  /** `gzip` by default. */
  readonly compression?: LayerCompression | undefined
  readonly signal?: AbortSignal | undefined
  readonly onStep?: ((step: string) => void) | undefined
}

/** A layer whose bytes are there to be read, as often as one likes. */
export interface PackedLayer {
  readonly descriptor: Descriptor
  /** The digest when uncompressed. */
  readonly diffId: Digest
  open(): AsyncGenerator<Uint8Array>
}

/** An image whose every byte is known; its layers lie in temporary files that no directory names. */
export interface PackedImage extends AsyncDisposable {
  readonly platform: Platform
  /** Lowest first. */
  readonly layers: readonly PackedLayer[]
  /** Its digest is what engines call the image's ID; it depends on no compression. */
  readonly config: ImageDocument
  readonly manifest: ImageDocument
}

/**
 * Makes an image: each file is read once. The same packing gives the same bytes anywhere.
 * Throws LiftError: 'unreadable', 'unsupported', 'output' when there is no room for the layers, 'interrupted'.
 */
export async function packImage(packing: Packing, options: PackOptions = {}): Promise<PackedImage> {
  const spools: Spool[] = []
  const close = async () => {
    for (const spool of spools) spool.close()
  }
  await using threads = options.compression === 'none' ? undefined : gzipThreads()
  try {
    const planned = layersOf(packing.tree)
    const layers: (PackedLayer & { readonly comment: string })[] = []
    for (const layer of planned) {
      options.onStep?.(`packing ${layer.comment}`)
      const spool = createSpool()
      spools.push(spool)
      layers.push({ ...(await packLayer(layer, packing, spool, threads, options)), comment: layer.comment })
    }
    const config = configDocument(packing, layers)
    const descriptors = layers.map(({ descriptor }) => descriptor)
    const manifest = manifestDocument(config.descriptor, descriptors, packing)
    return { platform: packing.platform, layers, config, manifest, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function packLayer(
  { entries }: NewLayer,
  packing: Packing,
  spool: Spool,
  threads: GzipThreads | undefined,
  { signal }: PackOptions,
): Promise<PackedLayer> {
  const content = hasherFor()
  const blocks = hashed(tarBlocks(planTar(entries, packing), { signal }), content)
  const stored = threads === undefined ? undefined : hasherFor()
  let size = 0
  for await (const bytes of threads === undefined ? blocks : threads.compress(blocks)) {
    stored?.update(bytes)
    spool.append(bytes)
    size += bytes.length
  }
  spool.end()
  const diffId = content.check('the layer')
  const digest = stored?.check('the layer') ?? diffId
  const mediaType = MEDIA_TYPES[threads === undefined ? 'none' : 'gzip']
  return { descriptor: { mediaType, digest, size }, diffId, open: () => inOrder(spool.slice(0, size)) }
}

async function* hashed(
  blocks: AsyncIterable<Uint8Array>,
  hasher: { update(bytes: Uint8Array): void },
): AsyncGenerator<Uint8Array> {
  for await (const block of blocks) {
    hasher.update(block)
    yield block
  }
}
