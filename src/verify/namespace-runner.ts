import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { LiftError, reasonOf } from '../errors.js'
import { directoryRootFs } from '../rootfs/directory.js'
import { accountOf } from './account.js'
import { runChild } from './child.js'
import { directoriesFor, type Place } from './directories.js'
import { emulationFault } from './emulation.js'
import { CAPABILITIES, ENTER, PREPARE } from './namespace-script.js'
import type { Outcome } from './outcome.js'
import { type Command, environmentOf, type Found, LIMITS, type RunnerContext, type Side } from './runner.js'
import { withFolder } from './temporary.js'

/**
 * Runs programs in namespaces of their own (namespaces(7)), with what engines give a container: a layer for what is
 * written, /proc and /dev, loopback alone. Without root it is a user namespace that knows one user.
 */
export async function namespaceRunner(context: RunnerContext): Promise<Found> {
  const fault = emulationFault(context.image.platform) ?? (await trial())
  if (fault !== undefined) return { reason: fault }
  const directories = directoriesFor(context)
  return {
    runner: {
      name: 'namespace',
      describe: isRoot() ? 'Linux namespaces, as root' : 'Linux namespaces, in a user namespace',
      notes: isRoot() ? [] : [ONE_USER],
      original: async () => sideIn(await directories.original(), context.image.config),
      lifted: async (packing) => sideIn(await directories.lifted(packing), packing.config),
      [Symbol.asyncDispose]: async () => {},
    },
  }
}

const ONE_USER =
  'without root there is one user, the superuser of the namespace: USER, owners, setuid bits and capabilities have no effect'

/** What a side takes from the configuration of its image. */
export interface SideConfig {
  readonly env: readonly string[]
  readonly user?: string
  readonly workingDir?: string
}

function sideIn(place: Place, config: SideConfig): Side {
  return {
    notes: place.notes,
    run: (command) => runIn(place.directory, config, command),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  }
}

async function runIn(directory: string, config: SideConfig, command: Command): Promise<Outcome> {
  const account = await accountOf(directoryRootFs(directory), isRoot() ? (command.user ?? config.user) : '0')
  const env = environmentOf([...ALWAYS, `HOME=${account.home}`, ...config.env], command.env)
  const identity = isRoot() ? [String(account.uid), account.gids.join(' ')] : ['', '']
  const workdir = command.workdir ?? (config.workingDir || '/')
  const enter = [...identity, workdir, String(env.length), ...env, ...command.argv]
  return withFolder(async (folder) => {
    const words = [
      ...confinement(),
      PREPARE,
      'sh',
      directory,
      folder,
      String(LIMITS.written),
      ENTER,
      CAPABILITIES,
    ]
    const { outcome, said } = await runChild(['prlimit', ...words, ...enter], command)
    return judged(outcome, said)
  })
}

/** What every engine sets. */
const ALWAYS = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=verify']

/** The words after `prlimit`. Whoever is killed takes everything inside along. */
function confinement(): readonly string[] {
  const { memory, processes, files, written } = LIMITS
  return [
    ...[
      '--core=0',
      `--data=${memory}`,
      `--nofile=${files}`,
      `--nproc=${processes}`,
      `--fsize=${written}`,
      '--',
    ],
    ...['setpriv', '--pdeathsig=KILL', '--', 'unshare', ...(isRoot() ? [] : ['--map-root-user'])],
    ...['--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child', '--mount', '--propagation=private'],
    ...['--', 'sh', '-c'],
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

/** Why nothing can be run in namespaces here: an empty root is prepared, and nothing found in it. */
async function trial(): Promise<string | undefined> {
  const missing = ['prlimit', 'setpriv', 'unshare', 'perl', 'mount'].find((command) => !isInstalled(command))
  if (missing !== undefined) return `${missing} is not installed`
  try {
    return await withFolder(async (root) => {
      const argv: readonly [string] = ['/nothing']
      await runIn(root, { env: [] }, { argv, stdin: new Uint8Array(), env: {}, timeout: 20 })
      return undefined
    })
  } catch (error) {
    if (error instanceof LiftError && error.code === 'interrupted') throw error
    return reasonOf(error)
  }
}

const DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Whether the host has a command where hosts keep what confines programs. */
export function isInstalled(command: string): boolean {
  return DIRECTORIES.some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}
