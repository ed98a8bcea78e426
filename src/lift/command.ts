import type { ConfigOptions } from '../image/config.js'
import type { Answer } from './lift.js'

/** ENTRYPOINT and CMD of a new image. */
export interface ImageCommand {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
}

/**
 * What a container of the lift starts: the first program, with the words that the source starts it with. Another
 * entrypoint stands alone, as one of `docker run` does; another CMD replaces that of the source.
 */
export function commandOf(
  { programs: [first] }: Pick<Answer, 'programs'>,
  options: Pick<ConfigOptions, 'entrypoint' | 'cmd'>,
): ImageCommand {
  const isStarted = options.entrypoint === undefined && first !== undefined && first.kind !== 'library'
  const { entrypoint = [], cmd = [] } = isStarted ? (first.startedWith ?? {}) : {}
  return {
    entrypoint: options.entrypoint ?? (isStarted ? [...first.command, ...entrypoint] : []),
    cmd: options.cmd ?? cmd,
  }
}
