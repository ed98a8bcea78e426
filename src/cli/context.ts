/**
 * The part of the library that reads, loaded when a command needs it: starting up is most of a small lift. As it is
 * shipped, it opens directories alone, and knows neither of packages nor of needs that are not certain.
 */
export type Door = typeof import('../reading.js')

/** All of the library, for commands that write images or run them. */
export type WholeDoor = typeof import('../index.js')

/** The part of a stream that the command line uses. */
export interface Stream {
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Everything a command touches outside of the library; tests give their own. */
export interface Context {
  readonly out: Stream
  readonly err: Stream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly door: () => Promise<Door>
  readonly wholeDoor: () => Promise<WholeDoor>
}

/** The same, with all of the library where a part of it would do: two would have errors of their own each. */
export function withWholeDoor(context: Context): Context {
  return { ...context, door: context.wholeDoor }
}

/** Whether an image is of the only kind that the part that reads can open. */
export function isDirectory(reference: string): boolean {
  return reference.startsWith('dir:')
}

/** The options that all commands have. */
export interface CommonFlags {
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color: boolean
  readonly progress: boolean
}

/** The option of commands that take along what runs were seen to open. */
export interface TraceFlag {
  readonly trace?: readonly string[]
}

/** The option of all commands that look for libraries. */
export interface LddFlag {
  readonly ldd?: true
}

/** The options that say how an image is opened. */
export interface SourceFlags {
  /** As they were written: each text is a platform or several with commas. */
  readonly platform?: readonly string[]
  /** False for --no-cache. */
  readonly cache?: boolean
  /** In bytes. */
  readonly cacheSize?: number
  readonly insecureRegistry?: readonly string[]
  readonly registryMirror?: readonly string[]
  /** In bytes. */
  readonly maxSize?: number
  readonly maxFiles?: number
  readonly maxRatio?: number
  /** In bytes. */
  readonly maxPath?: number
  readonly maxNesting?: number
}
