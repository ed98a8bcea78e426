import { LiftError } from '../errors.js'
import { parseImageReference } from '../source/index.js'
import type { Found, Runner, RunnerContext } from './runner.js'
import type { RunnerName, UsedRunner } from './verification.js'

/** What runs the programs, if anything does. */
export interface Chosen {
  readonly runner: Runner | undefined
  readonly used: UsedRunner
}

type Finder = (context: RunnerContext) => Promise<Found>

/** Every runner there is; each is loaded when it is tried. */
const RUNNERS: Readonly<Record<Exclude<RunnerName, 'static'>, Finder>> = {
  docker: async (context) => (await import('./engine-runner.js')).engineRunner('docker', context),
  podman: async (context) => (await import('./engine-runner.js')).engineRunner('podman', context),
  namespace: async (context) => (await import('./namespace-runner.js')).namespaceRunner(context),
  bubblewrap: async (context) => (await import('./bubblewrap-runner.js')).bubblewrapRunner(context),
}

/** The names that a runner may be asked for by. */
export const RUNNER_NAMES = ['auto', 'docker', 'podman', 'namespace', 'bubblewrap', 'static'] as const

/**
 * The runner that was asked for, or the first that works: for an image of an engine that engine, else what needs no
 * engine. Where none works, nothing is run. Throws LiftError 'unsupported' when the one asked for does not work.
 */
export async function chooseRunner(wanted: RunnerName | 'auto', context: RunnerContext): Promise<Chosen> {
  const passedOver: { name: RunnerName; reason: string }[] = []
  const names = wanted === 'auto' ? orderFor(context.image.reference) : [wanted]
  for (const name of names) {
    if (name === 'static') break
    const found = await RUNNERS[name](context)
    if ('runner' in found) {
      const { describe, notes } = found.runner
      return { runner: found.runner, used: { name, describe, passedOver, notes } }
    }
    if (wanted !== 'auto') throw notWorking(name, found.reason)
    passedOver.push({ name, reason: found.reason })
  }
  const used: UsedRunner = { name: 'static', describe: NOTHING_RUN, passedOver, notes: [] }
  return { runner: undefined, used }
}

const NOTHING_RUN = 'nothing was run; what the programs load was resolved again in the lift alone'

function orderFor(reference: string): readonly (keyof typeof RUNNERS)[] {
  const { scheme } = parseImageReference(reference)
  const alone = ['namespace', 'bubblewrap'] as const
  if (scheme === 'docker' || scheme === 'podman') return [scheme, ...alone]
  return [...alone, 'docker', 'podman']
}

function notWorking(name: RunnerName, reason: string): LiftError {
  return new LiftError('unsupported', `nothing can be run by ${name} here: ${reason}`, {
    hint: 'Try another --runner; auto takes the first that works.',
  })
}
