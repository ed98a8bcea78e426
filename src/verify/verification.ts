import type { Finding } from '../lift/finding.js'
import type { LiftedImage } from '../lift/lift.js'

/** What became of original and lift when both were run with the same cases, as plain data. */
export interface Verification {
  readonly image: LiftedImage
  /** Absolute paths of the lifted programs. */
  readonly programs: readonly string[]
  readonly runner: UsedRunner
  /** The worst of the cases. */
  readonly verdict: Verdict | 'not run'
  readonly cases: readonly CaseResult[]
  /** Of each library that was left out in turn; absent when that was not asked for. */
  readonly minimal?: readonly LeftOut[]
  /** Of the lift. */
  readonly findings: readonly Finding[]
}

/** By what programs are run; `static` runs none. */
export type RunnerName = 'docker' | 'podman' | 'namespace' | 'bubblewrap' | 'static'

/** Who ran the programs, and why others did not. */
export interface UsedRunner {
  readonly name: RunnerName
  readonly describe: string
  readonly passedOver: readonly { readonly name: RunnerName; readonly reason: string }[]
  /** What is otherwise than where an engine would run the image. */
  readonly notes: readonly string[]
}

/**
 * `inconclusive`: nothing speaks against the lift, but the case proves little, since both were still running at the
 * time limit, or since the original differs from itself. `failed`: the original could not be run.
 */
export type Verdict = 'same' | 'inconclusive' | 'failed' | 'differs'

/** One case, run in both. */
export interface CaseResult {
  readonly name: string
  /** What was started, as in the original. */
  readonly argv: readonly string[]
  readonly verdict: Verdict
  /** Why it is inconclusive or has failed. */
  readonly reason?: string
  readonly original: Ran
  readonly lifted: Ran
  readonly differences: readonly Difference[]
  readonly hints: readonly Hint[]
}

/** How a run ended. A program that a signal ended has 128 and the signal's number, as a shell says it. */
export type End =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'time-out' }
  | { readonly kind: 'too much output' }
  | { readonly kind: 'not started'; readonly reason: string }

/** What is kept of a run. */
export interface Ran {
  readonly end: End
  readonly stdout: Printed
  readonly stderr: Printed
  readonly milliseconds: number
}

/** The beginning of what a program printed. */
export interface Printed {
  /** In bytes, of all of it. */
  readonly size: number
  readonly text: string
  readonly isWhole: boolean
}

/** One thing in which the lift is not as the original; the texts are excerpts from the first line that differs. */
export interface Difference {
  readonly what: 'end' | 'stdout' | 'stderr'
  readonly expected: string
  readonly actual: string
  /** Counted from one; of a stream. */
  readonly line?: number
}

/** A file of the image that the lift did not have when its program asked for it. */
export interface Hint {
  readonly path: string
  /** What the program said of it. */
  readonly said: string
}

/** What became of the cases when one library was left out. */
export interface LeftOut {
  readonly path: string
  readonly isNeeded: boolean
}

const ORDER: readonly Verdict[] = ['same', 'inconclusive', 'failed', 'differs']

/** The verdict that outweighs the others. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return ORDER[Math.max(0, ...verdicts.map((verdict) => ORDER.indexOf(verdict)))]!
}
