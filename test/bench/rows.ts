import type { Ratio } from './pairs.js'

/** One line of the table. */
export interface Row {
  readonly what: string
  /** What must be reached and what is aimed at, smaller being better; a row without them only tells. */
  readonly must?: number
  readonly aim?: number
  measure(): Measurement | Promise<Measurement>
}

export interface Measurement {
  /** What is held against `must` and `aim`. */
  readonly value: number
  /** As it is shown. */
  readonly text: string
  /** How often, in words. */
  readonly n: string
}

/** Why a row cannot be measured here: something it needs is not there. */
export class NotMeasured extends Error {}

/** The first lines of the table. */
export const HEAD = ['| what | measured | n | must | aim | |', '| --- | --- | --- | --- | --- | --- |']

/** A measured row as a line of the table, and whether it misses what must be. */
export async function lineOf(row: Row): Promise<{ readonly line: string; readonly isMissed: boolean }> {
  const { what, must, aim } = row
  try {
    const { value, text, n } = await row.measure()
    const verdict = verdictOf(value, row)
    const isMissed = must !== undefined && value > must
    return { line: cells([what, text, n, limit(must), limit(aim), verdict]), isMissed }
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error
    return {
      line: cells([what, `not measured: ${error.message}`, '', limit(must), limit(aim), '']),
      isMissed: false,
    }
  }
}

/** A ratio as a measurement: the median with the extremes. */
export function measuredRatio({ median, min, max, pairs }: Ratio): Measurement {
  return { value: median, text: `${short(median)} [${short(min)}–${short(max)}]`, n: `${pairs} pairs` }
}

/** A number with about three digits. */
export function short(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3)
}

function verdictOf(value: number, { must, aim }: Row): string {
  if (must === undefined) return ''
  if (value > must) return 'missed'
  return aim !== undefined && value <= aim ? 'aim reached' : 'reached'
}

function limit(value: number | undefined): string {
  return value === undefined ? '' : String(value)
}

function cells(texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`
}
