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
  readonly labels: Readonly<Record<string, string>>
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
