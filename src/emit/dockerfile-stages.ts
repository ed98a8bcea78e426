import { LiftError } from '../errors.js'

/** One instruction that may add a layer, with the comment lines above it. */
export type Step = string

/**
 * With overlay2 an image may have 125 layers at most, helper stages included when the legacy builder runs; this
 * leaves room for what the reader adds.
 */
const MOST_STEPS = 90

/** Whether the steps fit into one stage. */
export function fitsOneStage(steps: readonly Step[]): boolean {
  return steps.length <= MOST_STEPS
}

/** How the stages are called, where not every Dockerfile has them just once. */
export interface StageNames {
  /** What follows `FROM scratch` in the last one. */
  readonly last: string
  /** The beginning of a helper stage's name. */
  readonly part: string
}

const USUAL_NAMES: StageNames = { last: '', part: 'liftbin-files' }

/**
 * `FROM scratch` and the steps. Where they are too many for one image, they are run in helper stages, and each of
 * those is copied whole into the last one, which keeps modes and owners and makes one layer of it.
 * Throws LiftError 'limit' when even that is too much.
 */
export function stages(steps: readonly Step[], { last, part }: StageNames = USUAL_NAMES): readonly string[] {
  if (fitsOneStage(steps)) return [`FROM scratch${last}`, ...steps]
  const parts: (readonly Step[])[] = []
  for (let start = 0; start < steps.length; start += MOST_STEPS)
    parts.push(steps.slice(start, start + MOST_STEPS))
  if (parts.length > MOST_STEPS) {
    throw new LiftError(
      'limit',
      `the lift needs ${steps.length} COPY instructions, more than a Dockerfile can hold`,
      {
        hint: `At most ${MOST_STEPS * MOST_STEPS} can be written.`,
      },
    )
  }
  const names = parts.map((_, index) => `${part}-${index + 1}`)
  return [
    ...parts.flatMap((those, index) => [`FROM scratch AS ${names[index]}`, ...those, '']),
    `FROM scratch${last}`,
    '# an image has too few layers for all of these, so each part becomes one',
    ...names.map((name) => `COPY --from=${name} ["/", "/"]`),
  ]
}
