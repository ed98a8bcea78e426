import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../errors.js'
import type { Account } from '../lift/account.js'
import { directoryRootFs } from '../rootfs/directory.js'
import { knownAccount } from './account.js'
import { type ChildRun, runChild } from './child.js'
import { directoriesFor, type Place } from './directories.js'
import { emulationFault } from './emulation.js'
import type { Outcome } from './outcome.js'
import {
  type Command,
  environmentOf,
  type Found,
  LIMITS,
  type Runner,
  type RunnerContext,
  type Side,
} from './runner.js'
import { withFolder } from './temporary.js'

/** A way to run a program with a directory of this machine for its root. */
export interface Confinement extends Pick<Runner, 'name' | 'describe' | 'notes'> {
  /** The commands of the host that it takes. */
  readonly commands: readonly string[]
  /** Runs one program. Throws LiftError where it is not the program that is at fault. */
  readonly runIn: (directory: string, config: SideConfig, command: Command) => Promise<Outcome>
}

/** What a side takes from the configuration of its image. */
export interface SideConfig {
  readonly env: readonly string[]
  readonly user?: string
  readonly workingDir?: string
}

/** Runs programs in directories, where the confinement works. */
export async function directoryRunner(confinement: Confinement, context: RunnerContext): Promise<Found> {
  const fault = emulationFault(context.image.platform) ?? (await trial(confinement))
  if (fault !== undefined) return { reason: fault }
  const { name, describe, notes } = confinement
  const directories = directoriesFor(context)
  const sideOf = (place: Place, config: SideConfig): Side => ({
    notes: place.notes,
    run: (command) => confinement.runIn(place.directory, config, command),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  })
  const runner: Runner = {
    name,
    describe,
    notes,
    original: async () => sideOf(await directories.original(), context.image.config),
    lifted: async (packing) => sideOf(await directories.lifted(packing), packing.config),
    [Symbol.asyncDispose]: async () => {},
  }
  return { runner }
}

const NOTHING: Command = { argv: ['/nothing'], stdin: new Uint8Array(), env: {}, timeout: 20 }

/** Why nothing can be run here: an empty root is prepared, and nothing found in it. */
async function trial({ commands, runIn }: Confinement): Promise<string | undefined> {
  const missing = commands.find((command) => !isInstalled(command))
  if (missing !== undefined) return `${missing} is not installed`
  try {
    await withFolder((root) => runIn(root, { env: [] }, NOTHING))
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}

const DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Whether the host has a command where hosts keep what confines programs. */
function isInstalled(command: string): boolean {
  return DIRECTORIES.some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** What a program of a root is started with. */
export interface Circumstances {
  readonly account: Account
  readonly env: readonly string[]
  readonly workdir: string
}

/** What every engine sets. */
const ALWAYS = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=verify']

/** What an engine would give a user of the root. Throws LiftError 'file-not-found' for one that it does not know. */
export async function circumstancesOf(
  directory: string,
  user: string | undefined,
  config: SideConfig,
  command: Command,
): Promise<Circumstances> {
  const account = await knownAccount(directoryRootFs(directory), user)
  return {
    account,
    env: environmentOf([...ALWAYS, `HOME=${account.home}`, ...config.env], command.env),
    workdir: command.workdir ?? (config.workingDir || '/'),
  }
}

/** Runs a command of the host, and all that it starts, within the limits of a run. */
export function runLimited(words: readonly string[], command: Command): Promise<ChildRun> {
  const { memory, processes, files, written } = LIMITS
  const limits = [`--data=${memory}`, `--nofile=${files}`, `--nproc=${processes}`, `--fsize=${written}`]
  return runChild(['prlimit', '--core=0', ...limits, '--', ...words], command)
}
