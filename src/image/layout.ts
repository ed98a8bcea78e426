import { bufferReader } from '../bytes.js'
import { inContext, LiftError } from '../errors.js'
import type { RootFs } from '../rootfs/rootfs.js'
import { type ConfigDocument, parseConfigDocument } from './config.js'
import { checkSize, type Digest, digestOf, verifyDigest } from './digest.js'
import { optional } from './json-fields.js'
import { type LayerBlob, type LayerContext, openLayer } from './layer.js'
import { type Layer, layeredRootFs } from './layered.js'
import { type Descriptor, MAX_DOCUMENT, type Manifest, parseManifest } from './manifest.js'
import { bestMatch, formatPlatform, hostPlatform, type Platform, platformMatches } from './platform.js'

/** Where the blobs of images lie: a layout on disk, an archive, a registry. */
export interface Blobs {
  /** A small document, whole, verified by the caller. Throws LiftError. */
  document(descriptor: Descriptor): Promise<Uint8Array>
  layer(descriptor: Descriptor): Promise<Pick<LayerBlob, 'stream' | 'reader'>>
}

/** An image whose layers are opened as one tree. */
export interface OpenedLayers {
  readonly rootfs: RootFs
  /** Of all layers when uncompressed, in bytes, as Docker counts it. */
  readonly size: number
}

/** How much of a layer has come. */
export interface LayerProgress {
  /** The first one is 1. */
  readonly layer: number
  readonly layers: number
  /** Of the blob, in bytes; the layer is through when this is its size. */
  readonly taken: number
  readonly size: number
}

/** Whom to tell of what is being done. */
export interface Listener {
  readonly onStep?: ((step: string) => void) | undefined
  readonly onLayer?: ((progress: LayerProgress) => void) | undefined
}

const MOST_NESTED = 4

/**
 * Finds the manifest of a platform, starting from a descriptor that may be of an index. `what` names the image.
 * Throws LiftError 'platform-mismatch' with what there is.
 */
async function resolveManifest(
  blobs: Blobs,
  start: Descriptor,
  wanted: Platform | undefined,
  what: string,
): Promise<{ readonly descriptor: Descriptor; readonly manifest: Manifest }> {
  let descriptor = start
  for (let depth = 0; depth < MOST_NESTED; depth++) {
    const parsed = parseManifest(await readDocument(blobs, descriptor, what), `the manifest of ${what}`)
    if (parsed.kind === 'manifest') return { descriptor, manifest: parsed }
    descriptor = choosePlatform(parsed.manifests, wanted, what)
  }
  throw new LiftError('unreadable', `${what} has indexes within indexes, more than ${MOST_NESTED} deep`)
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
): Promise<{
  readonly digest: Digest
  readonly document: ConfigDocument
  readonly layers: readonly LayerBlob[]
}> {
  const { descriptor, manifest } = await resolveManifest(blobs, start, wanted, what)
  const bytes = await readDocument(blobs, manifest.config, what)
  const document = parseConfigDocument(bytes, `the configuration of ${what}`)
  const layers: LayerBlob[] = []
  for (const [index, layer] of manifest.layers.entries()) {
    const { digest, size } = layer
    layers.push({ digest, size, diffId: digestOf(document.diffIds[index]), ...(await blobs.layer(layer)) })
  }
  return { digest: descriptor.digest, document, layers }
}

/** Opens the layers of an image, lowest first, as one tree. Throws LiftError. */
export async function openLayers(
  document: ConfigDocument,
  blobs: readonly LayerBlob[],
  wanted: Platform | undefined,
  what: string,
  context: LayerContext & Listener,
): Promise<OpenedLayers> {
  checkPlatform(document.platform, wanted, what)
  const { diffIds } = document
  if (diffIds.length !== blobs.length) {
    throw new LiftError(
      'unreadable',
      `${what}: its configuration speaks of ${diffIds.length} layers, its manifest of ${blobs.length}`,
    )
  }
  const layers = await openAll(blobs, context, (blob, index, within) => {
    const name = `layer ${index + 1} of ${blobs.length}`
    context.onStep?.(`reading ${name}`)
    const onBytes = counter(blob, index, blobs.length, context)
    return openLayer(blob, `${what}: ${name}`, { ...within, ...optional('onBytes', onBytes) })
  })
  const size = layers.reduce((sum, { content }) => sum + content.size, 0)
  return { rootfs: joined(layers, what), size }
}

function joined(layers: readonly Layer[], what: string): RootFs {
  try {
    return layeredRootFs(layers)
  } catch (error) {
    throw inContext(error, what)
  }
}

function counter(
  { size }: LayerBlob,
  index: number,
  layers: number,
  { onLayer }: Listener,
): ((bytes: number) => void) | undefined {
  let taken = 0
  return onLayer === undefined
    ? undefined
    : (bytes) => {
        taken += bytes
        onLayer({ layer: index + 1, layers, taken, size })
      }
}

/** Enough to keep a network and a processor busy at once. */
const AT_A_TIME = 3

/** Opens some at a time, in order; the first failure stops all others. */
async function openAll(
  blobs: readonly LayerBlob[],
  context: LayerContext,
  open: (blob: LayerBlob, index: number, within: LayerContext) => Promise<Layer>,
): Promise<Layer[]> {
  const stop = new AbortController()
  const signal = context.signal === undefined ? stop.signal : AbortSignal.any([context.signal, stop.signal])
  const layers: Layer[] = []
  const failures: unknown[] = []
  let next = 0
  const work = async () => {
    while (next < blobs.length && failures.length === 0) {
      const index = next++
      layers[index] = await open(blobs[index]!, index, { ...context, signal })
    }
  }
  const fail = (error: unknown) => {
    failures.push(error)
    stop.abort()
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, () => work().catch(fail)))
  if (failures.length > 0) throw failures[0]
  return layers
}

function checkPlatform(have: Platform, wanted: Platform | undefined, what: string): void {
  if (wanted === undefined || platformMatches(have, wanted)) return
  if (bestMatch([{ platform: have }], wanted) !== undefined) return
  throw new LiftError(
    'platform-mismatch',
    `${what} is an image for ${formatPlatform(have)}, not for ${formatPlatform(wanted)}`,
    { hint: `Leave --platform out, or write --platform ${formatPlatform(have)}.` },
  )
}
