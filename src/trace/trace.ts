/** What a run was seen to open, run or look at, as it asked for it. */
export interface Observed {
  /** Absolute, or from the working directory that the run began in; nothing in it is resolved. */
  readonly path: string
  readonly how: How
  /** The program that did it, as it was started; known of strace's text. */
  readonly by?: string
}

/**
 * `run`: started. `read`: opened to be read, or a link that was read. `made`: written or made anew, so that only its
 * directory need be there. `looked at`: asked about, without being opened.
 */
export type How = 'run' | 'read' | 'made' | 'looked at'

/** What one or more runs were seen to do. */
export interface Trace {
  readonly observed: readonly Observed[]
  /** How many names are not known: cut off in the text, or from a directory that it does not tell. */
  readonly unclear: number
}

/** The most telling first. */
export const RANK: readonly How[] = ['run', 'read', 'made', 'looked at']
