import type { Digest } from '../image/digest.js'
import { optional } from '../image/json-fields.js'
import type { Descriptor } from '../image/manifest.js'
import { type ImageDocument, indexDocument } from '../pack/image-documents.js'
import { packImage } from '../pack/packed.js'
import type { Packing } from '../pack/packing.js'
import type { WriteOptions, Written } from './destination.js'
import { leftOut } from './left-out.js'

/** A blob of a layout or a registry. */
export interface Blob {
  readonly descriptor: Descriptor
  open(): AsyncGenerator<Uint8Array>
}

/** One image, or one for several platforms, as blobs. */
export interface PackedLayout extends AsyncDisposable {
  /** Each digest once, in an order in which whatever is named comes before what names it. */
  readonly blobs: readonly Blob[]
  /** The manifest, or the index of several. */
  readonly top: ImageDocument
  /** Of a single image. */
  readonly imageId?: Digest
}

/** Packs all of them. Throws LiftError as `packImage` does. */
export async function packLayout(
  packings: readonly Packing[],
  options: Pick<WriteOptions, 'compression' | 'signal' | 'onStep'>,
): Promise<PackedLayout> {
  const images: Awaited<ReturnType<typeof packImage>>[] = []
  const close = async () => {
    for (const image of images) await image[Symbol.asyncDispose]()
  }
  try {
    for (const packing of packings) images.push(await packImage(packing, options))
  } catch (error) {
    await close()
    throw error
  }
  const blobs = images.flatMap(({ layers, config, manifest }): Blob[] => [
    ...layers,
    blobOf(config),
    blobOf(manifest),
  ])
  const [only, ...others] = images
  const isOne = only !== undefined && others.length === 0
  const top = isOne
    ? only.manifest
    : indexDocument(
        images.map(({ manifest }) => manifest.descriptor),
        packings,
      )
  return {
    blobs: [...new Map([...blobs, blobOf(top)].map((blob) => [blob.descriptor.digest, blob])).values()],
    top,
    ...optional('imageId', isOne ? only.config.descriptor.digest : undefined),
    [Symbol.asyncDispose]: close,
  }
}

/** What was written, once a layout is where it goes. */
export function writtenAs(
  reference: string,
  { top, imageId }: PackedLayout,
  packings: readonly Packing[],
): Written {
  const { digest } = top.descriptor
  return { reference, digest, ...optional('imageId', imageId), warnings: packings.flatMap(leftOut) }
}

function blobOf({ descriptor, bytes }: ImageDocument): Blob {
  return {
    descriptor,
    open: async function* () {
      yield bytes
    },
  }
}
