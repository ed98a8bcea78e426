import type { Digest } from '../image/digest.js'
import type { LayerCompression } from '../pack/packed.js'
import type { Packing } from '../pack/packing.js'

/** What every destination understands. */
export interface WriteOptions {
  /** Of layers, where the destination leaves the choice: `gzip` by default. */
  readonly compression?: LayerCompression | undefined
  /** Aborts; nothing is left behind then, and LiftError 'interrupted' is thrown. */
  readonly signal?: AbortSignal | undefined
  /** Told of each step worth a progress line. */
  readonly onStep?: ((step: string) => void) | undefined
  /** The caller's environment (DOCKER_HOST, HOME, PATH); the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** What `-` in place of a file means; the process's own standard output by default. */
  readonly stdout?: Output | undefined
  /** Registries to be spoken to in plain HTTP, `host[:port]`. */
  readonly insecureRegistries?: readonly string[] | undefined
}

/** The part of a stream that an archive needs. */
export interface Output {
  write(bytes: Uint8Array, done: (error?: Error | null) => void): unknown
  readonly isTTY?: boolean
}

/** What was written. */
export interface Written {
  /** `scheme:location`, by which the image can be read again where there is a source for it. */
  readonly reference: string
  /** Of the manifest, or of the index of several. */
  readonly digest?: Digest
  /** Of the configuration: what engines call the image's ID. */
  readonly imageId?: Digest
  /** What could not be written as it is in the image, a sentence each. */
  readonly warnings: readonly string[]
}

/** One kind of place an image is written to. */
export interface Destination {
  readonly scheme: string
  /** One line for help texts: what the location looks like. */
  readonly describe: string
  /** Whether it takes one image for several platforms. */
  readonly takesSeveral: boolean
  /** Throws LiftError 'usage' for a location that nothing can be written to, wherever that is asked. */
  check?(location: string): unknown
  /** Writes one image, or one for several platforms. Throws LiftError. */
  write(location: string, packings: readonly Packing[], options: WriteOptions): Promise<Written>
}
