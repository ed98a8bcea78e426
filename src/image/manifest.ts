import { LiftError } from '../errors.js'
import { type Digest, digestOf } from './digest.js'
import { type JsonObject, objectOf, objectsOf, optional, parseJson, textOf } from './json-fields.js'
import type { Platform } from './platform.js'

/** What one document says of another (OCI image-spec, "Content Descriptors"). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly platform?: Platform
  /** The tag that a layout gives this entry of its index (`org.opencontainers.image.ref.name`). */
  readonly refName?: string
  /** The whole name that BuildKit and containerd give it (`io.containerd.image.name`). */
  readonly imageName?: string
}

/** An image of one platform (OCI "Image Manifest"; Docker's schema 2). */
export interface Manifest {
  readonly kind: 'manifest'
  readonly config: Descriptor
  /** Lowest first. */
  readonly layers: readonly Descriptor[]
}

/** Images of several platforms under one name (OCI "Image Index"; Docker's manifest list). */
export interface Index {
  readonly kind: 'index'
  readonly manifests: readonly Descriptor[]
}

/** Media types of both families, in the order of preference that requests name them in. */
export const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const

/** Real images have at most 127 layers (overlay2's limit), real indexes some dozens of entries. */
const MOST_LAYERS = 1000
const MOST_MANIFESTS = 10_000
/** No manifest or configuration comes near it (distribution-spec recommends registries to allow 4 MiB). */
export const MAX_DOCUMENT = 16 << 20

/**
 * Reads a manifest or an index of either family. `what` names it in errors.
 * Throws LiftError 'unreadable', and 'unsupported' for Docker's schema 1.
 */
export function parseManifest(bytes: Uint8Array, what: string): Manifest | Index {
  const document = objectOf(parseJson(bytes, what))
  if (document.schemaVersion === 1) {
    throw new LiftError('unsupported', `${what} is in Docker's old format (schema 1)`, {
      hint: 'Pull and push the image again with a current tool.',
    })
  }
  if (Array.isArray(document.manifests)) {
    const manifests = descriptorsOf(document.manifests, MOST_MANIFESTS, what)
    return { kind: 'index', manifests }
  }
  if (document.config === undefined) throw malformed(what, 'it names no configuration')
  const config = descriptorOf(objectOf(document.config), what)
  return { kind: 'manifest', config, layers: descriptorsOf(document.layers, MOST_LAYERS, what) }
}

function descriptorsOf(value: unknown, most: number, what: string): Descriptor[] {
  const objects = objectsOf(value)
  if (objects.length > most) throw malformed(what, `it lists more than ${most} entries`)
  return objects.map((object) => descriptorOf(object, what))
}

function descriptorOf(object: JsonObject, what: string): Descriptor {
  const digest = digestOf(object.digest)
  const { size } = object
  if (digest === undefined) throw malformed(what, 'an entry has no valid digest')
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(what, 'an entry has no valid size')
  }
  const annotations = objectOf(object.annotations)
  const refName = textOf(annotations['org.opencontainers.image.ref.name'])
  const imageName = textOf(annotations['io.containerd.image.name'])
  return {
    mediaType: textOf(object.mediaType) ?? '',
    digest,
    size,
    ...optional('platform', platformOf(object.platform)),
    ...optional('refName', refName),
    ...optional('imageName', imageName),
  }
}

function platformOf(value: unknown): Platform | undefined {
  const { os, architecture, variant } = objectOf(value)
  const [system, machine] = [textOf(os), textOf(architecture)]
  if (system === undefined || machine === undefined) return undefined
  return { os: system, architecture: machine, ...optional('variant', textOf(variant)) }
}

function malformed(what: string, why: string): LiftError {
  return new LiftError('unreadable', `${what} is malformed: ${why}`)
}
