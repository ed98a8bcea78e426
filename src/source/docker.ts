import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import { parseImageName } from '../image/reference.js'
import { engineClient } from './engine-client.js'
import { runCommand, startCommand } from './engine-command.js'
import { dockerEndpoint } from './engine-endpoint.js'
import { oneLine } from './engine-errors.js'
import { type Engine, type EngineOptions, openFromEngine } from './engine-image.js'
import type { OpenOptions, Source } from './source.js'

/** `docker:NAME`: an image of the Docker daemon that the environment names; it is pulled when it is not there. */
export const openDocker: Source['open'] = async (location, options) => {
  const present = await openFromDocker(location, options)
  return present ?? pullWithDocker(location, options)
}

const HINT = 'Is the daemon running? See DOCKER_HOST, or use dir:DIR for a root file system on disk.'

/** The image if the daemon has it. Throws LiftError 'engine-unreachable', 'engine-denied', … */
export async function openFromDocker(name: string, options: OpenOptions): Promise<Image | undefined> {
  return openFromEngine(await connectToDocker(options), name, options)
}

/**
 * Lets the `docker` command pull the image, with the user's credentials, and opens it.
 * Throws LiftError 'image-not-found' with the daemon's reason.
 */
export async function pullWithDocker(name: string, options: OpenOptions): Promise<Image> {
  const { env = process.env, signal, platform, onStep } = options
  parseImageName(name)
  onStep?.(`pulling ${name}`)
  const platformArgs = platform === undefined ? [] : ['--platform', platform]
  const pull = await runCommand('docker', ['pull', '--quiet', ...platformArgs, '--', name], env, signal)
  if (!pull.ok) {
    const why = pull.isInstalled
      ? lastLine(pull.stderr)
      : 'the docker command, which would pull it, is not installed'
    throw new LiftError('image-not-found', `Docker has no image ${name} and cannot pull it: ${why}`, {
      hint: 'Check the name, or see what there is by `docker images`.',
    })
  }
  const image = await openFromDocker(name, options)
  if (image !== undefined) return image
  throw new LiftError('image-not-found', `Docker pulled ${name} but does not have it`)
}

/** The daemon that the environment names. Throws LiftError 'engine-unreachable'; whether it listens shows later. */
export async function connectToDocker({ env = process.env, signal }: EngineOptions): Promise<Engine> {
  const endpoint = await dockerEndpoint(env, signal)
  const client = await engineClient(
    endpoint.kind === 'socket'
      ? { engine: 'Docker', place: endpoint.path, hint: HINT, socketPath: endpoint.path }
      : {
          engine: 'Docker',
          place: '`docker system dial-stdio`',
          hint: HINT,
          dial: () => startCommand('docker', ['system', 'dial-stdio'], env),
        },
  )
  return { scheme: 'docker', client, [Symbol.asyncDispose]: async () => client.close() }
}

function lastLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  return oneLine(lines.at(-1) ?? '').replace(/^Error response from daemon: /, '')
}
