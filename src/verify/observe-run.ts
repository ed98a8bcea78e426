import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import type { Lift, LiftedProgram } from '../lift/lift.js'
import { lift } from '../lift/lift-image.js'
import type { RootPath } from '../rootfs/path.js'
import type { Case } from './case.js'
import { separate } from './loader-log.js'
import type { Outcome } from './outcome.js'
import { planCases } from './run-cases.js'
import type { Side } from './runner.js'
import { chooseRunner } from './runners.js'
import type { End, RunnerName, UsedRunner } from './verification.js'

/** How to run a program whose loader is to tell what it loads. */
export interface ObserveOptions {
  /** By default the words, input, environment and user that the image itself starts the program with. */
  readonly run?: Omit<Case, 'program' | 'name'>
  /** By default the first that works. */
  readonly runner?: Exclude<RunnerName, 'static'> | 'auto'
  /** The caller's environment, which leads to engines; the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
  readonly onStep?: (step: string) => void
}

/** One run of a program in its own image. */
export interface ObservedRun {
  readonly program: RootPath
  /** What the loader wrote, as `readTrace` reads it. */
  readonly trace: string
  readonly end: End
  /** What the program itself printed. */
  readonly stdout: Uint8Array
  readonly stderr: string
  readonly milliseconds: number
  readonly runner: UsedRunner
}

/**
 * Runs a program in its image, shut off as `verify` does it, with glibc's loader telling what it loads (LD_DEBUG).
 * Throws LiftError 'unsupported' where no loader tells anything, or nothing can be run.
 */
export async function observeRun(
  image: Image,
  binary: string,
  options: ObserveOptions = {},
): Promise<ObservedRun> {
  const { env = process.env, signal, onStep } = options
  const own = { ...(signal === undefined ? {} : { signal }), ...(onStep === undefined ? {} : { onStep }) }
  const lifted = await lift(image, [binary], { ...own, needs: 'none', tell: 'taken' })
  checkTelling(lifted)
  const { runner, used } = await chooseRunner(options.runner ?? 'auto', { image, env, signal, onStep })
  if (runner === undefined) throw nothingRuns(used)
  await using _ = runner
  await using side = await runner.original()
  onStep?.(`running ${binary}`)
  const observed = await observeIn(side, lifted, options)
  return { ...observed, runner: { ...used, notes: [...used.notes, ...side.notes] } }
}

/** Runs the one program of a lift in a side. Throws LiftError 'unsupported' where it does not start or its loader tells nothing. */
export async function observeIn(
  side: Side,
  { programs }: Pick<Lift, 'programs'>,
  { run = {}, signal }: Pick<ObserveOptions, 'run' | 'signal'>,
): Promise<Omit<ObservedRun, 'runner'>> {
  const [planned] = planCases([run], programs, TIMEOUT)
  const { command, args, program } = planned!
  const env = { ...command.env, LD_DEBUG: 'files,libs' }
  const outcome = await side.run({ ...command, env, argv: [program.path, ...args], signal })
  if (outcome.end.kind === 'not started')
    throw new LiftError('unsupported', `${program.path} does not start: ${outcome.end.reason}`)
  return observedOf(outcome, program)
}

/** In seconds. */
const TIMEOUT = 30

function observedOf({ end, stdout, stderr, milliseconds }: Outcome, program: LiftedProgram) {
  const { log, own } = separate(stderr)
  if (log.length === 0)
    throw new LiftError('unsupported', `the loader of ${program.path} has told nothing of what it loads`, {
      hint: `With setuid bits or capabilities it heeds no LD_DEBUG. ${STRACE}`,
    })
  return { program: program.path, trace: `${log.join('\n')}\n`, end, stdout, stderr: own, milliseconds }
}

const STRACE = 'strace -f -y -s 4096 -o FILE tells more, and lift --trace FILE reads it.'

/** musl's loader knows no LD_DEBUG (ldso/dynlink.c), and without a loader there is nobody to tell anything. */
function checkTelling({ programs, entries }: Lift): void {
  const [program] = programs
  const loaders = entries.filter(({ role }) => role === 'loader')
  const isSilent = loaders.every(({ path }) => /\/(ld-musl-|libc\.musl-)[^/]*$/.test(path))
  if (!isSilent) return
  const why =
    loaders.length === 0
      ? 'is started without a loader'
      : "is started by musl's loader, which knows no LD_DEBUG"
  throw new LiftError('unsupported', `${program?.path} ${why}, so nothing would be told of its run`, {
    hint: STRACE,
  })
}

function nothingRuns({ passedOver }: UsedRunner): LiftError {
  const reasons = passedOver.map(({ name, reason }) => `${name}: ${reason}`)
  return new LiftError('unsupported', `nothing can be run here (${reasons.join('; ')})`, { hint: STRACE })
}
