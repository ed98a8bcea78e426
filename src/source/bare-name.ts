import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import { openFromDocker, pullWithDocker } from './docker.js'
import { hasPodman, openFromPodman } from './podman.js'
import { openFromRegistry } from './registry.js'
import type { OpenOptions } from './source.js'

/**
 * Opens an image by its bare name: from the Docker daemon if it has it, else from Podman, else from the registry
 * that the name means; where that cannot be reached from here, the daemon pulls it.
 * Throws LiftError 'image-not-found' with each place tried.
 */
export async function openByBareName(text: string, shapes: string, options: OpenOptions): Promise<Image> {
  const tried: Try[] = []
  const image =
    (await attempt(tried, 'docker', () => openFromDocker(text, options))) ??
    (await attempt(tried, 'podman', () => openFromPodmanIfInstalled(text, options), SECOND)) ??
    (await attempt(tried, 'registry', () => openFromRegistry(text, options), REGISTRY)) ??
    (await pullIfItHelps(tried, text, options))
  if (image !== undefined) return image
  throw notFound(text, shapes, tried)
}

/** Only a daemon may have a way or the right to a registry that we have not. */
async function pullIfItHelps(tried: Try[], text: string, options: OpenOptions): Promise<Image | undefined> {
  const [docker, , registry] = tried
  if (docker?.error !== undefined || registry?.error === undefined) return undefined
  return attempt(tried, 'docker pull', () => pullWithDocker(text, options))
}

async function openFromPodmanIfInstalled(name: string, options: OpenOptions): Promise<Image | undefined> {
  if (!hasPodman(options.env ?? process.env)) {
    throw new LiftError('engine-unreachable', 'the podman command is not installed')
  }
  return openFromPodman(name, options)
}

/** One place that did not give the image: with an error, or simply without the image. */
interface Try {
  readonly place: string
  readonly error: LiftError | undefined
}

/** Errors that leave hope for the next place; others are the answer. */
const HOPEFUL: readonly string[] = ['image-not-found', 'engine-unreachable', 'engine-denied']

/** Where nobody asked for Podman, it is in nobody's way, whatever is wrong with it. */
const SECOND: readonly string[] = [...HOPEFUL, 'engine-failed', 'unsupported', 'output']

/** What a registry that was not named as such may fail with. */
const REGISTRY: readonly string[] = ['usage', 'registry-unreachable', 'registry-denied', 'registry-failed']

async function attempt(
  tried: Try[],
  place: string,
  open: () => Promise<Image | undefined>,
  hopeful: readonly string[] = HOPEFUL,
): Promise<Image | undefined> {
  try {
    const image = await open()
    if (image === undefined) tried.push({ place, error: undefined })
    return image
  } catch (error) {
    if (!(error instanceof LiftError) || !hopeful.includes(error.code)) throw error
    tried.push({ place, error })
    return undefined
  }
}

function notFound(text: string, shapes: string, tried: readonly Try[]): LiftError {
  const reasons = tried.map(({ place, error }) => `  ${place}: ${error?.message ?? 'has no such image'}`)
  return new LiftError('image-not-found', [`there is no image ${text}:`, ...reasons].join('\n'), {
    hint: hintOf(tried) ?? `Check the name. An image may also be written as ${shapes}.`,
  })
}

/** A registry that answered says most; where none was reached, a daemon may be the way. */
function hintOf(tried: readonly Try[]): string | undefined {
  const registry = tried.find(({ place }) => place === 'registry')
  if (registry !== undefined && registry.error?.code !== 'registry-unreachable') return registry.error?.hint
  return tried.map(({ error }) => error?.hint).find((hint) => hint !== undefined)
}
