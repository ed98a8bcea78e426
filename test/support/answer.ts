import type { Finding, Lift, LiftEntry } from '../../src/index.js'

/** What a lift of one program says, in the terms that tests compare. */
export interface Answer {
  /** Open paths of the libraries in load order. */
  readonly found: readonly string[]
  /** `NAME for REQUESTER`. */
  readonly missing: readonly string[]
  /** `RULE PATH OUTCOME` for each place tried for a name that is missing. */
  readonly tried: Readonly<Record<string, readonly string[]>>
  /** `NAME by RULE` of every file that was asked for, by path. */
  readonly reasons: Readonly<Record<string, readonly string[]>>
  readonly findings: readonly Finding[]
  readonly lift: Lift
}

/** A lift in short. */
export function answerOf(lift: Lift): Answer {
  const { missing, programs, findings, entries } = lift
  return {
    found: programs[0]!.libraries,
    missing: missing.map(({ name, neededBy }) => `${name} for ${neededBy}`),
    tried: Object.fromEntries(
      missing.map(({ name, attempts }) => [
        name,
        attempts.map(({ rule, path, outcome }) => `${rule} ${path} ${outcome}`),
      ]),
    ),
    reasons: Object.fromEntries(entries.map((entry) => [entry.path, reasonsOf(entry)])),
    findings,
    lift,
  }
}

function reasonsOf({ why }: LiftEntry): readonly string[] {
  return why.map(({ name, rule }) => `${name} by ${rule}`)
}
