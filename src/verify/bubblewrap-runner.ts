import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { LiftError, reasonOf } from '../errors.js'
import { directoryRootFs } from '../rootfs/directory.js'
import { accountOf } from './account.js'
import { runChild } from './child.js'
import { directoriesFor, type Place } from './directories.js'
import { emulationFault } from './emulation.js'
import { isInstalled, type SideConfig } from './namespace-runner.js'
import type { Outcome } from './outcome.js'
import { type Command, environmentOf, type Found, LIMITS, type RunnerContext, type Side } from './runner.js'
import { withFolder } from './temporary.js'

/**
 * Runs programs in bubblewrap, which some systems let make namespaces where they let nobody else. Nothing of the
 * root can be written to, and no program gets more rights than it has.
 */
export async function bubblewrapRunner(context: RunnerContext): Promise<Found> {
  const fault = emulationFault(context.image.platform) ?? (await trial())
  if (fault !== undefined) return { reason: fault }
  const directories = directoriesFor(context)
  return {
    runner: {
      name: 'bubblewrap',
      describe: 'bubblewrap',
      notes: NOTES,
      original: async () => sideIn(await directories.original(), context.image.config),
      lifted: async (packing) => sideIn(await directories.lifted(packing), packing.config),
      [Symbol.asyncDispose]: async () => {},
    },
  }
}

const NOTES = [
  'in bubblewrap there is one user, the superuser of the namespace: USER, owners, setuid bits and capabilities have no effect',
  'in bubblewrap nothing of the root can be written to',
]

function sideIn(place: Place, config: SideConfig): Side {
  return {
    notes: place.notes,
    run: (command) => runIn(place.directory, config, command),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  }
}

async function runIn(directory: string, config: SideConfig, command: Command): Promise<Outcome> {
  const { home } = await accountOf(directoryRootFs(directory), '0')
  const env = environmentOf([...ALWAYS, `HOME=${home}`, ...config.env], command.env)
  const { memory, processes, files, written } = LIMITS
  const words = [
    ...[
      '--core=0',
      `--data=${memory}`,
      `--nofile=${files}`,
      `--nproc=${processes}`,
      `--fsize=${written}`,
      '--',
    ],
    ...['bwrap', '--unshare-all', '--unshare-user', '--uid', '0', '--gid', '0', '--hostname', 'verify'],
    ...['--die-with-parent', '--clearenv', ...env.flatMap(setenv)],
    ...[...bindings(directory), '--proc', '/proc', '--dev', '/dev'],
    ...['--chdir', command.workdir ?? (config.workingDir || '/'), '--', ...command.argv],
  ]
  return judged((await runChild(['prlimit', ...words], command)).outcome)
}

const ALWAYS = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=verify']

function setenv(line: string): readonly string[] {
  const [name = '', ...value] = line.split('=')
  return ['--setenv', name, value.join('=')]
}

/** A new root with each name of the directory in it, since /proc and /dev may be none of them. */
function bindings(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => name !== 'proc' && name !== 'dev')
    .flatMap((entry) => {
      const host = join(directory, entry.name)
      if (entry.isSymbolicLink()) return ['--symlink', readlinkSync(host), `/${entry.name}`]
      return entry.isDirectory() || entry.isFile() ? ['--ro-bind', host, `/${entry.name}`] : []
    })
}

/** What bubblewrap says when it, not the program, is at fault; of the program it says that it cannot be started. */
function judged(outcome: Outcome): Outcome {
  const [, said] = /^bwrap: (.*)/.exec(Buffer.from(outcome.stderr).toString()) ?? []
  if (said === undefined || outcome.end.kind !== 'exit' || outcome.end.code !== 1) return outcome
  const [, reason] = /^execvp .*: (.*)$/.exec(said) ?? []
  if (reason === undefined) throw new LiftError('unsupported', `bubblewrap does not run it: ${said}`)
  return { ...outcome, end: { kind: 'not started', reason }, stderr: new Uint8Array() }
}

/** Why nothing can be run in bubblewrap here: an empty root is prepared, and nothing found in it. */
async function trial(): Promise<string | undefined> {
  const missing = ['prlimit', 'bwrap'].find((command) => !isInstalled(command))
  if (missing !== undefined) return `${missing} is not installed`
  const nothing: Command = { argv: ['/nothing'], stdin: new Uint8Array(), env: {}, timeout: 20 }
  try {
    await withFolder((root) => runIn(root, { env: [] }, nothing))
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}
