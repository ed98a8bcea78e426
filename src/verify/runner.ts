import type { Image } from '../image/image.js'
import type { Packing } from '../pack/packing.js'
import type { Outcome } from './outcome.js'
import type { RunnerName } from './verification.js'

/** A way to run programs of an image and of its lift, alike. */
export interface Runner extends AsyncDisposable {
  readonly name: RunnerName
  /** One line: what runs the programs, and shut off by what. */
  readonly describe: string
  /** What is otherwise than where an engine would run the image. */
  readonly notes: readonly string[]
  /** The image itself, which no run changes. Throws LiftError. */
  original(): Promise<Side>
  /** A lift, made into what can be run. Throws LiftError. */
  lifted(packing: Packing): Promise<Side>
}

/** Something programs can be run in, each run in a state as fresh as the first. */
export interface Side extends AsyncDisposable {
  /** What of it could not be made as it is in the image. */
  readonly notes: readonly string[]
  /**
   * Runs one program to its end or to a limit; then nothing of it is left. Throws LiftError 'interrupted', and where
   * it is not the program that is at fault.
   */
  run(command: Command): Promise<Outcome>
}

/** A program to run, and what it is given. */
export interface Command {
  /** The first one is what is started and its own name to it, an absolute path. */
  readonly argv: readonly [string, ...string[]]
  readonly stdin: Uint8Array
  /** Put over the environment of the image. */
  readonly env: Readonly<Record<string, string>>
  readonly workdir?: string
  readonly user?: string
  /** In seconds. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

/** What a runner may need to know. */
export interface RunnerContext {
  readonly image: Image
  /** The caller's environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  readonly onStep?: ((step: string) => void) | undefined
}

/** A runner that is at hand, or why there is none. */
export type Found = { readonly runner: Runner } | { readonly reason: string }

/** Most memory of a run in bytes, processes, open files, and bytes that are written. */
export const LIMITS = { memory: 2 ** 31, processes: 1024, files: 16_384, written: 2 ** 29 } as const

/** The environment of the image with that of a case over it. */
export function environmentOf(lines: readonly string[], env: Command['env']): readonly string[] {
  const over = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const nameOf = (line: string) => line.split('=', 1)[0]!
  const all = new Map([...lines, ...over].map((line) => [nameOf(line), line]))
  return [...all.values()]
}
