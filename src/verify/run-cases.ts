import { encodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { LiftedProgram } from '../lift/lift.js'
import type { Case } from './case.js'
import { joinWords } from './command-line.js'
import { differencesOf } from './compare.js'
import { hintsFor, type Roots } from './hints.js'
import { type Outcome, ranOf } from './outcome.js'
import type { Command, Side } from './runner.js'
import type { CaseResult, Difference } from './verification.js'

/** How runs are made and compared. */
export interface Comparing {
  readonly original: Side
  readonly lifted: Side
  readonly roots: Roots
  /** What matches is taken as equal. */
  readonly ignore: readonly RegExp[]
  /** Whether two that still ran at the time limit count as the same. */
  readonly timeouts: 'inconclusive' | 'same'
  readonly signal?: AbortSignal | undefined
}

/** One program with one case. */
export interface Planned {
  readonly name: string
  readonly program: LiftedProgram
  readonly command: Omit<Command, 'argv' | 'signal'>
  readonly args: readonly string[]
}

/** Each case with its program, or with every program where it names none. Throws LiftError 'usage'. */
export function planCases(
  cases: readonly Case[],
  programs: readonly LiftedProgram[],
  timeout: number,
): readonly Planned[] {
  return cases.flatMap((one) => {
    const { program: wanted } = one
    const meant = programs.filter(
      ({ asked, path }) => wanted === undefined || wanted === asked || wanted === path,
    )
    if (meant.length === 0) throw notLifted(wanted!, programs)
    return meant.map((program) => plan(one, program, timeout))
  })
}

function plan(
  { name, args, stdin = '', program: _, ...rest }: Case,
  program: LiftedProgram,
  timeout: number,
): Planned {
  const { entrypoint = [], cmd = [] } = program.startedWith ?? {}
  const words = args ?? [...entrypoint, ...cmd]
  return {
    name: name ?? joinWords([program.asked, ...words]),
    program,
    args: words,
    command: { env: {}, timeout, ...rest, stdin: typeof stdin === 'string' ? encodeText(stdin) : stdin },
  }
}

function notLifted(wanted: string, programs: readonly LiftedProgram[]): LiftError {
  return new LiftError('usage', `a case runs ${JSON.stringify(wanted)}, which is none of the binaries`, {
    hint: `Name it after the image as well, or run one of ${programs.map(({ asked }) => asked).join(', ')}.`,
  })
}

/** Runs both at the same time, so that they see the same moment, and compares. */
export async function runCase(planned: Planned, comparing: Comparing): Promise<CaseResult> {
  const { original, lifted, ignore, roots } = comparing
  const inOriginal = () => original.run(commandOf(planned, planned.program.path, comparing))
  const [expected, actual] = await allOf([
    inOriginal(),
    lifted.run(commandOf(planned, planned.program.command[0]!, comparing)),
  ])
  const found = differencesOf(expected, actual, ignore)
  const isFair = expected.end.kind !== 'not started'
  const volatile = isFair && found.length > 0 ? differencesOf(expected, await inOriginal(), ignore) : []
  const differences = found.filter(({ what }) => !volatile.some((other) => other.what === what))
  return {
    name: planned.name,
    argv: [planned.program.path, ...planned.args],
    ...judge(expected, found, differences, comparing),
    original: ranOf(expected),
    lifted: ranOf(actual),
    differences: isFair ? (differences.length > 0 ? differences : found) : [],
    hints: isFair && differences.length > 0 ? await hintsFor(expected, actual, roots) : [],
  }
}

function commandOf({ command, args }: Planned, program: string, { signal }: Comparing): Command {
  return { ...command, argv: [program, ...args], signal }
}

/** Waits for both even when one fails, so that nothing runs on. */
async function allOf(
  runs: readonly [Promise<Outcome>, Promise<Outcome>],
): Promise<readonly [Outcome, Outcome]> {
  const [one, other] = await Promise.allSettled(runs)
  if (one.status === 'rejected') throw one.reason
  if (other.status === 'rejected') throw other.reason
  return [one.value, other.value]
}

function judge(
  { end }: Outcome,
  found: readonly Difference[],
  differences: readonly Difference[],
  { timeouts }: Comparing,
): Pick<CaseResult, 'verdict' | 'reason'> {
  if (end.kind === 'not started')
    return { verdict: 'failed', reason: `the original does not start: ${end.reason}` }
  if (differences.length > 0) return { verdict: 'differs' }
  if (found.length > 0) return { verdict: 'inconclusive', reason: VOLATILE }
  if (end.kind === 'too much output')
    return { verdict: 'inconclusive', reason: 'both print more than is looked at' }
  if (end.kind === 'time-out' && timeouts === 'inconclusive')
    return { verdict: 'inconclusive', reason: RUNNING }
  return { verdict: 'same' }
}

const VOLATILE = 'a second run of the original differs from the first one, too; what varies can be ignored'
const RUNNING = 'both were still running at the time limit, with the same output up to there'
