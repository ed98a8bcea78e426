import { gzipSync } from 'node:zlib'
import { type Digest, sha256 } from '../../src/image/digest.js'
import { type TarMember, tarOf } from './tar-builder.js'

/** Something that lies in a registry. */
export interface Stored {
  readonly bytes: Buffer
  readonly type: string
}

/** An image as a registry holds it: documents and blobs by digest. */
export interface RegistryImage {
  readonly manifest: Stored
  readonly digest: Digest
  readonly blobs: ReadonlyMap<Digest, Stored>
  readonly layers: readonly Digest[]
}

/** What of an image differs from an ordinary one. */
export interface ImageOptions {
  readonly architecture?: string
  /** Added to each layer's size in the manifest. */
  readonly sizeError?: number
}

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const INDEX = 'application/vnd.oci.image.index.v1+json'

/** Builds an image of gzipped layers. */
export function registryImage(
  layers: readonly (readonly TarMember[])[],
  options: ImageOptions = {},
): RegistryImage {
  const { architecture = 'amd64', sizeError = 0 } = options
  const tars = layers.map((members) => tarOf(members))
  const packed = tars.map((tar) => stored(gzipSync(tar), 'application/vnd.oci.image.layer.v1.tar+gzip'))
  const rootfs = { type: 'layers', diff_ids: tars.map((tar) => sha256(tar)) }
  const config = storedJson('application/vnd.oci.image.config.v1+json', {
    os: 'linux',
    architecture,
    config: { Env: ['PATH=/bin'] },
    rootfs,
  })
  const described = packed.map((blob) => ({ ...descriptor(blob), size: blob.bytes.length + sizeError }))
  const manifest = storedJson(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(config),
    layers: described,
  })
  const blobs = new Map([config, ...packed].map((blob) => [sha256(blob.bytes), blob]))
  return {
    manifest,
    digest: sha256(manifest.bytes),
    blobs,
    layers: packed.map(({ bytes }) => sha256(bytes)),
  }
}

/** An index of images by platform (`linux/arm64`, `unknown/unknown` for an attestation). */
export function indexOf(images: readonly (readonly [string, RegistryImage])[]): Stored {
  const manifests = images.map(([platform, image]) => {
    const [os, architecture, variant] = platform.split('/')
    return {
      ...descriptor(image.manifest),
      platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    }
  })
  return storedJson(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests })
}

/** A document of any media type. */
export function storedJson(type: string, value: unknown): Stored {
  return stored(Buffer.from(JSON.stringify(value)), type)
}

function stored(bytes: Buffer, type: string): Stored {
  return { bytes, type }
}

function descriptor({ bytes, type }: Stored) {
  return { mediaType: type, digest: sha256(bytes), size: bytes.length }
}
