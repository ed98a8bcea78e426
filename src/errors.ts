/** Why there is no answer; each code maps to one exit status in `cli/exit-code.ts`. */
export type ErrorCode =
  | 'usage'
  | 'image-not-found'
  | 'engine-unreachable'
  | 'engine-denied'
  | 'engine-failed'
  | 'registry-unreachable'
  | 'registry-denied'
  | 'registry-failed'
  | 'platform-mismatch'
  | 'file-not-found'
  | 'not-a-file'
  | 'unreadable'
  | 'not-elf'
  | 'malformed-elf'
  | 'unsupported'
  | 'limit'
  | 'output'
  | 'interrupted'

/**
 * "There is no answer": says what failed, on which file of which image, and the next step.
 * An answer that has something wrong with it is a Finding instead.
 */
export class LiftError extends Error {
  readonly code: ErrorCode
  /** The next step for the user, one sentence, printed on a line of its own. */
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LiftError'
    this.code = code
    this.hint = options.hint
  }
}

/** The same error with a prefix that names the file or image it happened on; wrong usage and writing happen on none. */
export function inContext(error: unknown, where: string): unknown {
  if (!(error instanceof LiftError) || error.code === 'usage' || error.code === 'output') return error
  return new LiftError(error.code, `${where}: ${error.message}`, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  })
}

/** What the system said in its own words, without the code and the call: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return /^E[A-Z0-9]+: (.*?)(, [a-z]+( .*)?)?$/s.exec(message)?.[1] ?? message
}
