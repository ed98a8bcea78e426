import { LiftError } from '../errors.js'
import type { BlobStore } from '../image/blob-store.js'
import { type Digest, digestOf, sha256 } from '../image/digest.js'
import type { Image } from '../image/image.js'
import { optional } from '../image/json-fields.js'
import { type Blobs, readImage } from '../image/layout.js'
import { budgetOf } from '../image/limits.js'
import { type Descriptor, MAX_DOCUMENT } from '../image/manifest.js'
import { openLayers } from '../image/open-layers.js'
import { parsePlatform } from '../image/platform.js'
import { type ImageName, parseImageName } from '../image/reference.js'
import { PATIENCE, type Patience } from './http-request.js'
import { layerStore } from './layer-store.js'
import { type RegistryClient, registryClient } from './registry-client.js'
import { type HttpClient, httpClient } from './registry-http.js'
import { credentialsOnce, repositoryOf } from './registry-place.js'
import type { OpenOptions, Source } from './source.js'

/** `registry:NAME`: an image of a registry, read as it comes; no daemon has a part in it. */
export const openRegistry: Source['open'] = async (location, options) => {
  const image = await openFromRegistry(location, options)
  if (image !== undefined) return image
  throw new LiftError('image-not-found', `the registry has no image ${location}`, {
    hint: 'Check the name and the tag.',
  })
}

/** The image, or undefined when the registry has none of this name. Throws LiftError. */
export async function openFromRegistry(
  location: string,
  options: OpenOptions,
  patience: Patience = PATIENCE,
): Promise<Image | undefined> {
  const name = parseImageName(location)
  const { env = process.env, signal, onStep, registryMirrors = [] } = options
  for (const mirror of registryMirrors) checkMirror(mirror)
  const hosts = name.registry === 'docker.io' ? [...registryMirrors, name.registry] : [name.registry]
  const http = httpClient({ env, signal, onStep, patience })
  try {
    for (const host of hosts.slice(0, -1)) {
      const image = await openFromHost(host, name, http, options, patience).catch(unlessOfMirror)
      if (image !== undefined) return image
    }
    return await openFromHost(hosts.at(-1)!, name, http, options, patience)
  } catch (error) {
    throw signal?.aborted ? new LiftError('interrupted', `interrupted while fetching ${name.text}`) : error
  } finally {
    http[Symbol.dispose]()
  }
}

/** A mirror that fails or has wrong bytes is passed over. */
function unlessOfMirror(error: unknown): undefined {
  if (error instanceof LiftError && /^(registry-|unreadable$)/.test(error.code)) return undefined
  throw error
}

function checkMirror(mirror: string): void {
  if (/^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d+)?$/.test(mirror)) return
  throw new LiftError('usage', `${JSON.stringify(mirror)} is not the host of a mirror`, {
    hint: 'Write host or host:port, for example mirror.example:5000.',
  })
}

async function openFromHost(
  host: string,
  name: ImageName,
  http: HttpClient,
  options: OpenOptions,
  patience: Patience,
): Promise<Image | undefined> {
  const { signal, onStep } = options
  const credentials = credentialsOnce(host, name, options)
  const access = { http, signal, patience, credentials }
  const client = registryClient(repositoryOf(host, name, options), access)
  onStep?.(`asking ${host} for ${name.text}`)
  const found = await client.manifest(name.digest ?? name.tag ?? 'latest')
  return found === undefined ? undefined : openFound(name, { client, ...found }, options)
}

/** A manifest or index, and the registry that has it. */
interface Found {
  readonly client: RegistryClient
  readonly bytes: Uint8Array
  readonly mediaType: string
}

async function openFound(
  name: ImageName,
  { client, bytes, mediaType }: Found,
  options: OpenOptions,
): Promise<Image> {
  const { signal, onStep, onLayer, platform } = options
  const what = name.text
  const store = layerStore(options)
  try {
    const start: Descriptor = {
      mediaType,
      digest: digestOf(name.digest) ?? sha256(bytes),
      size: bytes.length,
    }
    const wanted = platform === undefined ? undefined : parsePlatform(platform)
    const blobs = blobsOf(client, store, start, bytes)
    const budget = budgetOf(options.limits, what)
    const { digest, document, layers } = await readImage(blobs, start, wanted, what, budget.limits)
    const context = {
      store,
      budget,
      ...optional('signal', signal),
      onStep,
      onLayer,
    }
    const opened = await openLayers(document, layers, wanted, what, context)
    return {
      reference: `registry:${what}`,
      digest: start.digest,
      platform: document.platform,
      config: document.config,
      copySource: {
        kind: 'image',
        from: `${name.name}@${start.digest}`,
        pinned: true,
        ...(digest === start.digest ? {} : { ofPlatform: `${name.name}@${digest}` }),
      },
      ...opened,
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  } catch (error) {
    await store[Symbol.asyncDispose]()
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
      if (sha256(document) === digest) keepDocument(store, digest, document)
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

function keepDocument(store: BlobStore, digest: Digest, document: Uint8Array): void {
  store.keep(digest, (append) => {
    append(document)
    return digest
  })
}
