import type { CaseResult, Difference, Hint, Ran, Verdict, Verification } from '../verify/verification.js'
import type { VerifyEmitter } from './emitter.js'
import type { Paint } from './paint.js'
import { printable } from './printable.js'

/** A line for each case, below it what differs, and at the end who ran them and what came of it. */
export const verifyTable: VerifyEmitter = {
  describe: 'a line for each case and what differs, for people',
  extension: 'txt',
  emit: (verification, paint) => {
    const { cases, minimal } = verification
    const width = Math.min(60, Math.max(...cases.map(({ name }) => printable(name).length)))
    return [
      ...cases.flatMap((one) => caseLines(one, width, paint)),
      ...(minimal === undefined ? [] : minimalLines(minimal, paint)),
      ...runnerLines(verification, paint),
      `${totalLine(verification)}\n`,
    ].join('\n')
  },
}

const COLOURS = { same: 'note', inconclusive: 'warning', failed: 'error', differs: 'error' } as const

function caseLines(one: CaseResult, width: number, paint: Paint): readonly string[] {
  const { name, verdict, reason, original, lifted, differences, hints } = one
  const times = paint.faint(`${timeOf(original)} → ${timeOf(lifted)}`)
  const below = [
    ...(reason === undefined ? [] : [reason]),
    ...differences.flatMap(differenceLines),
    ...hints.map(hintLine),
  ]
  return [
    `${paint[COLOURS[verdict]](verdict.padEnd(12))}  ${paint.strong(printable(name).padEnd(width))}  ${times}`,
    ...below.map((line) => `  ${printable(line)}`),
  ]
}

function timeOf({ milliseconds }: Ran): string {
  return `${(milliseconds / 1000).toFixed(2)} s`
}

/** A difference in lines that may hold anything. */
export function differenceLines({ what, line, expected, actual }: Difference): readonly string[] {
  if (what === 'end') return [`ends differently: ${expected} → ${actual}`]
  return [`${what} differs from line ${line} on:`, ...marked('-', expected), ...marked('+', actual)]
}

function marked(mark: string, text: string): readonly string[] {
  if (text === '') return [`  ${mark} (nothing more)`]
  const lines = text.split('\n')
  return (lines.at(-1) === '' ? lines.slice(0, -1) : lines).map((line) => `  ${mark} ${line}`)
}

/** What to do about a file that was left behind. */
export function hintLine({ path, said }: Hint): string {
  return `try --include ${path}: it is in the image and not in the lift, and the program says: ${said.trim().slice(0, 200)}`
}

function minimalLines(minimal: NonNullable<Verification['minimal']>, paint: Paint): readonly string[] {
  const idle = minimal.filter(({ isNeeded }) => !isNeeded)
  const tried = `${minimal.length} ${minimal.length === 1 ? 'library' : 'libraries'} left out in turn`
  if (idle.length === 0) return [`${tried}: all are needed`]
  return [
    `${tried}: without ${idle.length === 1 ? 'this one' : `each of these ${idle.length}`} no case fares worse`,
    ...idle.map(({ path }) => `  ${paint.strong(printable(path))}`),
  ]
}

function runnerLines({ runner }: Verification, paint: Paint): readonly string[] {
  const how = runner.name === 'static' ? runner.describe : `run by ${runner.name}: ${runner.describe}`
  return [
    printable(how),
    ...runner.passedOver.map(({ name, reason }) => paint.faint(`  not by ${name}: ${printable(reason)}`)),
    ...runner.notes.map((note) => paint.faint(`  ${printable(note)}`)),
  ]
}

const WORDS: Readonly<Record<Verdict, string>> = {
  same: 'the same',
  inconclusive: 'inconclusive',
  failed: 'failed',
  differs: 'different',
}

function totalLine({ cases, verdict }: Verification): string {
  if (verdict === 'not run') return 'not verified by a run'
  const counts = (Object.keys(WORDS) as Verdict[]).flatMap((one) => {
    const count = cases.filter((result) => result.verdict === one).length
    return count === 0 ? [] : [`${count} ${WORDS[one]}`]
  })
  return `${cases.length === 1 ? '1 case' : `${cases.length} cases`}: ${counts.join(', ')}`
}
