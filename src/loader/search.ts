import { LiftError } from '../errors.js'
import type { Trail } from '../rootfs/follow.js'
import { Lacking } from '../rootfs/waiting.js'
import type { Candidate } from './candidate.js'
import type { Attempt, Outcome, Resolution, Rule } from './loader.js'

/** One ordered list of directories, and whose it is. */
export interface SearchList {
  readonly rule: Rule
  /** The open path of the object that holds the list. */
  readonly listOf?: string
  /** As text, ready to have a name put behind: ends in `/`, or is empty for the working directory. */
  readonly directories: readonly string[]
}

/** What lies at a path, and how a loader judges it. */
export interface Opened {
  readonly trail: Trail
  readonly candidate: Candidate
}

/**
 * How a search opens things: the dialect's judgement, and which subdirectories it tries first. It never waits, and
 * throws Lacking for what has to be waited for.
 */
export interface Opener {
  /** Walks a path and judges what lies there. */
  open(path: string): Opened
  /** CPU-specific subdirectories of a directory that exist, most preferred first, each ending in `/`. */
  subdirectories(directory: string): readonly string[]
  /** Whether a directory exists. */
  exists(directory: string): boolean
  /** Whether the loader goes on to the next path after this outcome; otherwise it stops with an error. */
  skips(outcome: Outcome): boolean
}

/** A file that a search settled on. */
export interface Hit {
  readonly path: string
  readonly trail: Trail
  readonly candidate: Extract<Candidate, { outcome: 'taken' }>
}

/** The end of a search list: a file, a candidate that stops the loader, or neither. */
export interface SearchEnd {
  readonly hit?: Hit
  readonly blockedBy?: Attempt
}

/** Tries each directory of a list for a name, recording every attempt. */
export function searchList(list: SearchList, name: string, opener: Opener, attempts: Attempt[]): SearchEnd {
  let tried = 0
  try {
    for (const directory of list.directories) {
      tried++
      for (const place of [...opener.subdirectories(directory), directory]) {
        const end = tryPath(`${place}${name}`, list, opener, attempts)
        if (end.hit !== undefined) return end
        if (end.blockedBy?.outcome === 'link loop') {
          // open_path gives up on this list alone, and only if it saw one of its directories (elf/dl-load.c).
          if (opener.exists(directory)) return {}
        } else if (end.blockedBy !== undefined) return end
      }
    }
  } catch (error) {
    if (tried > LONG) askAhead(list.directories.slice(tried, tried + LONG), name, opener)
    throw error
  }
  return {}
}

/** No list that a linker has written is as long. */
const LONG = 64

/** A search begins anew for each thing it had to wait for, so in an endless list many are waited for at once. */
function askAhead(directories: readonly string[], name: string, opener: Opener): void {
  for (const directory of directories) {
    begin(() => opener.subdirectories(directory))
    begin(() => opener.open(`${directory}${name}`))
  }
}

/** What goes wrong is told when the search comes to it. */
function begin(ask: () => unknown): void {
  try {
    ask()
  } catch (error) {
    if (error instanceof Lacking) error.arrival.catch(() => {})
  }
}

/** Far more places than any real search has; the lists of a hostile file are endless. */
const MAX_ATTEMPTS = 20_000

/** Tries one path. Throws LiftError 'limit' after too many of them for one name. */
export function tryPath(
  path: string,
  from: Pick<SearchList, 'rule' | 'listOf'>,
  opener: Opener,
  attempts: Attempt[],
): SearchEnd {
  if (attempts.length >= MAX_ATTEMPTS) {
    throw new LiftError('limit', `one library is looked for in more than ${MAX_ATTEMPTS} places`)
  }
  const { trail, candidate } = opener.open(path)
  const { rule, listOf } = from
  const { outcome } = candidate
  const attempt: Attempt = listOf === undefined ? { rule, path, outcome } : { rule, path, outcome, listOf }
  attempts.push(attempt)
  if (candidate.outcome === 'taken') return { hit: { path, trail, candidate } }
  return opener.skips(candidate.outcome) ? {} : { blockedBy: attempt }
}

/** The answer where no place gave a file, or one of them stopped the loader. */
export function notFound(name: string, attempts: readonly Attempt[], end: SearchEnd = {}): Resolution {
  const { blockedBy } = end
  return {
    name,
    attempts,
    found: undefined,
    rule: undefined,
    ...(blockedBy === undefined ? {} : { blockedBy }),
  }
}
