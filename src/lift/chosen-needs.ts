import { LiftError } from '../errors.js'
import { CONFIDENCES, type Confidence } from '../needs/finder.js'
import { FINDERS, type FinderName } from '../needs/index.js'

/** Which needs are taken along; what is not is told all the same. */
export interface NeedOptions {
  /** The least sure ones that are taken; only certain ones where nothing is said. */
  readonly needs?: 'none' | Confidence
  /** Finders that are believed in whatever they find, and those that are not at all. */
  readonly with?: readonly string[]
  readonly without?: readonly string[]
}

/** Whether a need of some finder is taken, and by which option it would be. */
export interface ChosenNeeds {
  takes(finder: FinderName, confidence: Confidence): boolean
  optionFor(finder: FinderName, confidence: Confidence): string
}

/** Reads the options. Throws LiftError 'usage' for a finder that there is not. */
export function chosenNeeds({ needs = 'certain', ...options }: NeedOptions): ChosenNeeds {
  const [trusted, refused] = [namesIn(options.with), namesIn(options.without)]
  const least = needs === 'none' ? -1 : CONFIDENCES.indexOf(needs)
  return {
    takes: (finder, confidence) =>
      !refused.has(finder) && (trusted.has(finder) || CONFIDENCES.indexOf(confidence) <= least),
    optionFor: (finder, confidence) => (refused.has(finder) ? `--with ${finder}` : `--needs ${confidence}`),
  }
}

function namesIn(names: readonly string[] = []): ReadonlySet<string> {
  for (const name of names) {
    if (Object.hasOwn(FINDERS, name)) continue
    throw new LiftError('usage', `there is no finder ${name}`, {
      hint: `There are ${Object.keys(FINDERS).join(', ')}.`,
    })
  }
  return new Set(names)
}
