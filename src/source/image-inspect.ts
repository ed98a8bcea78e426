import { LiftError } from '../errors.js'
import { EMPTY_CONFIG, type ImageConfig } from '../image/config.js'
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
    size: typeof Size === 'number' && Size > 0 ? Size : undefined,
    config: configOf(objectOf(image.Config)),
  }
}

function configOf(config: Readonly<Record<string, unknown>>): ImageConfig {
  return {
    ...EMPTY_CONFIG,
    env: stringsOf(config.Env),
    entrypoint: stringsOf(config.Entrypoint),
    cmd: stringsOf(config.Cmd),
    exposedPorts: Object.keys(objectOf(config.ExposedPorts)),
    volumes: Object.keys(objectOf(config.Volumes)),
    labels: Object.fromEntries(
      Object.entries(objectOf(config.Labels)).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      ),
    ),
    ...optional('user', textOf(config.User)),
    ...optional('workingDir', textOf(config.WorkingDir)),
    ...optional('stopSignal', textOf(config.StopSignal)),
  }
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
