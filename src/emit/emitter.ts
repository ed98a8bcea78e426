import type { Lift } from '../lift/lift.js'

/** One text format of a lift. The same lift gives the same bytes. */
export interface Emitter {
  /** One line for help texts. */
  readonly describe: string
  /** The usual file extension, without the dot. */
  readonly extension: string
  emit(lift: Lift, options: EmitOptions): string
}

export interface EmitOptions {
  /** Copy from this stage of the reader's own Dockerfile; the output is then a fragment without FROM. */
  readonly stage?: string
  /** Configuration lines of the new image that the user asked for. */
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly user?: string
  readonly workdir?: string
  /** `NAME=value` lines, added after the image's own. */
  readonly env?: readonly string[]
  readonly labels?: readonly string[]
}
