import { LiftError } from '../errors.js'

/** What making a tree of layers takes beyond what their tars have in bytes; a few bytes could ask for very much. */
export interface Effort {
  /** A directory that only the name of another member speaks of. Throws LiftError 'limit'. */
  addDirectory(): void
  /** A link that is about to be followed, by its text. Throws LiftError 'limit'. */
  addFollowed(target: string): void
}

/** Far above what images have: whole trees of them come to some thousands. */
const MOST_IMPLIED = 1_000_000
/** Characters of links, as often as each is followed: millions of members may lie below `/lib` to `usr/lib`. */
const MOST_FOLLOWED = 100_000_000

/** The effort for one image. */
export function effort(): Effort {
  let implied = 0
  let followed = 0
  return {
    addDirectory: () => {
      if (++implied > MOST_IMPLIED) throw new LiftError('limit', 'it has too many directories')
    },
    addFollowed: (target) => {
      followed += target.length
      if (followed > MOST_FOLLOWED) throw new LiftError('limit', 'its names go through links too often')
    },
  }
}
