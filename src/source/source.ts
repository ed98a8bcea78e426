import type { Image } from '../image/image.js'
import type { Limits } from '../image/limits.js'
import type { LayerProgress } from '../image/open-layers.js'

/** What every source understands. */
export interface OpenOptions {
  /** `os/arch[/variant]`, as for `docker --platform`. */
  readonly platform?: string
  /** Other platforms that the caller opens the image for as well; a source that has one alone then says what has several. */
  readonly otherPlatforms?: readonly string[]
  /** The cache of layers: by default ten GiB below XDG_CACHE_HOME; `'none'` keeps nothing. */
  readonly cache?: 'none' | { readonly directory?: string; readonly size?: number }
  /** Hosts that are asked in place of Docker's own registry, the first one first; it is asked last. */
  readonly registryMirrors?: readonly string[]
  /** Bounds that differ from DEFAULT_LIMITS. */
  readonly limits?: Partial<Limits>
  /** Registries to be spoken to in plain HTTP, `host[:port]`. */
  readonly insecureRegistries?: readonly string[]
  /** What `-` in place of an archive's file means; the process's own standard input by default. */
  readonly stdin?: AsyncIterable<Uint8Array>
  /** Aborts; the source then cleans up and throws LiftError 'interrupted'. */
  readonly signal?: AbortSignal
  /** Told of each step worth a progress line ("creating a helper container"). */
  readonly onStep?: (step: string) => void
  /** Told of each piece of a layer that has come, where a source reads layers; that is often. */
  readonly onLayer?: (progress: LayerProgress) => void
  /** The caller's environment (DOCKER_HOST, DOCKER_CONFIG, HOME, PATH); the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** One kind of place an image comes from. */
export interface Source {
  readonly scheme: string
  /** One line for help texts: what the location looks like. */
  readonly describe: string
  /** Throws LiftError: 'image-not-found', 'engine-unreachable', 'engine-denied', 'platform-mismatch', … */
  open(location: string, options: OpenOptions): Promise<Image>
}
