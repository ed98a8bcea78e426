import { bufferOf, decodeText } from '../bytes.js'
import type { Outcome } from './outcome.js'
import type { Difference, End } from './verification.js'

/**
 * In what a run is not as another one, once all that matches a pattern is taken as equal. Where both were cut off at
 * the time limit, it is enough that neither stream contradicts the other as far as both go.
 */
export function differencesOf(
  expected: Outcome,
  actual: Outcome,
  ignored: readonly RegExp[],
): readonly Difference[] {
  const wereCut = [expected.end, actual.end].every(({ kind }) => kind === 'time-out')
  return [
    ...endDifference(expected.end, actual.end),
    ...(['stdout', 'stderr'] as const).flatMap((what) => {
      if (bufferOf(expected[what]).equals(actual[what])) return []
      const [one, other] = [expected, actual].map((outcome) => filtered(decodeText(outcome[what]), ignored))
      return textDifference(what, one!, other!, wereCut)
    }),
  ]
}

function endDifference(expected: End, actual: End): readonly Difference[] {
  const [one, other] = [endText(expected), endText(actual)]
  return one === other ? [] : [{ what: 'end', expected: one, actual: other }]
}

/** Where these numbers are the same on every Linux (signal(7)). */
const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
}

/** How a run ended, in words. */
export function endText(end: End): string {
  if (end.kind === 'time-out') return 'still running at the time limit'
  if (end.kind === 'not started') return `not started: ${end.reason}`
  if (end.kind !== 'exit') return end.kind
  const signal = SIGNALS[end.code - 128]
  return signal === undefined ? `exit code ${end.code}` : `exit code ${end.code} (${signal})`
}

/** What stands in the place of all that matches. */
const IGNORED = '<ignored>'

function filtered(text: string, ignored: readonly RegExp[]): string {
  return ignored.reduce((rest, pattern) => rest.replaceAll(global(pattern), IGNORED), text)
}

function global(pattern: RegExp): RegExp {
  const flags = new Set([...pattern.flags.replace('y', ''), 'g', 'm'])
  return new RegExp(pattern.source, [...flags].join(''))
}

function textDifference(
  what: 'stdout' | 'stderr',
  expected: string,
  actual: string,
  wereCut: boolean,
): readonly Difference[] {
  const at = firstDifference(expected, actual)
  if (at === undefined || (wereCut && at >= Math.min(expected.length, actual.length))) return []
  const start = expected.lastIndexOf('\n', at - 1) + 1
  const line = expected.slice(0, start).split('\n').length
  return [{ what, line, expected: excerpt(expected, start), actual: excerpt(actual, start) }]
}

/** In UTF-16 code units, counted from zero. */
function firstDifference(one: string, other: string): number | undefined {
  if (one === other) return undefined
  const end = Math.min(one.length, other.length)
  for (let at = 0; at < end; at++) if (one.charCodeAt(at) !== other.charCodeAt(at)) return at
  return end
}

/** How many lines of how many characters an excerpt has. */
const LINES = 5
const LONGEST = 400

function excerpt(text: string, start: number): string {
  const lines = text.slice(start, start + LINES * LONGEST).split('\n')
  return lines
    .slice(0, LINES)
    .map((line) => line.slice(0, LONGEST))
    .join('\n')
}
