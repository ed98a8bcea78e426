import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { ByteReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import { inOrder } from '../image/archive.js'
import type { Digest } from '../image/digest.js'
import type { Image } from '../image/image.js'
import { optional } from '../image/json-fields.js'
import { type Blobs, choosePlatform, readImage } from '../image/layout.js'
import { budgetOf } from '../image/limits.js'
import { type Descriptor, MAX_DOCUMENT, parseManifest } from '../image/manifest.js'
import { openLayers } from '../image/open-layers.js'
import { type Platform, parsePlatform } from '../image/platform.js'
import { isSameName } from '../image/reference.js'
import { nameOfLaidOut } from './archive-copy-source.js'
import { openArchiveAt, parseArchiveLocation } from './archive-location.js'
import { hostFile } from './host-file.js'
import { layerStore } from './layer-store.js'
import type { OpenOptions, Source } from './source.js'

/** `oci-dir:DIR[:TAG]`: an OCI image layout in a directory. */
export const openOciDir: Source['open'] = async (location, options) => {
  const { path, name } = parseArchiveLocation(location)
  return openLayout(directoryFiles(path), { scheme: 'oci-dir', path, name, location }, options)
}

/** `oci-archive:FILE[:TAG]`: an OCI image layout in a tar. */
export const openOciArchive: Source['open'] = async (location, options) => {
  const { path, name, archive } = await openArchiveAt(location, options)
  const files = { open: archive.open, close: async () => archive[Symbol.asyncDispose]() }
  return openLayout(files, { scheme: 'oci-archive', path, name, location }, options)
}

/** The files of a layout, by their path in it. */
interface LayoutFiles {
  open(name: string): ByteReader | undefined
  close(): Promise<void>
}

function directoryFiles(directory: string): LayoutFiles {
  return {
    open: (name) => {
      const path = join(directory, name)
      const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
      return isThere ? hostFile(path) : undefined
    },
    close: async () => {},
  }
}

interface Place {
  readonly scheme: 'oci-dir' | 'oci-archive'
  readonly path: string
  readonly name: string | undefined
  readonly location: string
}

async function openLayout(files: LayoutFiles, place: Place, options: OpenOptions): Promise<Image> {
  const store = layerStore(options)
  const dispose = async () => {
    await store[Symbol.asyncDispose]()
    await files.close()
  }
  try {
    const { scheme, path, name, location } = place
    const { platform, signal, onStep, onLayer } = options
    const wanted = platform === undefined ? undefined : parsePlatform(platform)
    const blobs = blobsOf(files, path)
    const start = chooseEntry(await readIndex(files, path), name, wanted, path)
    const budget = budgetOf(options.limits, path)
    const { digest, document, layers } = await readImage(blobs, start, wanted, path, budget.limits)
    const context = { store, budget, ...optional('signal', signal), onStep, onLayer }
    const opened = await openLayers(document, layers, wanted, path, context)
    return {
      reference: `${scheme}:${location}`,
      digest,
      platform: document.platform,
      config: document.config,
      copySource: nameOfLaidOut({
        scheme,
        path,
        refName: start.refName,
        digest,
        chosen: start.digest === digest ? undefined : document.platform,
      }),
      ...opened,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    if (options.signal?.aborted)
      throw new LiftError('interrupted', `interrupted while reading ${place.path}`, { cause: error })
    throw error
  }
}

async function readIndex(files: LayoutFiles, path: string): Promise<readonly Descriptor[]> {
  const reader = files.open('index.json')
  if (reader === undefined) {
    throw new LiftError('image-not-found', `${path} is no OCI image layout: it has no index.json`, {
      hint: 'An archive of docker save is docker-archive:FILE, a root file system dir:DIR.',
    })
  }
  if (reader.size > MAX_DOCUMENT) throw new LiftError('limit', `${path}: index.json is too large`)
  const index = parseManifest(await reader.read(0, reader.size), `${path}: index.json`)
  return index.kind === 'index' ? index.manifests : []
}

/** Entries of one name, or without any, are one image for several platforms. */
function chooseEntry(
  manifests: readonly Descriptor[],
  name: string | undefined,
  wanted: Platform | undefined,
  path: string,
): Descriptor {
  if (manifests.length === 0) throw new LiftError('image-not-found', `${path} holds no image`)
  const found = onceEach(manifests.filter((one) => name === undefined || isCalled(one, name)))
  const [first] = found
  const isOne = found.every(({ refName, platform }) => refName === first?.refName && platform !== undefined)
  if (first !== undefined && found.length === 1) return first
  if (first !== undefined && isOne) return choosePlatform(found, wanted, path)
  const there = manifests.map(({ imageName, refName, digest }) => imageName ?? refName ?? digest)
  throw new LiftError(
    first === undefined ? 'image-not-found' : 'usage',
    first === undefined ? `${path} holds no image ${name}` : `${path} holds ${found.length} images`,
    { hint: `Write ${path}:NAME with one of: ${[...new Set(there)].join(', ')}.` },
  )
}

/** By its tag or digest, or by the whole name that BuildKit and containerd write beside them. */
function isCalled({ refName, imageName, digest }: Descriptor, name: string): boolean {
  if (refName === name || digest === name) return true
  return imageName !== undefined && isSameName(imageName, name)
}

/** An image of several names stands there once for each. */
function onceEach(manifests: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(manifests.toReversed().map((one) => [one.digest, one])).values()].toReversed()
}

function blobsOf(files: LayoutFiles, path: string): Blobs {
  const open = (digest: Digest): ByteReader => {
    const reader = files.open(`blobs/${digest.replace(':', '/')}`)
    if (reader === undefined) throw new LiftError('unreadable', `${path} lacks the blob ${digest}`)
    return reader
  }
  return {
    document: async ({ digest }) => {
      const reader = open(digest)
      if (reader.size > MAX_DOCUMENT)
        throw new LiftError('limit', `${path}: the document ${digest} is too large`)
      return reader.read(0, reader.size)
    },
    layer: async ({ digest }) => {
      const reader = open(digest)
      return { reader, stream: () => inOrder(reader) }
    },
  }
}
