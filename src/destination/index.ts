import { LiftError } from '../errors.js'
import { tagName } from '../pack/docker-archive.js'
import type { Packing } from '../pack/packing.js'
import type { Destination, WriteOptions, Written } from './destination.js'

/** Every destination there is, by scheme. */
export const DESTINATIONS = {
  docker: {
    scheme: 'docker',
    describe: 'docker:NAME[:TAG]          an image of the Docker daemon',
    takesSeveral: false,
    check: tagName,
    write: later(async () => (await import('./engine.js')).loadIntoDocker),
  },
  podman: {
    scheme: 'podman',
    describe: "podman:NAME[:TAG]          an image of Podman's storage",
    takesSeveral: false,
    check: tagName,
    write: later(async () => (await import('./engine.js')).loadIntoPodman),
  },
  registry: {
    scheme: 'registry',
    describe: 'registry:NAME[:TAG]        an image of a registry, pushed without a daemon',
    takesSeveral: true,
    check: tagName,
    write: later(async () => (await import('./registry.js')).pushToRegistry),
  },
  'oci-archive': {
    scheme: 'oci-archive',
    describe: 'oci-archive:FILE[:TAG]     an OCI image layout in a tar',
    takesSeveral: true,
    write: later(async () => (await import('./oci-archive.js')).writeOciArchive),
  },
  'oci-dir': {
    scheme: 'oci-dir',
    describe: 'oci-dir:DIR[:TAG]          an OCI image layout in a directory; others stay',
    takesSeveral: true,
    write: later(async () => (await import('./oci-dir.js')).writeOciDir),
  },
  'docker-archive': {
    scheme: 'docker-archive',
    describe: 'docker-archive:FILE[:NAME] what `docker save` writes and `docker load` takes',
    takesSeveral: false,
    write: later(async () => (await import('./docker-archive.js')).writeDockerArchive),
  },
  tar: {
    scheme: 'tar',
    describe: 'tar:FILE                   the root file system alone; - is standard output',
    takesSeveral: false,
    write: later(async () => (await import('./tar.js')).writeTar),
  },
  dir: {
    scheme: 'dir',
    describe: 'dir:DIR                    the root file system in an empty or new directory',
    takesSeveral: false,
    write: later(async () => (await import('./directory.js')).writeDirectory),
  },
} satisfies Record<string, Destination>

/** Loads a destination when something is written to it. */
function later(load: () => Promise<Destination['write']>): Destination['write'] {
  return async (location, packings, options) => (await load())(location, packings, options)
}

/** A destination, and where in it. */
export interface ParsedDestination {
  readonly destination: Destination
  readonly location: string
}

/** Takes `scheme:location` apart. Throws LiftError 'usage' with what works. */
export function parseDestination(text: string): ParsedDestination {
  const colon = text.indexOf(':')
  const scheme = text.slice(0, Math.max(0, colon))
  const location = text.slice(colon + 1)
  if (Object.hasOwn(DESTINATIONS, scheme) && location !== '') {
    const destination = (DESTINATIONS as Readonly<Record<string, Destination>>)[scheme]!
    destination.check?.(location)
    return { destination, location }
  }
  const said = JSON.stringify(text)
  const names = location === '' && scheme !== '' ? `${said} names no place` : `${said} is no destination`
  throw new LiftError('usage', names, { hint: `Write one of: ${shapes(() => true)}.` })
}

function shapes(which: (destination: Destination) => boolean): string {
  const fitting = Object.values<Destination>(DESTINATIONS).filter(which)
  return fitting.map(({ describe }) => describe.slice(0, describe.indexOf(' '))).join(', ')
}

/**
 * Writes one image, or one for several platforms, to `scheme:location`. Throws LiftError: 'usage', 'output',
 * 'unreadable', 'unsupported', 'interrupted', and what an engine or a registry answers.
 */
export async function writeImage(
  text: string,
  packings: readonly Packing[],
  options: WriteOptions = {},
): Promise<Written> {
  const { destination, location } = parseDestination(text)
  checkPlatforms(destination, packings.length)
  if (options.signal?.aborted) throw new LiftError('interrupted', 'interrupted')
  return destination.write(location, packings, options)
}

/** Throws LiftError 'usage' for a destination that cannot hold an image for so many platforms. */
export function checkPlatforms({ scheme, takesSeveral }: Destination, platforms: number): void {
  if (platforms === 1 || takesSeveral) return
  throw new LiftError('usage', `${scheme}: holds an image for one platform, not for ${platforms}`, {
    hint: `These hold several: ${shapes((one) => one.takesSeveral)}.`,
  })
}
