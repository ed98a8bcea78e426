import type { Lift, LiftOptions, Missing, WhyChain } from '../../reading.js'
import {
  type CommonFlags,
  type Context,
  type Door,
  type LddFlag,
  type SourceFlags,
  type TraceFlag,
  withWholeDoor,
} from '../context.js'
import { EXIT } from '../exit-code.js'
import { lddOptions, suggestLdd } from '../ldd.js'
import { onImage } from '../on-image.js'
import { writeAnswer } from '../output.js'
import { paintFor } from '../paint.js'
import { mannerOf } from '../print.js'
import { traceOptions } from '../traces.js'

/** The options of `liftbin why`. */
export interface WhyFlags extends CommonFlags, LddFlag, SourceFlags, TraceFlag {}

/** `liftbin why`: the chains from a program to a file, or who misses it. Gives the exit status. */
export async function whyCommand(
  reference: string,
  binary: string,
  name: string,
  flags: WhyFlags,
  surroundings: Context,
): Promise<number> {
  const context = withWholeDoor(surroundings)
  const door = await context.door()
  const traces = await traceOptions(flags, context)
  const { lift, chains, missing } = await onImage(reference, flags, context, (opened) =>
    reasonsFor(name, door, (options) =>
      door.lift(opened.image, [binary], { ...opened.common, ...lddOptions(flags), ...traces, ...options }),
    ),
  )
  const paint = await paintFor(context.out, context, flags)
  if (chains.length === 0 && missing.length === 0) throw notThere(lift, binary, name, door)
  const texts = [door.chainsText(chains, paint), door.missingText(missing, paint)].filter(
    (text) => text !== '',
  )
  await writeAnswer(texts.join('\n'), undefined, context)
  if (missing.length > 0) suggestLdd(lift.findings, flags, await mannerOf(context, flags))
  return missing.length > 0 ? EXIT.faulty : EXIT.answer
}

interface Reasons {
  readonly lift: Lift
  readonly chains: readonly WhyChain[]
  readonly missing: readonly Missing[]
}

/** What no header brings in is looked for among what most runs need, then among all that one may need. */
async function reasonsFor(
  name: string,
  { why }: Door,
  liftWith: (options: LiftOptions) => Promise<Lift>,
): Promise<Reasons> {
  let reasons: Reasons | undefined
  for (const needs of ['none', 'likely', 'possible'] as const) {
    const lift = await liftWith({ needs, tell: 'taken' })
    reasons = { lift, chains: why(lift, name), missing: lift.missing.filter((one) => one.name === name) }
    if (reasons.chains.length > 0 || reasons.missing.length > 0) break
  }
  return reasons!
}

function notThere(lift: Lift, binary: string, name: string, { LiftError }: Door): Error {
  const near = nearNames(lift, name)
  return new LiftError('file-not-found', `${lift.image.reference}: ${binary} needs nothing called ${name}`, {
    hint:
      near.length === 0
        ? `\`liftbin audit ${lift.image.reference} ${binary}\` lists what it needs.`
        : `It needs ${near.join(', ')}.`,
  })
}

/** Up to five names of the lift that share the part before `.so`. */
function nearNames(lift: Lift, name: string): readonly string[] {
  const stem = name
    .slice(name.lastIndexOf('/') + 1)
    .split(/\.so\b/)[0]!
    .toLowerCase()
  const names = lift.entries.map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
  return stem === ''
    ? []
    : [...new Set(names)].filter((near) => near.toLowerCase().includes(stem)).slice(0, 5)
}
