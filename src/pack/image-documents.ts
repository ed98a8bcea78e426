import type { ImageConfig } from '../image/config.js'
import { type Digest, sha256 } from '../image/digest.js'
import { optional } from '../image/json-fields.js'
import type { Descriptor } from '../image/manifest.js'
import { formatPlatform, type Platform } from '../image/platform.js'
import type { Packing } from './packing.js'

/** A JSON document of an image, with what others say of it. */
export interface ImageDocument {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
}

/** A layer as the configuration tells of it. */
export interface LayerHistory {
  readonly diffId: Digest
  readonly comment: string
}

const OCI = 'application/vnd.oci.image'

/** Media types of the image-spec that are written here. */
export const MEDIA_TYPES = {
  index: `${OCI}.index.v1+json`,
  manifest: `${OCI}.manifest.v1+json`,
  config: `${OCI}.config.v1+json`,
  gzip: `${OCI}.layer.v1.tar+gzip`,
  none: `${OCI}.layer.v1.tar`,
} as const

/** The configuration of an image (OCI image-spec, "config"), which Docker takes for its own as well. */
export function configDocument(packing: Packing, layers: readonly LayerHistory[]): ImageDocument {
  const created = timeOf(packing.epoch ?? 0)
  const { architecture, os, variant } = packing.platform
  return documentOf(MEDIA_TYPES.config, {
    created,
    architecture,
    os,
    ...optional('variant', variant),
    config: runConfig(packing.config),
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ comment }) => ({ created, created_by: packing.createdBy, comment })),
  })
}

/** In the order of fields that Go's writers have; what is empty is left out. */
function runConfig(config: ImageConfig): object {
  return {
    ...optional('User', config.user || undefined),
    ...optional('ExposedPorts', setOf(config.exposedPorts)),
    ...optional('Env', listOf(config.env)),
    ...optional('Entrypoint', listOf(config.entrypoint)),
    ...optional('Cmd', listOf(config.cmd)),
    ...optional('Volumes', setOf(config.volumes)),
    ...optional('WorkingDir', config.workingDir || undefined),
    ...optional('Labels', recordOf(config.labels)),
    ...optional('StopSignal', config.stopSignal || undefined),
  }
}

/** Whole seconds, as RFC 3339 has them, without a fraction. */
function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

function listOf(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}

function setOf(names: readonly string[]): object | undefined {
  return names.length === 0 ? undefined : Object.fromEntries(names.toSorted().map((name) => [name, {}]))
}

/** Sorted by key, since nobody says in which order a record was filled. */
function recordOf(record: Readonly<Record<string, string>>): object | undefined {
  const pairs = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs)
}

/** The manifest of one image (OCI image-spec, "manifest"). */
export function manifestDocument(
  config: Descriptor,
  layers: readonly Descriptor[],
  { annotations, platform }: Pick<Packing, 'annotations' | 'platform'>,
): ImageDocument {
  const { descriptor, bytes } = documentOf(MEDIA_TYPES.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: plainDescriptor(config),
    layers: layers.map((layer) => plainDescriptor(layer)),
    ...optional('annotations', recordOf(annotations)),
  })
  return { descriptor: { ...descriptor, platform }, bytes }
}

/** The index of one image for several platforms (OCI image-spec, "index"), sorted by platform. */
export function indexDocument(manifests: readonly Descriptor[], packings: readonly Packing[]): ImageDocument {
  const sorted = manifests.toSorted((a, b) => (platformKey(a) < platformKey(b) ? -1 : 1))
  return documentOf(MEDIA_TYPES.index, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: sorted.map((one) => plainDescriptor(one)),
    ...optional('annotations', recordOf(commonAnnotations(packings))),
  })
}

function platformKey({ platform }: Descriptor): string {
  return platform === undefined ? '' : formatPlatform(platform)
}

/** What all of them say is true of the whole. */
function commonAnnotations([first, ...others]: readonly Packing[]): Readonly<Record<string, string>> {
  const pairs = Object.entries(first?.annotations ?? {})
  return Object.fromEntries(
    pairs.filter(([key, value]) => others.every(({ annotations }) => annotations[key] === value)),
  )
}

/** A descriptor in the field order of the specification, with nothing but what it is made for. */
export function plainDescriptor(
  { mediaType, digest, size, platform }: Descriptor,
  annotations: Readonly<Record<string, string>> = {},
): object {
  return {
    mediaType,
    digest,
    size,
    ...optional('annotations', recordOf(annotations)),
    ...optional('platform', platform === undefined ? undefined : plainPlatform(platform)),
  }
}

function plainPlatform({ architecture, os, variant }: Platform): object {
  return { architecture, os, ...optional('variant', variant) }
}

function documentOf(mediaType: string, content: object): ImageDocument {
  const bytes = Buffer.from(JSON.stringify(content))
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length }, bytes }
}
