import type { Case, ObservedRun, ObserveOptions } from '../../index.js'
import {
  type CommonFlags,
  type Context,
  type SourceFlags,
  type WholeDoor,
  withWholeDoor,
} from '../context.js'
import { EXIT } from '../exit-code.js'
import { given } from '../given.js'
import { onImage } from '../on-image.js'
import { checkOutput, writeAnswer } from '../output.js'
import { type Manner, mannerOf } from '../print.js'
import { readInput } from '../read-input.js'

/** The options of `liftbin trace`. */
export interface TraceFlags extends CommonFlags, SourceFlags {
  readonly output?: string
  readonly stdin?: string
  readonly env?: readonly string[]
  readonly user?: string
  readonly workdir?: string
  /** In seconds. */
  readonly timeout?: number
  readonly timeoutOk?: true
  readonly runner: NonNullable<ObserveOptions['runner']>
}

/** `liftbin trace`: what the loader said to stdout or a file, how the run went to stderr. Gives the exit status. */
export async function traceCommand(
  reference: string,
  [binary = '', ...args]: readonly string[],
  flags: TraceFlags,
  surroundings: Context,
): Promise<number> {
  const context = withWholeDoor(surroundings)
  const door = await context.wholeDoor()
  checkOutput(flags.output, door)
  const { runner } = flags
  const run = runOf(args, flags, door)
  const observed = await onImage(reference, flags, context, ({ image, common }) =>
    door.observeRun(image, binary, { ...common, run, runner, env: context.env }),
  )
  await writeAnswer(observed.trace, flags.output, context)
  printRun(observed, await mannerOf(context, flags))
  return isWhole(observed, flags) ? EXIT.answer : EXIT.faulty
}

function runOf(args: readonly string[], flags: TraceFlags, door: WholeDoor): Omit<Case, 'program' | 'name'> {
  const { user, workdir, timeout } = flags
  const stdin = flags.stdin === undefined ? undefined : readInput(flags.stdin, door)
  const env =
    flags.env === undefined ? undefined : Object.fromEntries(flags.env.map((line) => pairOf(line, door)))
  return given({ user, workdir, timeout, stdin, env, args: args.length === 0 ? undefined : args })
}

function pairOf(line: string, { LiftError, printable }: WholeDoor): readonly [string, string] {
  const cut = line.indexOf('=')
  if (cut > 0) return [line.slice(0, cut), line.slice(cut + 1)]
  throw new LiftError('usage', `--env ${printable(line)} is not of the form NAME=value`)
}

/** Of a run that was ended from outside, nobody knows what it would have loaded. */
function isWhole({ end }: ObservedRun, { timeoutOk }: TraceFlags): boolean {
  return end.kind === 'exit' || (end.kind === 'time-out' && timeoutOk === true)
}

/** What the program itself printed is of interest where it failed, or where all is. */
function printRun({ program, end, stdout, stderr, milliseconds, runner }: ObservedRun, manner: Manner): void {
  const { flags, line, paint, door } = manner
  if (flags.quiet) return
  const isFailed = end.kind !== 'exit' || end.code !== 0
  const own = flags.verbose ? `${Buffer.from(stdout)}${stderr}` : isFailed ? stderr : ''
  const lines = own.split('\n').filter((text) => text !== '')
  for (const text of flags.verbose ? lines : lines.slice(-LAST_LINES))
    line(paint.faint(`  ${door.printable(text)}`))
  const how = end.kind === 'exit' ? `ended with exit code ${end.code}` : ENDS[end.kind]
  line(
    `${door.printable(program)} ${how} after ${(milliseconds / 1000).toFixed(2)} s, run by ${runner.name}: ${runner.describe}`,
  )
  for (const note of runner.notes) line(`${paint.note('note:')} ${door.printable(note)}`)
}

const LAST_LINES = 5
const ENDS = {
  'time-out': 'was still running at the time limit, and was ended',
  'too much output': 'printed too much, and was ended',
  'not started': 'was not started',
} as const
