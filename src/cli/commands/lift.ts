import type { EmitOptions, Lift, LiftOptions } from '../../index.js'
import type { CommonFlags, Context, Door } from '../context.js'
import { exitOfFindings } from '../exit-code.js'
import { onImage } from '../on-image.js'
import { checkOutput, writeAnswer } from '../output.js'
import { type Manner, mannerOf, printFindings, printSummary } from '../print.js'

export interface LiftFlags extends CommonFlags {
  readonly output?: string
  readonly format: keyof Door['LIFT_FORMATS']
  readonly platform?: string
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
  printLift(lift, await mannerOf(context, flags))
  return exitOfFindings(lift.findings)
}

function printLift(lift: Lift, manner: Manner): void {
  printFindings(lift.findings, manner)
  printSummary(lift, manner)
}

function liftOptions({ include }: LiftFlags): LiftOptions {
  return given({ include })
}

function emitOptions({ stage, entrypoint, cmd, user, workdir, env, label }: LiftFlags): EmitOptions {
  return given({ stage, entrypoint, cmd, user, workdir, env, labels: label })
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the fields that were not given. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>
}
