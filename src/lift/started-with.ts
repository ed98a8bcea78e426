import type { ImageConfig } from '../image/config.js'
import { normalise } from '../rootfs/path.js'
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
 * program is taken for a script that ends in starting CMD, as entrypoints with a CMD usually are.
 */
export async function startedWith(
  examiner: Pick<Examiner, 'files' | 'environment'>,
  { entrypoint, cmd }: ImageConfig,
  { realPath }: Pick<LiftedProgram, 'realPath'>,
): Promise<StartedWith | undefined> {
  const isStartedBy = async (word: string | undefined) =>
    word !== undefined && (await realPathOf(examiner, word)) === realPath
  if (await isStartedBy(entrypoint[0])) return { entrypoint: entrypoint.slice(1), cmd }
  if (await isStartedBy(cmd[0])) return { entrypoint: [], cmd: cmd.slice(1) }
  return undefined
}

async function realPathOf({ files, environment }: Pick<Examiner, 'files' | 'environment'>, word: string) {
  const { searchPath, workingDir } = environment
  const trail = word.includes('/')
    ? await files.trail(word, normalise(workingDir))
    : await lookUp(files, searchPath, workingDir, word)
  return trail?.end?.path
}
