import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { LiftError } from '../errors.js'
import { circumstancesOf, directoryRunner, runLimited, type SideConfig } from './directory-runner.js'
import type { Outcome } from './outcome.js'
import type { Command, Found, RunnerContext } from './runner.js'

/**
 * Runs programs in bubblewrap, which some systems let make namespaces where they let nobody else. Nothing of the
 * root can be written to, and no program gets more rights than it has.
 */
export function bubblewrapRunner(context: RunnerContext): Promise<Found> {
  const words = { name: 'bubblewrap', describe: 'bubblewrap', notes: NOTES } as const
  return directoryRunner({ ...words, commands: ['prlimit', 'bwrap'], runIn }, context)
}

const NOTES = [
  'in bubblewrap there is one user, the superuser of the namespace: USER, owners, setuid bits and capabilities have no effect',
  'in bubblewrap nothing of the root can be written to',
]

async function runIn(directory: string, config: SideConfig, command: Command): Promise<Outcome> {
  const { env, workdir } = await circumstancesOf(directory, '0', config, command)
  const words = [
    ...['bwrap', '--unshare-all', '--unshare-user', '--uid', '0', '--gid', '0', '--hostname', 'verify'],
    ...['--die-with-parent', '--clearenv', ...env.flatMap(setenv)],
    ...[...bindings(directory), '--proc', '/proc', '--dev', '/dev'],
    ...['--chdir', workdir, '--', ...command.argv],
  ]
  return judged((await runLimited(words, command)).outcome)
}

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
