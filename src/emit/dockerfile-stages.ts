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

/**
 * `FROM scratch` and the steps. Where they are too many for one image, they are run in helper stages, and each of
 * those is copied whole into the last one, which keeps modes and owners and makes one layer of it.
 * Throws LiftError 'limit' when even that is too much.
 */
export function stages(steps: readonly Step[]): readonly string[] {
  if (fitsOneStage(steps)) return ['FROM scratch', ...steps]
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
  const names = parts.map((_, index) => `liftbin-files-${index + 1}`)
  return [
    ...parts.flatMap((part, index) => [`FROM scratch AS ${names[index]}`, ...part, '']),
    'FROM scratch',
    '# an image has too few layers for all of these, so each part becomes one',
    ...names.map((name) => `COPY --from=${name} ["/", "/"]`),
  ]
}
