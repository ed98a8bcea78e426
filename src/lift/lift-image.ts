import type { Image } from '../image/image.js'
import { planAndCheck } from './checked-plan.js'
import { type ExamineOptions, examinerOf } from './examiner.js'
import { Gathering } from './gathering.js'
import type { Lift } from './lift.js'
import { liftIncluded } from './lift-included.js'
import { liftProgram, type PlacedProgram } from './lift-program.js'
import type { Lifting } from './lifting.js'
import { report } from './report.js'

/** What a lift may be told besides what to lift. */
export interface LiftOptions extends ExamineOptions {
  /** Paths to have along: files, directories, patterns; ELF files in them are resolved too. */
  readonly include?: readonly string[]
}

/**
 * Finds everything the programs need, plans the tree that holds nothing else, and resolves it again as a check.
 * Throws LiftError when there is no answer; an answer with faults has them in `findings`.
 */
export async function lift(
  image: Image,
  binaries: readonly string[],
  options: LiftOptions = {},
): Promise<Lift> {
  const lifting: Lifting = {
    examiner: examinerOf(image, options),
    platform: image.platform,
    gathering: new Gathering(),
  }
  const programs: PlacedProgram[] = []
  for (const asked of binaries) {
    options.signal?.throwIfAborted()
    options.onStep?.(`resolving ${asked}`)
    programs.push(await liftProgram(lifting, asked))
  }
  const placed = programs.flatMap((program) => program.placed)
  for (const pattern of options.include ?? []) placed.push(...(await liftIncluded(lifting, pattern)))
  const plan = await planAndCheck(lifting, placed)
  return report(
    image,
    programs.map(({ program }) => program),
    lifting.gathering,
    plan,
  )
}
