import type { EmitOptions, Finding, Lift, LiftOptions } from '../../reading.js'
import { type ConfigFlags, configOptions } from '../config-flags.js'
import {
  type CommonFlags,
  type Context,
  type Door,
  isDirectory,
  type LddFlag,
  type SourceFlags,
  type TraceFlag,
  withWholeDoor,
} from '../context.js'
import { exitOfFindings } from '../exit-code.js'
import { given } from '../given.js'
import { lddOptions, suggestLdd } from '../ldd.js'
import { type NeedFlags, needOptions } from '../need-flags.js'
import { onImages, type PlatformAnswer } from '../on-image.js'
import { checkOutput, writeAnswer } from '../output.js'
import { mannerOf, ofPlatform, printFindings, printSummary, printUnasked } from '../print.js'
import { traceOptions } from '../traces.js'

/** The options of `liftbin lift`. */
export interface LiftFlags extends CommonFlags, LddFlag, NeedFlags, ConfigFlags, SourceFlags, TraceFlag {
  readonly output?: string
  readonly format: keyof Door['LIFT_FORMATS']
  readonly stage?: string
  readonly include?: readonly string[]
  readonly packages?: true
}

/** `liftbin lift`: the answer to stdout or a file, findings and a summary to stderr. Gives the exit status. */
export async function liftCommand(
  reference: string,
  binaries: readonly string[],
  flags: LiftFlags,
  surroundings: Context,
): Promise<number> {
  const context = isPlain(reference, flags, surroundings) ? surroundings : withWholeDoor(surroundings)
  const door = await context.door()
  door.checkWanted(binaries, liftOptions(flags, context))
  checkOutput(flags.output, door)
  const traces = await traceOptions(flags, context)
  const lifts = await onImages(reference, flags, context, (opened) =>
    door.lift(opened.image, binaries, { ...opened.common, ...liftOptions(flags, context), ...traces }),
  )
  await writeAnswer(textOf(lifts, flags, door), flags.output, context)
  const findings = lifts.flatMap(({ answer }) => answer.findings)
  const manner = await mannerOf(context, flags)
  const mannerFor = ({ platform }: Lifted) => (lifts.length > 1 ? ofPlatform(platform, manner) : manner)
  for (const one of lifts) printFindings(findingsFor(flags, one.answer), mannerFor(one))
  suggestLdd(findings, flags, manner)
  for (const one of lifts) printSummary(one.answer, mannerFor(one))
  if (!tellsAll(flags, context) && lifts.some(mayOpenMore)) printUnasked(manner)
  return exitOfFindings(findings)
}

/** What the small bundle is enough for, which is loaded in half the time. */
function isPlain(reference: string, flags: LiftFlags, context: Context): boolean {
  return isDirectory(reference) && !flags.packages && flags.trace === undefined && !tellsAll(flags, context)
}

type Lifted = PlatformAnswer<Lift>

/** Files that are merely shared open nothing. */
function mayOpenMore({ answer }: Lifted): boolean {
  return answer.programs.length > 0 || answer.entries.some(({ role }) => role !== 'data')
}

function textOf(lifts: readonly Lifted[], flags: LiftFlags, { LIFT_FORMATS }: Door): string {
  const format = LIFT_FORMATS[flags.format]
  const [only, ...others] = lifts.map(({ platform, answer }) => ({
    platform: platform ?? answer.image.platform,
    lift: answer,
  }))
  if (others.length === 0) return format.emit(only!.lift, emitOptions(flags))
  return format.emitMany([only!, ...others], emitOptions(flags))
}

/** With a stage the Dockerfile is the reader's, and no image is named by liftbin. */
function findingsFor({ stage }: LiftFlags, { findings }: Lift): readonly Finding[] {
  return stage === undefined ? findings : findings.filter(({ kind }) => kind !== 'unpinned')
}

function liftOptions(flags: LiftFlags, context: Context): LiftOptions {
  const packages = flags.packages ? 'reduced' : undefined
  return {
    ...given({ include: flags.include, variables: flags.env, packages }),
    ...needOptions(flags),
    tell: tellsAll(flags, context) ? 'all' : 'taken',
    ...lddOptions(flags),
  }
}

/**
 * Looking for what would not be taken takes longer than a whole small lift: it is advice, so it is for who reads it,
 * at a terminal or by an option, and scripts are told how to get it.
 */
function tellsAll(flags: LiftFlags, { err }: Context): boolean {
  if (flags.verbose === true || flags.format === 'json') return true
  return (err.isTTY === true && !flags.quiet) || Object.keys(needOptions(flags)).length > 0
}

function emitOptions(flags: LiftFlags): EmitOptions {
  return { ...given({ stage: flags.stage }), ...configOptions(flags) }
}
