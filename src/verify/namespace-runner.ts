import { LiftError } from '../errors.js'
import { circumstancesOf, directoryRunner, runLimited, type SideConfig } from './directory-runner.js'
import { CAPABILITIES, ENTER, PREPARE } from './namespace-script.js'
import type { Outcome } from './outcome.js'
import { type Command, type Found, LIMITS, type RunnerContext } from './runner.js'
import { withFolder } from './temporary.js'

/**
 * Runs programs in namespaces of their own (namespaces(7)), with what engines give a container: a layer for what is
 * written, /proc and /dev, loopback alone. Without root it is a user namespace that knows one user.
 */
export function namespaceRunner(context: RunnerContext): Promise<Found> {
  const words = {
    name: 'namespace',
    describe: isRoot() ? 'Linux namespaces, as root' : 'Linux namespaces, in a user namespace',
    notes: isRoot() ? [] : [ONE_USER],
  } as const
  return directoryRunner({ ...words, commands: COMMANDS, runIn }, context)
}

const COMMANDS = ['prlimit', 'setpriv', 'unshare', 'perl', 'mount']

const ONE_USER =
  'without root there is one user, the superuser of the namespace: USER, owners, setuid bits and capabilities have no effect'

async function runIn(directory: string, config: SideConfig, command: Command): Promise<Outcome> {
  const user = isRoot() ? (command.user ?? config.user) : '0'
  const { account, env, workdir } = await circumstancesOf(directory, user, config, command)
  const identity = isRoot() ? [String(account.uid), account.gids.join(' ')] : ['', '']
  const enter = [...identity, workdir, String(env.length), ...env, ...command.argv]
  return withFolder(async (folder) => {
    const prepare = [PREPARE, 'sh', directory, folder, String(LIMITS.written), ENTER, CAPABILITIES]
    const { outcome, said } = await runLimited([...unshared(), 'sh', '-c', ...prepare, ...enter], command)
    return judged(outcome, said)
  })
}

/** The words that start a command in new namespaces. Whoever is killed takes everything inside along. */
function unshared(): readonly string[] {
  return [
    ...['setpriv', '--pdeathsig=KILL', '--', 'unshare', ...(isRoot() ? [] : ['--map-root-user'])],
    ...['--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child', '--mount', '--propagation=private'],
    '--',
  ]
}

const FAILED = 'failed: '

/** The confinement says `ready` before the program starts, and after it why it could not, or which signal ended it. */
function judged(outcome: Outcome, said: string): Outcome {
  const lines = said.split('\n').filter((line) => line !== '')
  const ready = lines.lastIndexOf('ready')
  if (ready >= 0) {
    const reason = lines
      .slice(ready)
      .find((line) => line.startsWith(FAILED))
      ?.slice(FAILED.length)
    return reason === undefined ? outcome : { ...outcome, end: { kind: 'not started', reason } }
  }
  if (outcome.end.kind !== 'exit') return outcome
  const why = lines.at(-1) ?? Buffer.from(outcome.stderr).toString().trim()
  throw new LiftError('unsupported', `the namespaces cannot be prepared: ${why}`)
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}
