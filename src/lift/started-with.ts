import { LiftError } from '../errors.js'
import type { ImageConfig } from '../image/config.js'
import type { Trail } from '../rootfs/follow.js'
import { basename, normalise } from '../rootfs/path.js'
import type { Examiner } from './examine.js'
import type { LiftedProgram } from './lift.js'
import { lookUp } from './locate.js'

/** The words that the image's configuration puts after a program's name when it starts it. */
export interface StartedWith {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
}

/**
 * What the image starts a program with; undefined where it starts another one. An entrypoint that is not the
 * program is taken for a script that ends in starting CMD, as entrypoints with a CMD usually are. Two names of one
 * file are one program only where one name is a link to the other: a busybox has many that are not.
 */
export async function startedWith(
  examiner: Pick<Examiner, 'files' | 'environment'>,
  { entrypoint, cmd }: ImageConfig,
  { path }: Pick<LiftedProgram, 'path'>,
): Promise<StartedWith | undefined> {
  const program = await examiner.files.trail(path, examiner.environment.workingDir)
  const isStartedBy = async (word: string | undefined) => {
    const started = word === undefined ? undefined : await trailOf(examiner, word)
    return started?.end !== undefined && started.end.path === program.end?.path && isAlike(started, program)
  }
  if (await isStartedBy(entrypoint[0])) return { entrypoint: entrypoint.slice(1), cmd }
  if (await isStartedBy(cmd[0])) return { entrypoint: [], cmd: cmd.slice(1) }
  return undefined
}

function isAlike(one: Trail, other: Trail): boolean {
  return namesOf(one).has(basename(other.asked)) || namesOf(other).has(basename(one.asked))
}

function namesOf({ asked, links, end }: Trail): ReadonlySet<string> {
  return new Set([asked, ...links.map(({ path }) => path), end?.path ?? asked].map(basename))
}

/** What cannot be looked up here is some other program. */
async function trailOf(
  { files, environment }: Pick<Examiner, 'files' | 'environment'>,
  word: string,
): Promise<Trail | undefined> {
  const { searchPath, workingDir } = environment
  try {
    return word.includes('/')
      ? await files.trail(word, normalise(workingDir))
      : await lookUp(files, searchPath, workingDir, word)
  } catch (error) {
    if (error instanceof LiftError && error.code === 'unreadable') return undefined
    throw error
  }
}
