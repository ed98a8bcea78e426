import { LiftError } from '../errors.js'
import type { BlobStore } from '../image/blob-store.js'
import { type Digest, digestOf, sha256 } from '../image/digest.js'
import type { Image } from '../image/image.js'
import { optional } from '../image/json-fields.js'
import { type Blobs, openLayers, readImage } from '../image/layout.js'
import { budgetOf } from '../image/limits.js'
import { type Descriptor, MAX_DOCUMENT } from '../image/manifest.js'
import { parsePlatform } from '../image/platform.js'
import { type ImageName, parseImageName } from '../image/reference.js'
import { layerStore } from './layer-store.js'
import { isLoopback } from './proxy.js'
import { credentialsFor } from './registry-auth.js'
import { type RegistryClient, registryClient } from './registry-client.js'
import { type HttpClient, httpClient } from './registry-http.js'
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
  const { env = process.env, signal, onStep } = options
  const http = await httpClient({ env, signal, onStep })
  try {
    const found = await findManifest(name, http, options)
    return found === undefined ? undefined : await openFound(name, found, options)
  } finally {
    await http[Symbol.asyncDispose]()
  }
}

/** A manifest or index, and the registry that has it. */
interface Found {
  readonly client: RegistryClient
  readonly bytes: Uint8Array
  readonly mediaType: string
}

/** Asks the mirrors first, where there are any; one that fails is passed over. */
async function findManifest(
  name: ImageName,
  http: HttpClient,
  options: OpenOptions,
): Promise<Found | undefined> {
  const { env = process.env, signal, onStep, registryMirrors = [] } = options
  const hosts = name.registry === 'docker.io' ? [...registryMirrors, name.registry] : [name.registry]
  for (const [index, host] of hosts.entries()) {
    const client = registryClient(
      { origin: originOf(host, options), path: name.repository, name: name.text },
      { http, signal, credentials: once(() => credentialsFor(host, name.repository, env, signal)) },
    )
    const isLast = index === hosts.length - 1
    onStep?.(`asking ${host} for ${name.text}`)
    const asked = client.manifest(name.digest ?? name.tag ?? 'latest')
    const found = await (isLast ? asked : asked.catch(unlessInterrupted))
    if (found !== undefined) return { client, ...found }
  }
  return undefined
}

function unlessInterrupted(error: unknown): undefined {
  if (error instanceof LiftError && error.code.startsWith('registry-')) return undefined
  throw error
}

async function openFound(
  name: ImageName,
  { client, bytes, mediaType }: Found,
  options: OpenOptions,
): Promise<Image> {
  const { signal, onStep, platform } = options
  const what = name.text
  const store = layerStore(options)
  try {
    const start: Descriptor = {
      mediaType,
      digest: digestOf(name.digest) ?? sha256(bytes),
      size: bytes.length,
    }
    const wanted = platform === undefined ? undefined : parsePlatform(platform)
    const { document, layers } = await readImage(blobsOf(client, store, start, bytes), start, wanted, what)
    const context = { store, budget: budgetOf(options.limits, what), ...optional('signal', signal), onStep }
    const opened = await openLayers(document, layers, wanted, what, context)
    return {
      reference: `registry:${what}`,
      digest: start.digest,
      platform: document.platform,
      config: document.config,
      copySource: { kind: 'image', from: `${name.name}@${start.digest}`, pinned: true },
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
function originOf(registry: string, { insecureRegistries = [] }: OpenOptions): string {
  const host = registry === 'docker.io' ? DOCKER_HUB : registry
  const isPlain = isLoopback(host.replace(/:\d+$/, '')) || insecureRegistries.includes(registry)
  return `${isPlain ? 'http' : 'https'}://${host}`
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= ask()
    return answer
  }
}
