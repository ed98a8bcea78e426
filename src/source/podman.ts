import { accessSync, constants, existsSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import { engineClient } from './engine-client.js'
import { type Environment, type RunningCommand, runCommand, startCommand } from './engine-command.js'
import { oneLine } from './engine-errors.js'
import { type Engine, type EngineOptions, openFromEngine } from './engine-image.js'
import type { OpenOptions, Source } from './source.js'
import { newFolder } from './temporary.js'

/** `podman:NAME`: an image of Podman's storage; it is pulled when it is not there. */
export const openPodman: Source['open'] = async (location, options) => {
  const present = await openFromPodman(location, options)
  return present ?? pullWithPodman(location, options)
}

const HINT = 'Does `podman info` work? See CONTAINER_HOST, or use dir:DIR for a root file system on disk.'
/** A service of ours that is left alone (we were killed) ends after so many seconds. */
const IDLE_SECONDS = 120
/** How long the service may take to listen, in milliseconds. */
const START_LIMIT = 20_000

/** Whether there is a `podman` command in the environment's PATH. */
export function hasPodman(env: Environment): boolean {
  return (env.PATH ?? '').split(delimiter).some((directory) => isExecutable(join(directory, 'podman')))
}

/** The image if Podman has it. Throws LiftError 'engine-unreachable', … */
export async function openFromPodman(name: string, options: OpenOptions): Promise<Image | undefined> {
  return openFromEngine(await connectToPodman(options), name, options)
}

async function pullWithPodman(name: string, options: OpenOptions): Promise<Image> {
  const { env = process.env, signal, platform, onStep } = options
  onStep?.(`pulling ${name}`)
  const platformArgs = platform === undefined ? [] : ['--platform', platform]
  const pull = await runCommand('podman', ['pull', '--quiet', ...platformArgs, '--', name], env, signal)
  const image = pull.ok ? await openFromPodman(name, options) : undefined
  if (image !== undefined) return image
  const why = pull.isInstalled
    ? oneLine(pull.stderr)
    : 'the podman command, which would pull it, is not installed'
  throw new LiftError('image-not-found', `Podman has no image ${name} and cannot pull it: ${why}`, {
    hint: 'Check the name, or see what there is by `podman images`.',
  })
}

/** Podman's service: one that listens already, else one of our own. Throws LiftError 'engine-unreachable'. */
export async function connectToPodman({ env = process.env, signal }: EngineOptions): Promise<Engine> {
  const socket = listeningSocket(env)
  if (socket !== undefined) {
    const client = await engineClient({ engine: 'Podman', place: socket, hint: HINT, socketPath: socket })
    return { scheme: 'podman', client, [Symbol.asyncDispose]: async () => client.close() }
  }
  const service = await startService(env, signal)
  const client = await engineClient({
    engine: 'Podman',
    place: 'its service',
    hint: HINT,
    socketPath: service.socket,
  })
  return {
    scheme: 'podman',
    client,
    [Symbol.asyncDispose]: async () => {
      client.close()
      await service.stop()
    },
  }
}

/** The socket of a service that runs already: CONTAINER_HOST, else the user's own, else the system's for root. */
function listeningSocket(env: Environment): string | undefined {
  const host = env.CONTAINER_HOST
  if (host?.startsWith('unix://')) return host.slice('unix://'.length)
  if (host) {
    throw new LiftError(
      'unsupported',
      'CONTAINER_HOST is no unix:// socket; liftbin reaches no other Podman yet',
      {
        hint: 'Forward the remote socket (ssh -L) and set CONTAINER_HOST=unix://PATH.',
      },
    )
  }
  if (env.CONTAINERS_STORAGE_CONF) return undefined
  const isRoot = process.getuid?.() === 0
  const own = isRoot ? '/run' : env.XDG_RUNTIME_DIR
  const socket = own === undefined ? undefined : join(own, 'podman/podman.sock')
  return socket !== undefined && existsSync(socket) ? socket : undefined
}

interface Service {
  readonly socket: string
  stop(): Promise<void>
}

async function startService(env: Environment, signal: AbortSignal | undefined): Promise<Service> {
  const directory = newFolder('podman')
  const socket = join(directory, 'podman.sock')
  let running: RunningCommand | undefined
  const stop = async () => {
    running?.stop()
    await running?.ended
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    running = await startCommand(
      'podman',
      ['system', 'service', `--time=${IDLE_SECONDS}`, `unix://${socket}`],
      env,
    )
    await listening(running, socket, signal)
    return { socket, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function listening(
  running: RunningCommand,
  socket: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const over = running.ended.then((result) => result)
  for (let waited = 0; !existsSync(socket); waited += 20) {
    if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while Podman was started')
    const ended = await Promise.race([
      over,
      new Promise<undefined>((done) => setTimeout(() => done(undefined), 20)),
    ])
    if (ended !== undefined) {
      const why = ended.isInstalled ? oneLine(ended.stderr) : 'the podman command is not installed'
      throw new LiftError('engine-unreachable', `cannot start Podman's service: ${why}`, { hint: HINT })
    }
    if (waited > START_LIMIT) {
      throw new LiftError('engine-unreachable', "Podman's service does not start to listen", { hint: HINT })
    }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
