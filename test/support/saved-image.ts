import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Digest } from '../../src/image/digest.js'
import { type TarMember, tarOf } from './tar-builder.js'

/** An image to be written in one of the formats; layers are blobs, whose tars `tars` has when they are compressed. */
export interface SavedImage {
  readonly layers: readonly Uint8Array[]
  readonly tars?: readonly Uint8Array[]
  readonly tags?: readonly string[]
  readonly architecture?: string
  readonly variant?: string
  readonly config?: object
}

/** Files by name. */
export type Files = Record<string, Uint8Array>

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The configuration document of an image. */
export function configDocument({
  layers,
  tars = layers,
  architecture = 'amd64',
  ...more
}: SavedImage): Buffer {
  const { variant, config = {} } = more
  const rootfs = { type: 'layers', diff_ids: tars.map(digestOf) }
  return Buffer.from(JSON.stringify({ architecture, os: 'linux', variant, config, rootfs }))
}

/** The members of what `docker save` writes, in the form of its first versions. */
export function dockerSaved(...images: readonly SavedImage[]): Files {
  const files: Files = {}
  const manifest = images.map((image) => {
    const config = configDocument(image)
    const name = `${digestOf(config).slice(7)}.json`
    files[name] = config
    const layers = image.layers.map((layer) => {
      const path = `${digestOf(layer).slice(7)}/layer.tar`
      files[path] = layer
      return path
    })
    return { Config: name, RepoTags: image.tags ?? null, Layers: layers }
  })
  return { ...files, 'manifest.json': Buffer.from(JSON.stringify(manifest)) }
}

/** What one document says of another. */
export interface Described {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly platform?: object
  readonly annotations?: Readonly<Record<string, string>>
}

/** Adds a blob to a layout and describes it. */
export function addBlob(files: Files, bytes: Uint8Array, more: Partial<Described> = {}): Described {
  const digest = digestOf(bytes)
  files[`blobs/${digest.replace(':', '/')}`] = bytes
  return { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: bytes.length, ...more }
}

/** Adds an image to a layout and describes its manifest. */
export function addImage(files: Files, image: SavedImage, more: Partial<Described> = {}): Described {
  const config = addBlob(files, configDocument(image))
  const layers = image.layers.map((layer) => addBlob(files, layer))
  return addBlob(files, Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers })), more)
}

/** Adds an index over manifests, and describes it. */
export function addIndex(
  files: Files,
  manifests: readonly Described[],
  more: Partial<Described> = {},
): Described {
  return addBlob(files, indexOf(manifests), more)
}

/** A layout's files, with this index. */
export function layoutOf(files: Files, manifests: readonly Described[]): Files {
  return {
    ...files,
    'oci-layout': Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
    'index.json': indexOf(manifests),
  }
}

function indexOf(manifests: readonly Described[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }))
}

/** The name that a layout gives an entry. */
export function tagged(name: string): Partial<Described> {
  return { annotations: { 'org.opencontainers.image.ref.name': name } }
}

/** Files as a tar. */
export function archived(files: Files, ...more: readonly TarMember[]): Buffer {
  return tarOf([...Object.entries(files).map(([path, content]) => ({ path, content })), ...more])
}

/** Files in a folder that is gone after `use`. */
export async function onDisk<T>(files: Files, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-image-'))
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
