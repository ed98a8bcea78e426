import type {
  FindingKind,
  LiftOptions,
  NewImageOptions,
  TreeLift,
  WriteOptions,
  Written,
} from '../../index.js'
import { type ConfigFlags, configOptions } from '../config-flags.js'
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
import { type Opened, onAllImages } from '../on-image.js'
import { writeAnswer } from '../output.js'
import { type Manner, mannerOf, ofPlatform, printFindings, printPrograms, printSize } from '../print.js'
import { traceOptions } from '../traces.js'

/** The options of `liftbin build`. */
export interface BuildFlags extends CommonFlags, LddFlag, NeedFlags, ConfigFlags, SourceFlags, TraceFlag {
  readonly to: string
  readonly format: 'digest' | 'json'
  readonly include?: readonly string[]
  readonly annotation?: readonly string[]
  readonly compression: 'gzip' | 'none'
  /** False for --no-packages. */
  readonly packages: boolean
  readonly force?: true
}

/** `liftbin build`: makes the image; its digest to stdout, findings and a summary to stderr. Gives the exit status. */
export async function buildCommand(
  reference: string,
  binaries: readonly string[],
  flags: BuildFlags,
  surroundings: Context,
): Promise<number> {
  const context = withWholeDoor(surroundings)
  const door = await context.wholeDoor()
  door.checkWanted(binaries, given({ include: flags.include }))
  const { destination } = door.parseDestination(flags.to)
  const options = imageOptions(flags, context, door)
  const traces = await traceOptions(flags, context)
  const { lifts, written } = await onAllImages(reference, flags, context, async (opened) => {
    door.checkPlatforms(destination, opened.length)
    const lifts: TreeLift[] = []
    for (const one of opened) lifts.push(await liftOne(one, binaries, flags, traces))
    if (!flags.force && exitOfFindings(findingsOf(lifts)) !== EXIT.answer) return { lifts }
    const packings = lifts.map((lift, index) => door.newImage(lift, opened[index]!.image, options))
    return { lifts, written: await door.writeImage(flags.to, packings, writeOptions(flags, context, opened)) }
  })
  const manner = await mannerOf(context, flags)
  for (const lift of lifts) printFindings(lift.findings, mannerFor(lift, lifts, manner))
  suggestLdd(findingsOf(lifts), flags, manner)
  if (written === undefined) return refuse(manner)
  await writeAnswer(answerText(written, lifts, flags, door), undefined, context)
  printBuilt(lifts, written, manner)
  return exitOfFindings(findingsOf(lifts))
}

async function liftOne(
  { image, door, common }: Opened,
  binaries: readonly string[],
  flags: BuildFlags,
  traces: Pick<LiftOptions, 'traces'>,
): Promise<TreeLift> {
  const lift = await door.liftTree(image, binaries, {
    ...common,
    ...given({ include: flags.include, variables: flags.env }),
    ...given({ packages: flags.packages ? ('reduced' as const) : undefined }),
    ...needOptions(flags),
    ...traces,
    ...lddOptions(flags),
  })
  if (flags.user === undefined) return lift
  return { ...lift, findings: lift.findings.filter(({ kind }) => !OF_THE_USER.has(kind)) }
}

/** What is said of the source's user, and of no other one. */
const OF_THE_USER: ReadonlySet<FindingKind> = new Set<FindingKind>(['user-unknown', 'groups-lost'])

function imageOptions(
  flags: BuildFlags,
  { env }: Context,
  { sourceDateEpoch, checkNewImageOptions }: WholeDoor,
): NewImageOptions {
  const more = given({ annotations: flags.annotation, epoch: sourceDateEpoch(env) })
  const options = { ...configOptions(flags), ...more }
  checkNewImageOptions(options)
  return options
}

function writeOptions(
  { compression, insecureRegistry }: BuildFlags,
  { env, out }: Context,
  [opened]: readonly Opened[],
): WriteOptions {
  return { ...opened?.common, env, stdout: out, compression, insecureRegistries: insecureRegistry }
}

function findingsOf(lifts: readonly TreeLift[]) {
  return lifts.flatMap(({ findings }) => findings)
}

/** With several platforms each line says which one it is about. */
function mannerFor({ image }: TreeLift, lifts: readonly TreeLift[], manner: Manner): Manner {
  return lifts.length > 1 ? ofPlatform(image.platform, manner) : manner
}

function refuse({ line }: Manner): number {
  line('Nothing was written, since the image would not work. With --force it is written all the same.')
  return EXIT.faulty
}

/** An archive on stdout, after which nothing else may come. */
const ON_STDOUT = /^(tar:-$|(docker|oci)-archive:-(:|$))/

/** A mere root file system has no digest. */
function answerText(
  written: Written,
  lifts: readonly TreeLift[],
  { format, to }: BuildFlags,
  door: WholeDoor,
): string {
  if (ON_STDOUT.test(to)) return ''
  if (format === 'json') return door.buildJson(written, lifts)
  const name = written.digest ?? written.imageId
  return name === undefined ? '' : `${name}\n`
}

function printBuilt(lifts: readonly TreeLift[], { reference, warnings }: Written, manner: Manner): void {
  const { flags, paint, line, door } = manner
  if (flags.quiet) return
  for (const warning of warnings) line(`${paint.warning('warning:')} ${door.printable(warning)}`)
  for (const lift of lifts) {
    const own = mannerFor(lift, lifts, manner)
    printPrograms(lift, own)
    printSize(lift.image, sizesOf(lift), own)
  }
  line(`written to ${door.printable(reference)}`)
}

/** Each inode once. */
function sizesOf({ tree }: TreeLift): readonly number[] {
  const files = new Map<string, number>()
  for (const { entry } of tree) if (entry.kind === 'file') files.set(entry.identity, entry.size)
  return [...files.values()]
}
