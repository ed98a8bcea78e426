import { statSync } from 'node:fs'
import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import { dir } from './directory.js'
import { docker, openFromDocker, pullWithDocker } from './docker.js'
import { dockerArchive } from './docker-archive.js'
import { ociArchive, ociDir } from './oci-dir.js'
import { hasPodman, openFromPodman, podman } from './podman.js'
import { openFromRegistry, registry } from './registry.js'
import type { OpenOptions, Source } from './source.js'

/** Every source there is, by scheme. */
export const SOURCES = {
  docker,
  podman,
  registry,
  'docker-archive': dockerArchive,
  'oci-archive': ociArchive,
  'oci-dir': ociDir,
  dir,
} satisfies Record<string, Source>

/** A scheme, where one is written, and what follows it. */
export interface ImageReference {
  readonly scheme?: string
  readonly location: string
}

/**
 * Takes `scheme:location` apart. What stands before the first colon is a scheme only if it is a known one:
 * `debian:bookworm` has none. (An image that is itself called `docker` is `docker:docker:TAG`.)
 */
export function parseImageReference(text: string): ImageReference {
  const colon = text.indexOf(':')
  const scheme = text.slice(0, Math.max(0, colon))
  const isScheme = Object.hasOwn(SOURCES, scheme)
  return isScheme ? { scheme, location: text.slice(colon + 1) } : { location: text }
}

/**
 * Opens an image. Without a scheme: from the Docker daemon if it has the image, else from Podman, else from the
 * registry that its name means; where that cannot be reached from here, the daemon pulls it.
 * Throws LiftError: 'usage', 'unsupported', 'image-not-found' (with each place tried), 'engine-unreachable',
 * 'engine-denied', 'registry-unreachable', 'registry-denied', 'registry-failed', 'unreadable', 'limit',
 * 'platform-mismatch', 'interrupted'.
 */
export async function openImage(text: string, options: OpenOptions = {}): Promise<Image> {
  const { scheme, location } = parseImageReference(text)
  if (location === '') {
    throw new LiftError('usage', `${JSON.stringify(text)} names no image`, {
      hint: `Write one of: ${SHAPES}.`,
    })
  }
  if (scheme === undefined) return openWithoutScheme(location, options)
  return (SOURCES as Readonly<Record<string, Source>>)[scheme]!.open(location, options)
}

const SHAPES =
  'docker:NAME, podman:NAME, registry:NAME, docker-archive:FILE, oci-archive:FILE, oci-dir:DIR, dir:DIR'

async function openWithoutScheme(text: string, options: OpenOptions): Promise<Image> {
  if (/^\.{0,2}\/|^\.{1,2}$/.test(text)) throw looksLikeAPath(text)
  const tried: Try[] = []
  const image =
    (await attempt(tried, 'docker', () => openFromDocker(text, options))) ??
    (await attempt(tried, 'podman', () => openFromPodmanIfInstalled(text, options), SECOND)) ??
    (await attempt(tried, 'registry', () => openFromRegistry(text, options), REGISTRY)) ??
    (await pullIfItHelps(tried, text, options))
  if (image !== undefined) return image
  throw notFound(text, tried)
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

function notFound(text: string, tried: readonly Try[]): LiftError {
  const reasons = tried.map(({ place, error }) => `  ${place}: ${error?.message ?? 'has no such image'}`)
  return new LiftError('image-not-found', [`there is no image ${text}:`, ...reasons].join('\n'), {
    hint: hintOf(tried) ?? `Check the name. An image may also be written as ${SHAPES}.`,
  })
}

/** A registry that answered says most; where none was reached, a daemon may be the way. */
function hintOf(tried: readonly Try[]): string | undefined {
  const registry = tried.find(({ place }) => place === 'registry')
  if (registry !== undefined && registry.error?.code !== 'registry-unreachable') return registry.error?.hint
  return tried.map(({ error }) => error?.hint).find((hint) => hint !== undefined)
}

function looksLikeAPath(text: string): LiftError {
  const isDirectory = statSync(text, { throwIfNoEntry: false })?.isDirectory() === true
  return new LiftError('usage', `${text} is a path, not the name of an image`, {
    hint: isDirectory ? `Write dir:${text}` : `What works: ${SHAPES}.`,
  })
}
