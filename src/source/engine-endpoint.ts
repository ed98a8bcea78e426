import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { LiftError } from '../errors.js'
import { type Environment, runCommand } from './engine-command.js'
import { oneLine } from './engine-errors.js'

/** Where an engine listens: a socket we open ourselves, or whatever `docker` itself can reach. */
export type Endpoint =
  | { readonly kind: 'socket'; readonly path: string }
  /** tcp with TLS, ssh, and what else the command knows: spoken to over `docker system dial-stdio`. */
  | { readonly kind: 'command' }

/**
 * Docker's own order: DOCKER_HOST, else DOCKER_CONTEXT, else the configuration's current context, else the
 * default socket. Only a context that is not the default one costs a run of the `docker` command.
 */
export async function dockerEndpoint(env: Environment, signal?: AbortSignal): Promise<Endpoint> {
  if (env.DOCKER_HOST) return endpointOf(env.DOCKER_HOST)
  const context = env.DOCKER_CONTEXT || currentContext(env)
  if (!context || context === 'default') return { kind: 'socket', path: '/var/run/docker.sock' }
  return endpointOf(await hostOfContext(context, env, signal))
}

function endpointOf(host: string): Endpoint {
  return host.startsWith('unix://')
    ? { kind: 'socket', path: host.slice('unix://'.length) }
    : { kind: 'command' }
}

function currentContext(env: Environment): string | undefined {
  const directory = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker')
  try {
    const config: unknown = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'))
    const context = (config as { currentContext?: unknown } | null)?.currentContext
    return typeof context === 'string' ? context : undefined
  } catch {
    return undefined
  }
}

async function hostOfContext(context: string, env: Environment, signal?: AbortSignal): Promise<string> {
  const format = '{{.Endpoints.docker.Host}}'
  const args = ['context', 'inspect', '--format', format, '--', context]
  const { ok, stdout, stderr, isInstalled } = await runCommand('docker', args, env, signal)
  if (ok) return stdout.trim()
  const why = isInstalled ? oneLine(stderr) : 'the docker command is not installed'
  throw new LiftError('engine-unreachable', `the Docker context ${context} cannot be used: ${why}`, {
    hint: 'See `docker context ls`, or set DOCKER_HOST.',
  })
}
