import type { Lift } from '../../reading.js'
import type { CommonFlags, Context, Door, LddFlag, SourceFlags } from '../context.js'
import { EXIT } from '../exit-code.js'
import { lddOptions, suggestLdd } from '../ldd.js'
import { onImage } from '../on-image.js'
import { writeAnswer } from '../output.js'
import { paintFor } from '../paint.js'
import { mannerOf } from '../print.js'

/** The options of `liftbin why`. */
export interface WhyFlags extends CommonFlags, LddFlag, SourceFlags {}

/** `liftbin why`: the chains from a program to a library, or who misses it. Gives the exit status. */
export async function whyCommand(
  reference: string,
  binary: string,
  library: string,
  flags: WhyFlags,
  context: Context,
): Promise<number> {
  const door = await context.door()
  const lift = await onImage(reference, flags, context, ({ image, common }) =>
    door.lift(image, [binary], { ...common, ...lddOptions(flags) }),
  )
  const paint = await paintFor(context.out, context, flags)
  const chains = door.why(lift, library)
  const missing = lift.missing.filter(({ name }) => name === library)
  if (chains.length === 0 && missing.length === 0) throw notThere(lift, binary, library, door)
  const texts = [door.chainsText(chains, paint), door.missingText(missing, paint)].filter(
    (text) => text !== '',
  )
  await writeAnswer(texts.join('\n'), undefined, context)
  if (missing.length > 0) suggestLdd(lift.findings, flags, await mannerOf(context, flags))
  return missing.length > 0 ? EXIT.faulty : EXIT.answer
}

function notThere(lift: Lift, binary: string, library: string, { LiftError }: Door): Error {
  const near = nearNames(lift, library)
  return new LiftError(
    'file-not-found',
    `${lift.image.reference}: ${binary} needs nothing called ${library}`,
    {
      hint:
        near.length === 0
          ? `\`liftbin audit ${lift.image.reference} ${binary}\` lists what it needs.`
          : `It needs ${near.join(', ')}.`,
    },
  )
}

/** Up to five names of the lift that share the part before `.so`. */
function nearNames(lift: Lift, library: string): readonly string[] {
  const stem = library
    .slice(library.lastIndexOf('/') + 1)
    .split(/\.so\b/)[0]!
    .toLowerCase()
  const names = lift.entries.map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
  return stem === ''
    ? []
    : [...new Set(names)].filter((name) => name.toLowerCase().includes(stem)).slice(0, 5)
}
