import type { Case, RunnerName, Verification } from '../../index.js'
import {
  type CommonFlags,
  type Context,
  type LddFlag,
  type SourceFlags,
  type TraceFlag,
  type WholeDoor,
  withWholeDoor,
} from '../context.js'
import { EXIT, exitOfFindings } from '../exit-code.js'
import { given } from '../given.js'
import { lddOptions, suggestLdd } from '../ldd.js'
import { type NeedFlags, needOptions } from '../need-flags.js'
import { onImage } from '../on-image.js'
import { checkOutput, writeAnswer } from '../output.js'
import { paintFor } from '../paint.js'
import { type Manner, mannerOf, printFindings } from '../print.js'
import { readInput } from '../read-input.js'
import { traceOptions } from '../traces.js'

/** The options of `liftbin verify`. */
export interface VerifyFlags extends CommonFlags, LddFlag, NeedFlags, SourceFlags, TraceFlag {
  readonly output?: string
  readonly format: keyof WholeDoor['VERIFY_FORMATS']
  readonly include?: readonly string[]
  readonly case?: readonly string[]
  readonly stdin?: string
  /** In seconds. */
  readonly timeout?: number
  readonly timeoutOk?: true
  readonly ignore?: readonly RegExp[]
  readonly runner: RunnerName | 'auto'
  readonly minimal?: true
}

/** What is run. */
export interface VerifyWords {
  readonly binaries: readonly string[]
  /** What stood after `--`. */
  readonly args: readonly string[] | undefined
}

/** `liftbin verify`: what came of the runs to stdout or a file, findings to stderr. Gives the exit status. */
export async function verifyCommand(
  reference: string,
  { binaries, args }: VerifyWords,
  flags: VerifyFlags,
  surroundings: Context,
): Promise<number> {
  const context = withWholeDoor(surroundings)
  const door = await context.wholeDoor()
  checkOutput(flags.output, door)
  const cases = casesOf(args, flags, door)
  const { include, timeout, ignore, runner, timeoutOk, minimal } = flags
  const traces = await traceOptions(flags, context)
  const verification = await onImage(reference, flags, context, ({ image, common }) =>
    door.verify(image, binaries, {
      ...common,
      ...lddOptions(flags),
      ...traces,
      ...needOptions(flags),
      ...given({ include, timeout, ignore, runner, cases }),
      timeouts: timeoutOk ? 'same' : 'inconclusive',
      leaveOut: minimal ? 'each-library' : 'nothing',
      env: context.env,
    }),
  )
  const paint = flags.output === undefined ? await paintFor(context.out, context, flags) : door.PLAIN
  await writeAnswer(door.VERIFY_FORMATS[flags.format].emit(verification, paint), flags.output, context)
  const manner = await mannerOf(context, flags)
  printFindings(verification.findings, manner)
  suggestLdd(verification.findings, flags, manner)
  suggestOptions(verification, manner)
  return exitOfVerification(verification, runner)
}

function casesOf(
  args: readonly string[] | undefined,
  { case: files = [], stdin }: VerifyFlags,
  door: WholeDoor,
): readonly Case[] | undefined {
  const input = stdin === undefined ? {} : { stdin: readInput(stdin, door) }
  const fromFiles = files.flatMap((file) => door.parseCases(readInput(file, door).toString(), file))
  if (fromFiles.length === 0 && args === undefined && stdin === undefined) return undefined
  const own = args === undefined && fromFiles.length > 0 ? [] : [given({ args })]
  return [...own, ...fromFiles].map((one) => ({ ...input, ...one }))
}

/** Nothing that was run at all, or only cases that prove nothing, is no proof, unless that was asked for. */
function exitOfVerification({ verdict, findings }: Verification, runner: VerifyFlags['runner']): number {
  if (verdict === 'differs') return EXIT.differs
  const isProven = verdict === 'same' || (verdict === 'not run' && runner === 'static')
  return isProven ? exitOfFindings(findings) : EXIT.faulty
}

function suggestOptions({ cases }: Verification, { flags, paint, line }: Manner): void {
  if (flags.quiet) return
  const open = cases.filter(({ verdict }) => verdict === 'inconclusive')
  if (open.some(({ differences }) => differences.length > 0))
    line(paint.faint('  With --ignore REGEX what varies from run to run is no difference.'))
  if (open.some(({ lifted, differences }) => lifted.end.kind === 'time-out' && differences.length === 0))
    line(paint.faint('  With --timeout-ok two that both still run at the time limit are the same.'))
}
