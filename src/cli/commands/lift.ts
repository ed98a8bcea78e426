import type { EmitOptions, Finding, Lift, LiftOptions } from '../../index.js'
import type { CommonFlags, Context, Door, LddFlag, SourceFlags } from '../context.js'
import { exitOfFindings } from '../exit-code.js'
import { given } from '../given.js'
import { lddOptions, suggestLdd } from '../ldd.js'
import { onImage } from '../on-image.js'
import { checkOutput, writeAnswer } from '../output.js'
import { mannerOf, printFindings, printSummary } from '../print.js'

/** The options of `liftbin lift`. */
export interface LiftFlags extends CommonFlags, LddFlag, SourceFlags {
  readonly output?: string
  readonly format: keyof Door['LIFT_FORMATS']
  readonly stage?: string
  readonly include?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly user?: string
  readonly env?: readonly string[]
  readonly workdir?: string
  readonly label?: readonly string[]
}

/** `liftbin lift`: the answer to stdout or a file, findings and a summary to stderr. Gives the exit status. */
export async function liftCommand(
  reference: string,
  binaries: readonly string[],
  flags: LiftFlags,
  context: Context,
): Promise<number> {
  const door = await context.door()
  checkOutput(flags.output, door)
  const lift = await onImage(reference, flags, context, (opened) =>
    door.lift(opened.image, binaries, { ...opened.common, ...liftOptions(flags) }),
  )
  await writeAnswer(door.LIFT_FORMATS[flags.format].emit(lift, emitOptions(flags)), flags.output, context)
  const manner = await mannerOf(context, flags)
  printFindings(findingsFor(flags, lift), manner)
  suggestLdd(lift.findings, flags, manner)
  printSummary(lift, manner)
  return exitOfFindings(lift.findings)
}

/** With a stage the Dockerfile is the reader's, and no image is named by liftbin. */
function findingsFor({ stage }: LiftFlags, { findings }: Lift): readonly Finding[] {
  return stage === undefined ? findings : findings.filter(({ kind }) => kind !== 'unpinned')
}

function liftOptions(flags: LiftFlags): LiftOptions {
  return { ...given({ include: flags.include }), ...lddOptions(flags) }
}

function emitOptions({ stage, entrypoint, cmd, user, workdir, env, label }: LiftFlags): EmitOptions {
  return given({ stage, entrypoint, cmd, user, workdir, env, labels: label })
}
