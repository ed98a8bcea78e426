import type { ByteReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import { type Archive, inOrder } from '../image/archive.js'
import type { BlobStore } from '../image/blob-store.js'
import { type ConfigDocument, parseConfigDocument } from '../image/config.js'
import { compressionOf } from '../image/decompress.js'
import { type Digest, digestOf, hasherFor, sha256 } from '../image/digest.js'
import type { Image } from '../image/image.js'
import { objectsOf, optional, parseJson, stringsOf, textOf } from '../image/json-fields.js'
import type { LayerBlob } from '../image/layer.js'
import { budgetOf } from '../image/limits.js'
import { MAX_DOCUMENT } from '../image/manifest.js'
import { type OpenedLayers, openLayers } from '../image/open-layers.js'
import { parsePlatform } from '../image/platform.js'
import { imageIdOf, isSameName } from '../image/reference.js'
import { basename } from '../rootfs/path.js'
import { nameOfSaved } from './archive-copy-source.js'
import { openArchiveAt } from './archive-location.js'
import { layerStore } from './layer-store.js'
import type { OpenOptions, Source } from './source.js'

/** `docker-archive:FILE[:NAME]`: what `docker save` writes. */
export const openDockerArchive: Source['open'] = async (location, options) => {
  const { path, name, archive } = await openArchiveAt(location, options)
  try {
    return await openFromArchive(archive, path, name, location, options)
  } catch (error) {
    await archive[Symbol.asyncDispose]()
    if (options.signal?.aborted) throw new LiftError('interrupted', `interrupted while reading ${path}`)
    throw error
  }
}

async function openFromArchive(
  archive: Archive,
  path: string,
  name: string | undefined,
  location: string,
  options: OpenOptions,
): Promise<Image> {
  const entry = choose(await readEntries(archive, path), name, path)
  const configBytes = await readDocument(archive, entry.config, path)
  const document = parseConfigDocument(configBytes, `${path}: ${entry.config}`)
  const blobs = await blobsOf(archive, entry, document, path, options.signal)
  const saved = {
    path,
    asked: name === undefined ? undefined : tagFor(name, entry.tags),
    tags: entry.tags,
    config: sha256(configBytes),
  }
  const store = layerStore(options)
  try {
    const opened = await openBlobs(document, blobs, path, store, options)
    return {
      reference: `docker-archive:${location}`,
      platform: document.platform,
      config: document.config,
      copySource: nameOfSaved(saved),
      ...opened,
      [Symbol.asyncDispose]: async () => {
        await store[Symbol.asyncDispose]()
        await archive[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

async function blobsOf(
  archive: Archive,
  { config, layers }: ArchiveEntry,
  { diffIds }: ConfigDocument,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly LayerBlob[]> {
  const blobs: LayerBlob[] = []
  for (const [index, layer] of layers.entries()) {
    const reader = archive.open(layer)
    const diffId = digestOf(diffIds[index])
    if (reader === undefined) throw new LiftError('unreadable', `${path} lacks its layer ${layer}`)
    if (diffId === undefined) throw new LiftError('unreadable', `${path}: ${config} lacks a layer's digest`)
    const digest = await blobDigest(layer, reader, diffId, signal)
    blobs.push({ digest, size: reader.size, diffId, reader, stream: () => inOrder(reader) })
  }
  return blobs
}

function openBlobs(
  document: ConfigDocument,
  blobs: readonly LayerBlob[],
  path: string,
  store: BlobStore,
  { platform, limits, signal, onStep, onLayer }: OpenOptions,
): Promise<OpenedLayers> {
  const wanted = platform === undefined ? undefined : parsePlatform(platform)
  const context = { store, budget: budgetOf(limits, path), ...optional('signal', signal), onStep, onLayer }
  return openLayers(document, blobs, wanted, path, context)
}

/** An uncompressed layer is what its diff ID says; engines that keep layers compressed save them like that. */
async function blobDigest(
  name: string,
  reader: ByteReader,
  diffId: Digest,
  signal: AbortSignal | undefined,
): Promise<Digest> {
  if (compressionOf(await reader.read(0, 4)) === undefined) return diffId
  const written = digestOf(/^blobs\/(sha256)\/([0-9a-f]{64})$/.exec(name)?.slice(1).join(':'))
  if (written !== undefined) return written
  const hasher = hasherFor()
  for await (const piece of inOrder(reader)) {
    signal?.throwIfAborted()
    hasher.update(piece)
  }
  return hasher.check(name)
}

interface ArchiveEntry {
  readonly config: string
  readonly layers: readonly string[]
  readonly tags: readonly string[]
}

async function readEntries(archive: Archive, path: string): Promise<ArchiveEntry[]> {
  const bytes = await readDocument(archive, 'manifest.json', path)
  const objects = objectsOf(parseJson(bytes, `${path}: manifest.json`))
  return objects.map((object) => ({
    config: textOf(object.Config) ?? '',
    layers: stringsOf(object.Layers),
    tags: stringsOf(object.RepoTags),
  }))
}

async function readDocument(archive: Archive, name: string, path: string): Promise<Uint8Array> {
  const reader = archive.open(name)
  if (reader === undefined) {
    throw new LiftError(
      'unreadable',
      `${path} is no archive of docker save: it has no ${name || 'configuration'}`,
      {
        hint: 'An OCI archive is oci-archive:FILE.',
      },
    )
  }
  if (reader.size > MAX_DOCUMENT) throw new LiftError('limit', `${path}: ${name} is too large`)
  return reader.read(0, reader.size)
}

function choose(entries: readonly ArchiveEntry[], name: string | undefined, path: string): ArchiveEntry {
  const [first] = entries
  if (first === undefined) throw new LiftError('image-not-found', `${path} holds no image`)
  if (name === undefined && entries.length === 1) return first
  const found = name === undefined ? undefined : named(entries, name)
  if (found !== undefined) return found
  const there = entries.map(({ tags, config }) => tags[0] ?? idOf(config))
  throw new LiftError(
    name === undefined ? 'usage' : 'image-not-found',
    name === undefined ? `${path} holds ${entries.length} images` : `${path} holds no image ${name}`,
    { hint: `Write docker-archive:${path}:NAME with one of: ${there.join(', ')}.` },
  )
}

/** By a tag, short or whole, with `latest` where none is written, or by the ID or its beginning. */
function named(entries: readonly ArchiveEntry[], name: string): ArchiveEntry | undefined {
  const id = imageIdOf(name)
  return (
    entries.find(({ tags }) => tagFor(name, tags) !== undefined) ??
    entries.find(({ config }) => id !== undefined && idOf(config).startsWith(id))
  )
}

/** The tag, as it is written there, that a name means. */
function tagFor(name: string, tags: readonly string[]): string | undefined {
  return tags.find((tag) => isSameName(tag, name))
}

/** `ID.json`, or the path of a blob. */
function idOf(config: string): string {
  return basename(config).replace(/\.json$/, '')
}
