import { LiftError } from '../errors.js'
import { type ImageConfig, imageConfigOf } from '../image/config.js'
import { objectOf, optional, stringsOf, textOf } from '../image/json-fields.js'
import { type Platform, parsePlatform } from '../image/platform.js'
import type { EngineClient } from './engine-client.js'
import { engineMessage } from './engine-errors.js'

/** What liftbin uses of an engine's description of an image. */
export interface InspectedImage {
  /** `sha256:…` of the configuration. */
  readonly id: string
  /** `name:tag`, without the placeholders of untagged images. */
  readonly tags: readonly string[]
  /** `name@sha256:…`. */
  readonly digests: readonly string[]
  readonly platform: Platform
  /** Digests of its layers when uncompressed, lowest first. */
  readonly layers: readonly string[]
  /** In bytes. */
  readonly size: number | undefined
  readonly config: ImageConfig
}

/**
 * Asks an engine for an image by name or ID; undefined when it has none. The platform matters only to engines
 * that hold several under one name (Engine API 1.49); others ignore it.
 * Throws LiftError.
 */
export async function inspectImage(
  client: EngineClient,
  name: string,
  { platform, signal }: { readonly platform?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<InspectedImage | undefined> {
  const query =
    platform === undefined ? '' : `?platform=${encodeURIComponent(JSON.stringify(parsePlatform(platform)))}`
  const path = `/images/${name.split('/').map(encodeURIComponent).join('/')}/json${query}`
  const { status, value } = await client.json('GET', path, { signal })
  if (status === 404) return undefined
  if (status !== 200) {
    throw new LiftError('engine-failed', `${client.engine} cannot describe ${name}: ${engineMessage(value)}`)
  }
  return described(client, name, value)
}

function described(client: EngineClient, name: string, value: unknown): InspectedImage {
  const image = objectOf(value)
  const { Id, Os, Architecture, Variant, Size } = image
  if (typeof Id !== 'string' || !/^(sha256:)?[0-9a-f]{64}$/.test(Id)) {
    throw new LiftError('engine-failed', `${client.engine} describes ${name} without an ID`)
  }
  return {
    id: Id.startsWith('sha256:') ? Id : `sha256:${Id}`,
    tags: stringsOf(image.RepoTags).filter((tag) => !tag.includes('<none>')),
    digests: stringsOf(image.RepoDigests).filter((digest) => !digest.includes('<none>')),
    platform: {
      os: textOf(Os) ?? 'linux',
      architecture: textOf(Architecture) ?? 'unknown',
      ...optional('variant', textOf(Variant)),
    },
    layers: stringsOf(objectOf(image.RootFS).Layers),
    size: typeof Size === 'number' && Size > 0 ? Size : undefined,
    config: imageConfigOf(image.Config),
  }
}
