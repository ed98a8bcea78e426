import { objectOf, optional, parseJson, stringsOf, textOf, textRecordOf } from './json-fields.js'
import type { Platform } from './platform.js'

/** What liftbin uses of an image's configuration (OCI image-spec, "config"). */
export interface ImageConfig {
  /** In order, unparsed: `NAME=value`. */
  readonly env: readonly string[]
  readonly user?: string
  readonly workingDir?: string
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly exposedPorts: readonly string[]
  readonly volumes: readonly string[]
  readonly stopSignal?: string
  /** What HEALTHCHECK runs, the way to run it first (`CMD`, `CMD-SHELL`); absent where there is none, or NONE. */
  readonly healthcheck?: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** How a new image is to be run, where that differs from what its source says. */
export interface ConfigOptions {
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly user?: string
  readonly workdir?: string
  /** `NAME=value` lines, added after the source's own. */
  readonly env?: readonly string[]
  readonly labels?: readonly string[]
}

/** The configuration of an image that says nothing. */
export const EMPTY_CONFIG: ImageConfig = {
  env: [],
  entrypoint: [],
  cmd: [],
  exposedPorts: [],
  volumes: [],
  labels: {},
}

/** The PATH that Docker gives an image without one. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The last value of an environment variable in the configuration. */
export function envOf(config: ImageConfig, name: string): string | undefined {
  const prefix = `${name}=`
  return config.env.findLast((line) => line.startsWith(prefix))?.slice(prefix.length)
}

/** Lines `NAME=value` with others over them: a name keeps its place and gets its last value. */
export function mergedEnv(lines: readonly string[], others: readonly string[] = []): readonly string[] {
  const merged = new Map<string, string>()
  for (const line of [...lines, ...others]) merged.set(line.split('=', 1)[0]!, line)
  return [...merged.values()]
}

/** The part of a configuration that says how to run the image, in the field names of Docker and of OCI alike. */
export function imageConfigOf(value: unknown): ImageConfig {
  const config = objectOf(value)
  return {
    env: stringsOf(config.Env),
    entrypoint: stringsOf(config.Entrypoint),
    cmd: stringsOf(config.Cmd),
    exposedPorts: Object.keys(objectOf(config.ExposedPorts)),
    volumes: Object.keys(objectOf(config.Volumes)),
    labels: textRecordOf(config.Labels),
    ...optional('user', textOf(config.User)),
    ...optional('workingDir', textOf(config.WorkingDir)),
    ...optional('stopSignal', textOf(config.StopSignal)),
    ...optional('healthcheck', healthcheckOf(config.Healthcheck)),
  }
}

function healthcheckOf(value: unknown): readonly string[] | undefined {
  const test = stringsOf(objectOf(value).Test)
  return test.length === 0 || test[0] === 'NONE' ? undefined : test
}

/** An image's configuration document (OCI image-spec, "config"; Docker's image JSON 1.2). */
export interface ConfigDocument {
  readonly config: ImageConfig
  readonly platform: Platform
  /** The digest of each layer when uncompressed, lowest first. */
  readonly diffIds: readonly string[]
}

/** Reads a configuration document. Throws LiftError 'unreadable'. */
export function parseConfigDocument(bytes: Uint8Array, what: string): ConfigDocument {
  const document = objectOf(parseJson(bytes, what))
  return {
    config: imageConfigOf(document.config),
    platform: {
      os: textOf(document.os) ?? 'linux',
      architecture: textOf(document.architecture) ?? 'unknown',
      ...optional('variant', textOf(document.variant)),
    },
    diffIds: stringsOf(objectOf(document.rootfs).diff_ids),
  }
}
