import { LiftError } from '../errors.js'
import { CONFIDENCES, type Confidence } from '../needs/finder.js'
import { FINDERS, type FinderName } from '../needs/index.js'

/** Which needs are taken along, and which are told. */
export interface NeedOptions {
  /** The least sure ones that are taken; only certain ones where nothing is said. */
  readonly needs?: 'none' | Confidence
  /** Finders that are believed in whatever they find, and those that are not at all. */
  readonly with?: readonly string[]
  readonly without?: readonly string[]
  /** Whether what is not taken is told as well, for which every finder has to look at everything; default `all`. */
  readonly tell?: 'all' | 'taken'
  /** Variables that runs of the lift have besides the image's, or in the place of those: `TZ=Europe/Paris`. */
  readonly variables?: readonly string[]
}

/** Whether a need of some finder is taken, and by which option it would be. */
export interface ChosenNeeds {
  /** Those that have to look at all. */
  readonly finders: readonly FinderName[]
  takes(finder: FinderName, confidence: Confidence): boolean
  optionFor(finder: FinderName, confidence: Confidence): string
}

/** Reads the options. Throws LiftError 'usage' for a finder that there is not. */
export function chosenNeeds({ needs = 'certain', tell = 'all', ...options }: NeedOptions): ChosenNeeds {
  const [trusted, refused] = [namesIn(options.with), namesIn(options.without)]
  const least = needs === 'none' ? -1 : CONFIDENCES.indexOf(needs)
  const takes = (finder: FinderName, confidence: Confidence) =>
    !refused.has(finder) && (trusted.has(finder) || CONFIDENCES.indexOf(confidence) <= least)
  return {
    finders: NAMES.filter((name) => tell === 'all' || takes(name, FINDERS[name])),
    takes,
    // All that is merely possible is much; whoever misses something wants that alone.
    optionFor: (finder, confidence) => {
      if (refused.has(finder)) return `leaving out --without ${finder}`
      return confidence === 'possible' ? `--with ${finder}` : `--needs ${confidence}`
    },
  }
}

const NAMES = Object.keys(FINDERS) as readonly FinderName[]

function namesIn(names: readonly string[] = []): ReadonlySet<string> {
  for (const name of names) {
    if (Object.hasOwn(FINDERS, name)) continue
    throw new LiftError('usage', `there is no finder ${name}`, {
      hint: `There are ${NAMES.join(', ')}.`,
    })
  }
  return new Set(names)
}
