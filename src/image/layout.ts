import { bufferReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import { type ConfigDocument, parseConfigDocument } from './config.js'
import { checkSize, type Digest, digestOf, verifyDigest } from './digest.js'
import type { LayerBlob } from './layer.js'
import type { Limits } from './limits.js'
import { type Descriptor, MAX_DOCUMENT, type Manifest, parseManifest } from './manifest.js'
import { bestMatch, formatPlatform, hostPlatform, type Platform } from './platform.js'

/** Where the blobs of images lie: a layout on disk, an archive, a registry. */
export interface Blobs {
  /** A small document, whole, verified by the caller. Throws LiftError. */
  document(descriptor: Descriptor): Promise<Uint8Array>
  layer(descriptor: Descriptor): Promise<Pick<LayerBlob, 'stream' | 'reader'>>
}

/**
 * Finds the manifest of a platform, starting from a descriptor that may be of an index. `what` names the image.
 * Throws LiftError 'platform-mismatch' with what there is.
 */
async function resolveManifest(
  blobs: Blobs,
  start: Descriptor,
  wanted: Platform | undefined,
  what: string,
  { nesting }: Limits,
): Promise<{ readonly descriptor: Descriptor; readonly manifest: Manifest }> {
  let descriptor = start
  for (let depth = 0; depth < nesting; depth++) {
    const parsed = parseManifest(await readDocument(blobs, descriptor, what), `the manifest of ${what}`)
    if (parsed.kind === 'manifest') return { descriptor, manifest: parsed }
    descriptor = choosePlatform(parsed.manifests, wanted, what)
  }
  throw new LiftError('limit', `${what} has indexes within indexes, more than ${nesting} deep`, {
    hint: 'If the image is really like that, raise the limit by --max-nesting.',
  })
}

/** The best of an index for a platform, by default the host's. Throws LiftError 'platform-mismatch' with what there is. */
export function choosePlatform(
  manifests: readonly Descriptor[],
  wanted: Platform | undefined,
  what: string,
): Descriptor {
  const images = manifests.filter(({ platform }) => platform?.os !== 'unknown')
  const best = bestMatch(images, wanted ?? hostPlatform())
  if (best !== undefined) return best
  const [only] = images
  if (images.length === 1 && only !== undefined && (wanted === undefined || only.platform === undefined)) {
    return only
  }
  const there = images.map(({ platform }) => (platform === undefined ? 'unknown' : formatPlatform(platform)))
  throw new LiftError(
    'platform-mismatch',
    `${what} is not there for ${formatPlatform(wanted ?? hostPlatform())}; it is for ${[...new Set(there)].join(', ') || 'no platform at all'}`,
    { hint: 'Name one of them with --platform.' },
  )
}

async function readDocument(blobs: Blobs, descriptor: Descriptor, what: string): Promise<Uint8Array> {
  if (descriptor.size > MAX_DOCUMENT) {
    throw new LiftError('limit', `${what} has a manifest or configuration of ${descriptor.size} bytes`)
  }
  const bytes = await blobs.document(descriptor)
  const document = `${what}: the document ${descriptor.digest.slice(0, 19)}`
  await verifyDigest(bufferReader(bytes), descriptor.digest, document)
  checkSize(bytes.length, descriptor.size, document)
  return bytes
}

/** An image's manifest with its configuration and the blobs of its layers, none of them read yet. */
export async function readImage(
  blobs: Blobs,
  start: Descriptor,
  wanted: Platform | undefined,
  what: string,
  limits: Limits,
): Promise<{
  readonly digest: Digest
  readonly document: ConfigDocument
  readonly layers: readonly LayerBlob[]
}> {
  const { descriptor, manifest } = await resolveManifest(blobs, start, wanted, what, limits)
  const bytes = await readDocument(blobs, manifest.config, what)
  const document = parseConfigDocument(bytes, `the configuration of ${what}`)
  refuseArtifact(manifest, document, what)
  const layers: LayerBlob[] = []
  for (const [index, layer] of manifest.layers.entries()) {
    const { digest, size } = layer
    layers.push({ digest, size, diffId: digestOf(document.diffIds[index]), ...(await blobs.layer(layer)) })
  }
  return { digest: descriptor.digest, document, layers }
}

/** What both families call the configuration of an image. */
const IMAGE_CONFIG = /^(application\/vnd\.(oci\.image|docker\.container\.image)\b.*)?$/

/** Registries keep other things under manifests too: charts, signatures, models. */
function refuseArtifact({ config, layers }: Manifest, { diffIds }: ConfigDocument, what: string): void {
  if (diffIds.length === layers.length || IMAGE_CONFIG.test(config.mediaType)) return
  throw new LiftError(
    'unsupported',
    `${what} is no container image but an artifact of type ${config.mediaType}`,
  )
}
