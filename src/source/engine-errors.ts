import { LiftError } from '../errors.js'
import type { CommandResult, RunningCommand } from './engine-command.js'

/** One connection that a command carries. */
export type Connection = Pick<RunningCommand, 'stream' | 'ended' | 'stop'>

/** How to reach one engine, and what to say when that fails. */
export interface EngineRoute {
  /** `Docker` or `Podman`, for messages. */
  readonly engine: string
  /** Where it is, for messages: a socket's path or a command; never a URL with credentials. */
  readonly place: string
  /** The next step when nobody answers there. */
  readonly hint: string
  readonly socketPath?: string
  /** Opens one connection instead; `ended` tells why it broke. */
  readonly dial?: () => Promise<Connection>
}

/** Why a request got no answer. A command that carries the connection is asked for its last words. */
export async function explain(
  route: EngineRoute,
  error: NodeJS.ErrnoException,
  signal: AbortSignal | undefined,
  connections: ReadonlySet<Connection>,
): Promise<LiftError> {
  if (signal?.aborted) return interrupted(route)
  if (error instanceof LiftError) return error
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK') {
    return unreachable(route, 'nobody listens', error)
  }
  if (error.code === 'EACCES' || error.code === 'EPERM') return denied(route, error)
  const said = await lastWords(connections)
  if (said === undefined) {
    return new LiftError(
      'engine-failed',
      `${route.engine} at ${route.place} broke off: ${oneLine(error.message)}`,
      {
        cause: error,
      },
    )
  }
  if (!said.isInstalled) return unreachable(route, 'the command is not installed', error)
  if (/permission denied/i.test(said.stderr)) return denied(route, error)
  return unreachable(route, oneLine(said.stderr), error)
}

/** Why an answer stopped in its middle. */
export function brokenBody(route: EngineRoute, error: unknown, signal: AbortSignal | undefined): LiftError {
  if (signal?.aborted) return interrupted(route)
  if (error instanceof LiftError) return error
  const why = oneLine((error as Error).message)
  return new LiftError('engine-failed', `${route.engine} broke off in the middle of an answer: ${why}`, {
    cause: error,
  })
}

/** The engine's own words in an error answer, on one bounded line and without a URL's credentials. */
export function engineMessage(value: unknown): string {
  const message = (value as { message?: unknown } | null)?.message
  return oneLine(typeof message === 'string' ? message : 'no reason given')
}

/** Text of an engine or its command on one bounded line, without credentials. */
export function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.replaceAll(/:\/\/[^/@\s]*@/g, '://').slice(0, 400) || 'no reason given'
}

/** What the command of a broken connection said, if one failed; it ends just after its connection breaks. */
async function lastWords(connections: ReadonlySet<Connection>): Promise<CommandResult | undefined> {
  for (const { ended } of [...connections].reverse()) {
    const result = await Promise.race([ended, pause(500)])
    if (result !== undefined && !result.ok) return result
  }
  return undefined
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((done) => setTimeout(() => done(undefined), milliseconds))
}

function unreachable(route: EngineRoute, why: string, cause: unknown): LiftError {
  return new LiftError('engine-unreachable', `cannot reach ${route.engine} at ${route.place}: ${why}`, {
    cause,
    hint: route.hint,
  })
}

function denied(route: EngineRoute, cause: unknown): LiftError {
  return new LiftError('engine-denied', `no permission to speak to ${route.engine} at ${route.place}`, {
    cause,
    hint: `Join the group that owns the socket (usually \`${route.engine.toLowerCase()}\`), use sudo, or a rootless engine.`,
  })
}

/** The engine kept quiet for too long. */
export function silent(route: EngineRoute): LiftError {
  return new LiftError('engine-failed', `${route.engine} at ${route.place} does not answer`, {
    hint: 'Is the daemon stuck? Try again, or restart it.',
  })
}

/** The caller gave up. */
export function interrupted(route: EngineRoute): LiftError {
  return new LiftError('interrupted', `the request to ${route.engine} was interrupted`)
}
