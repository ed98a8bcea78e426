import { LiftError, reasonOf } from '../errors.js'
import { formatPlatform } from '../image/platform.js'
import { dockerArchive } from '../pack/docker-archive.js'
import type { Packing } from '../pack/packing.js'
import { connectToDocker } from '../source/docker.js'
import type { EngineClient } from '../source/engine-client.js'
import { loadArchive, removeImage } from '../source/engine-load.js'
import { inspectImage } from '../source/image-inspect.js'
import { parseImageReference } from '../source/index.js'
import { connectToPodman, hasPodman } from '../source/podman.js'
import { runContainer } from './container.js'
import { emulationFault } from './emulation.js'
import type { Found, RunnerContext, Side } from './runner.js'
import { wholePacking } from './whole-packing.js'

/** Runs programs in containers of an engine: without a network, and within limits, but otherwise as it runs any. */
export async function engineRunner(name: 'docker' | 'podman', context: RunnerContext): Promise<Found> {
  const { env, signal, image } = context
  if (name === 'podman' && !hasPodman(env)) return { reason: 'the podman command is not installed' }
  const fault = isHere(env) ? emulationFault(image.platform) : undefined
  if (fault !== undefined) return { reason: fault }
  try {
    const engine = await (name === 'docker' ? connectToDocker : connectToPodman)({ env, signal })
    const { client } = engine
    try {
      await client.json('GET', '/version', { signal })
    } catch (error) {
      await engine[Symbol.asyncDispose]()
      throw error
    }
    return {
      runner: {
        name,
        describe: `containers of ${client.engine}`,
        notes: [],
        original: () => originalSide(name, client, context),
        lifted: (packing) => loadedSide(client, packing, context),
        [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
      },
    }
  } catch (error) {
    if (
      !(error instanceof LiftError) ||
      error.code === 'interrupted' ||
      image.reference.startsWith(`${name}:`)
    )
      throw error
    return { reason: reasonOf(error) }
  }
}

/** Whether the engine is surely on this machine, so that what its kernel can start is known. */
function isHere({
  DOCKER_HOST = '',
  DOCKER_CONTEXT = '',
  CONTAINER_HOST = '',
}: RunnerContext['env']): boolean {
  const elsewhere = [DOCKER_HOST, CONTAINER_HOST].some((host) => host !== '' && !host.startsWith('unix:'))
  return process.platform === 'linux' && !elsewhere && DOCKER_CONTEXT === ''
}

/** An image of this engine is run as it is; any other one has to be loaded into it first. */
async function originalSide(name: string, client: EngineClient, context: RunnerContext): Promise<Side> {
  const { image, signal, onStep } = context
  const { scheme, location } = parseImageReference(image.reference)
  if (scheme === name) return sideOf(client, await idOf(client, location, context), context, async () => {})
  onStep?.(`loading the image into ${client.engine} to run it`)
  return loadedSide(client, await wholePacking(image, signal), context)
}

async function idOf(client: EngineClient, name: string, { image, signal }: RunnerContext): Promise<string> {
  const found = await inspectImage(client, name, { platform: formatPlatform(image.platform), signal })
  if (found !== undefined) return found.id
  throw new LiftError('image-not-found', `${client.engine} no longer has ${name}`)
}

/** The image goes when the side does, under a name that nobody else gives. */
async function loadedSide(client: EngineClient, packing: Packing, context: RunnerContext): Promise<Side> {
  const { signal } = context
  const name = `localhost/liftbin-verify-${crypto.randomUUID()}:latest`
  const remove = () => removeImage(client, name)
  try {
    await loadArchive(client, () => dockerArchive(packing, [name], { signal }), signal)
    return sideOf(client, await idOf(client, name, context), context, remove)
  } catch (error) {
    await remove().catch(() => {})
    throw error
  }
}

function sideOf(
  client: EngineClient,
  imageId: string,
  { image }: RunnerContext,
  remove: () => Promise<void>,
): Side {
  return {
    notes: [],
    run: (command) => runContainer(client, imageId, formatPlatform(image.platform), command),
    [Symbol.asyncDispose]: remove,
  }
}
