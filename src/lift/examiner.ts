import { LiftError } from '../errors.js'
import type { ConfinedCommand, Image } from '../image/image.js'
import { rootFiles } from '../loader/files.js'
import { loadersOf } from '../loader/index.js'
import { type LddAnswer, parseLdd } from '../loader/ldd.js'
import type { Loader } from '../loader/loader.js'
import { environmentOf } from './environment.js'
import type { Examination, Examiner } from './examine.js'

/** An examiner that may ask `ldd`, or what does the same in an image; asking throws LiftError. */
export interface LddExaminer extends Examiner {
  readonly askLdd?: (examination: Examination) => Promise<LddAnswer>
}

/** What a lift or an audit may be told besides what to look at. */
export interface ExamineOptions {
  /** Whether the image's own loader may run, confined, where the answer lacks something; never by default. */
  readonly ldd?: 'never' | 'where-missing'
  readonly signal?: AbortSignal
  readonly onStep?: (step: string) => void
}

/** What examines the files of an image. */
export function examinerOf(image: Image, options: ExamineOptions): LddExaminer {
  const files = rootFiles(image.rootfs)
  const environment = environmentOf(image.config)
  return { files, loaders: loadersOf(files), environment, ...askLdd(image, options) }
}

/** What an examiner has when the user lets `ldd` be asked. */
function askLdd(image: Image, { ldd, signal, onStep }: ExamineOptions): Pick<LddExaminer, 'askLdd'> {
  if (ldd !== 'where-missing') return {}
  const ask = askerOf(image, signal)
  return {
    askLdd: (examination) => {
      onStep?.(`running the loader of ${examination.file.path}`)
      return ask(examination)
    },
  }
}

/** Asks by running the program's own loader in the image, by its real path, which decides about `$ORIGIN`. */
function askerOf({ run }: Image, signal: AbortSignal | undefined): NonNullable<LddExaminer['askLdd']> {
  return async (examination) => {
    if (run === undefined) throw new LiftError('unsupported', 'nothing can be run in this kind of image')
    const { file, loader, interpreter } = examination
    const trail = interpreter ?? loader?.object.trail
    if (trail === undefined) throw new LiftError('unsupported', 'it has no loader to ask')
    const mayRead = (file.mode & 0o004) !== 0 && ((trail.end?.mode ?? 0) & 0o005) === 0o005
    const ask: Ask = async (user, { options, env }) => {
      const argv = [trail.asked, ...options, file.path] as const
      return run({ argv, env, user, ...(signal === undefined ? {} : { signal }) }).then(parseLdd, denialIn)
    }
    const answer = mayRead ? await askInManners(ask, 'nobody', loader) : DENIED
    return DENIAL.test(answer.failure ?? '') ? askInManners(ask, 'superuser', loader) : answer
  }
}

type Ask = (user: ConfinedCommand['user'], manner: Manner) => Promise<LddAnswer>

const DENIED: LddAnswer = { libraries: [], missing: [], failure: 'Permission denied' }
const DENIAL = /permission denied/i

/** An engine may refuse to start what nobody may not start. */
function denialIn(error: unknown): LddAnswer {
  if (error instanceof LiftError && DENIAL.test(error.message)) return { ...DENIED, failure: error.message }
  throw error
}

async function askInManners(
  ask: Ask,
  user: ConfinedCommand['user'],
  loader: Loader | undefined,
): Promise<LddAnswer> {
  if (loader !== undefined) return ask(user, loader.dialect === 'musl' ? LIST : TRACE)
  const answer = await ask(user, LIST)
  return answer.failure === undefined || DENIAL.test(answer.failure) ? answer : ask(user, TRACE)
}

interface Manner {
  readonly options: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** musl starts the program when it is not told so by an option. */
const LIST: Manner = { options: ['--list'], env: { LC_ALL: 'C' } }
/** glibc lists nothing after the option when a name is missing, and everything after the variable. */
const TRACE: Manner = { options: [], env: { LC_ALL: 'C', LD_TRACE_LOADED_OBJECTS: '1' } }
