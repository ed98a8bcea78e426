import type { NewImageOptions, TreeLift, Written } from '../../index.js'
import type { CommonFlags, Context, LddFlag, SourceFlags } from '../context.js'
import { EXIT, exitOfFindings } from '../exit-code.js'
import { given } from '../given.js'
import { lddOptions, suggestLdd } from '../ldd.js'
import { onImage } from '../on-image.js'
import { writeAnswer } from '../output.js'
import { type Manner, mannerOf, printFindings, printPrograms, printSize } from '../print.js'

/** The options of `liftbin build`. */
export interface BuildFlags extends CommonFlags, LddFlag, SourceFlags {
  readonly to: string
  readonly format: 'digest' | 'json'
  readonly include?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly user?: string
  readonly env?: readonly string[]
  readonly workdir?: string
  readonly label?: readonly string[]
  readonly annotation?: readonly string[]
  readonly compression: 'gzip' | 'none'
  readonly force?: true
}

/** `liftbin build`: makes the image; its digest to stdout, findings and a summary to stderr. Gives the exit status. */
export async function buildCommand(
  reference: string,
  binaries: readonly string[],
  flags: BuildFlags,
  context: Context,
): Promise<number> {
  const door = await context.door()
  door.parseDestination(flags.to)
  const newImageOptions = imageOptions(flags, context, door)
  const { lift, written } = await onImage(reference, flags, context, async ({ image, common }) => {
    const lift = await door.liftTree(image, binaries, {
      ...common,
      ...given({ include: flags.include }),
      ...lddOptions(flags),
    })
    if (exitOfFindings(lift.findings) !== EXIT.answer && flags.force !== true) return { lift }
    const packing = door.newImage(lift, image, newImageOptions)
    const written = await door.writeImage(flags.to, [packing], {
      ...common,
      env: context.env,
      stdout: context.out,
      compression: flags.compression,
      ...given({ insecureRegistries: flags.insecureRegistry }),
    })
    return { lift, written }
  })
  const manner = await mannerOf(context, flags)
  printFindings(lift.findings, manner)
  suggestLdd(lift.findings, flags, manner)
  if (written === undefined) return refuse(manner)
  await writeAnswer(answerText(written), undefined, context)
  printBuilt(lift, written, manner)
  return exitOfFindings(lift.findings)
}

function imageOptions(
  { entrypoint, cmd, user, env, workdir, label, annotation }: BuildFlags,
  { env: environment }: Context,
  { sourceDateEpoch }: Awaited<ReturnType<Context['door']>>,
): NewImageOptions {
  const epoch = sourceDateEpoch(environment)
  return given({ entrypoint, cmd, user, env, workdir, labels: label, annotations: annotation, epoch })
}

function refuse({ line }: Manner): number {
  line('Nothing was written, since the image would not work. With --force it is written all the same.')
  return EXIT.faulty
}

/** Nothing for a mere root file system, which has no digest. */
function answerText({ digest, imageId }: Written): string {
  const name = digest ?? imageId
  return name === undefined ? '' : `${name}\n`
}

function printBuilt(lift: TreeLift, { reference, warnings }: Written, manner: Manner): void {
  const { flags, paint, line, door } = manner
  if (flags.quiet) return
  for (const warning of warnings) line(`${paint.warning('warning:')} ${door.printable(warning)}`)
  printPrograms(lift, manner)
  const files = new Map<string, number>()
  for (const { entry } of lift.tree) if (entry.kind === 'file') files.set(entry.identity, entry.size)
  printSize(lift.image, [...files.values()], manner)
  line(`written to ${door.printable(reference)}`)
}
