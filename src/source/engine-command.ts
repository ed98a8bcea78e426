import { Duplex } from 'node:stream'
import { LiftError } from '../errors.js'

/** Environment variables for a command; nothing is added from this process's own. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What a finished command said. */
export interface CommandResult {
  readonly ok: boolean
  readonly stdout: string
  readonly stderr: string
  /** Whether there is such a command at all. */
  readonly isInstalled: boolean
}

/** A command that stays, as a byte stream or as a server. */
export interface RunningCommand {
  readonly stream: Duplex
  /** Resolves when it has ended, never rejects. */
  readonly ended: Promise<CommandResult>
  stop(): void
}

/**
 * Runs a command to its end. It may ask nothing (its input is `input`, or closed) and its output is bounded.
 * Throws LiftError 'interrupted' when the signal aborts it, never for a failing command.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  env: Environment,
  signal?: AbortSignal,
  input?: string,
): Promise<CommandResult> {
  const { execa } = await import('execa')
  const result = await execa(command, args, {
    env: definedOnly(env),
    extendEnv: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    reject: false,
    maxBuffer: 4 << 20,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  })
  if (signal?.aborted) throw new LiftError('interrupted', `${command} was interrupted`)
  return resultOf(result)
}

/**
 * Starts a command whose input and output are one stream. It runs in a process group of its own, so that Ctrl-C
 * in the terminal leaves it to us to end it after cleaning up through it; it ends by itself when its input does.
 */
export async function startCommand(
  command: string,
  args: readonly string[],
  env: Environment,
): Promise<RunningCommand> {
  const { execa } = await import('execa')
  const child = execa(command, args, {
    env: definedOnly(env),
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: { stdout: false, stderr: true },
    maxBuffer: 1 << 20,
    reject: false,
    detached: true,
  })
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout })
  // Whoever uses the stream listens too; a command that ends while nobody does is no reason to fall over.
  for (const one of [stream, child.stdin, child.stdout]) one.on('error', () => {})
  return {
    stream,
    ended: child.then(resultOf),
    stop: () => void child.kill(),
  }
}

function resultOf(result: {
  readonly failed: boolean
  readonly stdout?: unknown
  readonly stderr?: unknown
  readonly code?: string | undefined
}): CommandResult {
  return {
    ok: !result.failed,
    stdout: typeof result.stdout === 'string' ? result.stdout : '',
    stderr: typeof result.stderr === 'string' ? result.stderr : '',
    isInstalled: result.code !== 'ENOENT',
  }
}

function definedOnly(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
}
