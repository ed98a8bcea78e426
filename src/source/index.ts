import { statSync } from 'node:fs'
import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import type { OpenOptions, Source } from './source.js'

/** Every source there is, by scheme. */
export const SOURCES = {
  docker: {
    scheme: 'docker',
    describe: 'docker:NAME[:TAG]          an image of the Docker daemon, pulled if not there',
    open: later(async () => (await import('./docker.js')).openDocker),
  },
  podman: {
    scheme: 'podman',
    describe: "podman:NAME[:TAG]          an image of Podman's storage, pulled if not there",
    open: later(async () => (await import('./podman.js')).openPodman),
  },
  registry: {
    scheme: 'registry',
    describe: 'registry:NAME[:TAG]        an image of a registry, read without a daemon',
    open: later(async () => (await import('./registry.js')).openRegistry),
  },
  'docker-archive': {
    scheme: 'docker-archive',
    describe: 'docker-archive:FILE[:NAME] what `docker save` writes, compressed or not',
    open: later(async () => (await import('./docker-archive.js')).openDockerArchive),
  },
  'oci-archive': {
    scheme: 'oci-archive',
    describe: 'oci-archive:FILE[:TAG]     an OCI image layout in a tar',
    open: later(async () => (await import('./oci-dir.js')).openOciArchive),
  },
  'oci-dir': {
    scheme: 'oci-dir',
    describe: 'oci-dir:DIR[:TAG]          an OCI image layout in a directory',
    open: later(async () => (await import('./oci-dir.js')).openOciDir),
  },
  dir: {
    scheme: 'dir',
    describe: 'dir:DIR                    a root file system in a directory',
    open: later(async () => (await import('./directory.js')).openDirectory),
  },
} satisfies Record<string, Source>

/** Loads a source when an image of it is opened: a run needs one, and most of them need much of Node. */
function later(load: () => Promise<Source['open']>): Source['open'] {
  return async (location, options) => (await load())(location, options)
}

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
  if (scheme !== undefined)
    return (SOURCES as Readonly<Record<string, Source>>)[scheme]!.open(location, options)
  if (/^\.{0,2}\/|^\.{1,2}$/.test(location)) throw looksLikeAPath(location)
  const { openByBareName } = await import('./bare-name.js')
  return openByBareName(location, SHAPES, options)
}

const SHAPES =
  'docker:NAME, podman:NAME, registry:NAME, docker-archive:FILE, oci-archive:FILE, oci-dir:DIR, dir:DIR'

function looksLikeAPath(text: string): LiftError {
  const isDirectory = statSync(text, { throwIfNoEntry: false })?.isDirectory() === true
  return new LiftError('usage', `${text} is a path, not the name of an image`, {
    hint: isDirectory ? `Write dir:${text}` : `What works: ${SHAPES}.`,
  })
}
