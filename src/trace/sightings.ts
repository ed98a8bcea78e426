import { LiftError } from '../errors.js'
import { type How, type Observed, RANK } from './trace.js'

/** Most different names of one text. */
const MOST_NAMES = 200_000

/** Gathers what is observed, each name once with the most telling of what was done to it. */
export class Sightings {
  readonly #observed = new Map<string, Observed>()
  unclear = 0

  /** Throws LiftError 'limit'. */
  add(path: string, how: How, by: string | undefined): void {
    const known = this.#observed.get(path)
    // What the run itself has made is not read from the image.
    if (known?.how === 'made') return
    if (known !== undefined && RANK.indexOf(known.how) <= RANK.indexOf(how)) return
    if (this.#observed.size >= MOST_NAMES) throw new LiftError('limit', 'the trace names too many files')
    this.#observed.set(path, by === undefined ? { path, how } : { path, how, by })
  }

  observed(): readonly Observed[] {
    return [...this.#observed.values()]
  }
}
