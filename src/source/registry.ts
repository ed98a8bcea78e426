import { LiftError } from '../errors.js'
import type { BlobStore } from '../image/blob-store.js'
import { type Digest, sha256 } from '../image/digest.js'
import type { Image } from '../image/image.js'
import { type Blobs, openLayers, readImage } from '../image/layout.js'
import { budgetOf, DEFAULT_LIMITS } from '../image/limits.js'
import { type Descriptor, MAX_DOCUMENT } from '../image/manifest.js'
import { parsePlatform } from '../image/platform.js'
import { type ImageName, parseImageName } from '../image/reference.js'
import { layerStore } from './layer-store.js'
import { isLoopback } from './proxy.js'
import { credentialsFor } from './registry-auth.js'
import { type RegistryClient, registryClient } from './registry-client.js'
import { httpClient } from './registry-http.js'
import type { OpenOptions, Source } from './source.js'

/** `registry:NAME`: an image of a registry, read as it comes; no daemon has a part in it. */
export const registry: Source = {
  scheme: 'registry',
  describe: 'registry:NAME[:TAG]  an image of a registry, read without a daemon',
  open: async (location, options) => {
    const image = await openFromRegistry(location, options)
    if (image !== undefined) return image
    throw new LiftError('image-not-found', `the registry has no image ${location}`, {
      hint: 'Check the name and the tag.',
    })
  },
}

/** The image, or undefined when the registry has none of this name. Throws LiftError. */
export async function openFromRegistry(location: string, options: OpenOptions): Promise<Image | undefined> {
  const name = parseImageName(location)
  const { env = process.env, signal, onStep, platform } = options
  const http = await httpClient({ env, signal, onStep })
  const store = layerStore(options)
  const dispose = async () => {
    await store[Symbol.asyncDispose]()
    await http[Symbol.asyncDispose]()
  }
  try {
    const client = registryClient(
      { origin: originOf(name, options), path: name.repository, name: location },
      { http, signal, credentials: once(() => credentialsFor(name.registry, name.repository, env, signal)) },
    )
    onStep?.(`asking ${name.registry} for ${location}`)
    const found = await client.manifest(name.digest ?? name.tag ?? 'latest')
    if (found === undefined) {
      await dispose()
      return undefined
    }
    const digest = sha256(found.bytes)
    const start = { mediaType: found.mediaType, digest: name.digest ?? digest, size: found.bytes.length }
    const wanted = platform === undefined ? undefined : parsePlatform(platform)
    const read = await readImage(
      blobsOf(client, store, start as Descriptor, found.bytes),
      start as Descriptor,
      wanted,
      location,
    )
    const budget = budgetOf(DEFAULT_LIMITS, location)
    const context = { store, budget, ...(signal === undefined ? {} : { signal }), onStep }
    const opened = await openLayers(read.document, read.layers, wanted, location, context)
    await http[Symbol.asyncDispose]()
    return {
      reference: `registry:${location}`,
      digest,
      platform: read.document.platform,
      config: read.document.config,
      copySource: { kind: 'image', from: `${name.name}@${digest}`, pinned: true },
      ...opened,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

function blobsOf(client: RegistryClient, store: BlobStore, start: Descriptor, bytes: Uint8Array): Blobs {
  const fetched = async ({ digest, size, mediaType }: Descriptor): Promise<Uint8Array> => {
    if (!/manifest|index/.test(mediaType)) return client.document(digest, size)
    const found = await client.manifest(digest)
    if (found !== undefined) return found.bytes
    throw new LiftError('registry-failed', `the registry lacks the manifest ${digest} that its index names`)
  }
  return {
    document: async (descriptor) => {
      const { digest } = descriptor
      if (digest === start.digest) return bytes
      const kept = await keptDocument(store, digest)
      if (kept !== undefined) return kept
      const document = await fetched(descriptor)
      if (sha256(document) === digest) await keepDocument(store, digest, document)
      return document
    },
    layer: async ({ digest, size }) => ({ stream: (signal) => client.blob(digest, size, signal) }),
  }
}

async function keptDocument(store: BlobStore, digest: Digest): Promise<Uint8Array | undefined> {
  const reader = await store.find(digest)
  const document = await reader?.read(0, Math.min(reader.size, MAX_DOCUMENT))
  if (document === undefined || sha256(document) === digest) return document
  store.forget(digest)
  return undefined
}

async function keepDocument(store: BlobStore, digest: Digest, document: Uint8Array): Promise<void> {
  const writer = store.create(digest)
  try {
    writer.append(document)
    await writer.commit(digest)
  } catch (error) {
    writer.abort()
    throw error
  }
}

/** Docker's registry has another name as a host. */
const DOCKER_HUB = 'registry-1.docker.io'

/** HTTPS, but plain HTTP for this machine itself, as Docker does it. */
function originOf({ registry }: ImageName, { insecureRegistries = [] }: OpenOptions): string {
  const host = registry === 'docker.io' ? DOCKER_HUB : registry
  const isHere = isLoopback(host.replace(/:\d+$/, ''))
  return `${isHere || insecureRegistries.includes(registry) ? 'http' : 'https'}://${host}`
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= ask()
    return answer
  }
}
