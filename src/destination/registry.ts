import { type ImageName, imageNameOf, parseImageName } from '../image/reference.js'
import { tagName } from '../pack/docker-archive.js'
import type { Packing } from '../pack/packing.js'
import { PATIENCE, type Patience } from '../source/http-request.js'
import { httpClient } from '../source/registry-http.js'
import { credentialsOnce, repositoryOf } from '../source/registry-place.js'
import { registryWriter } from '../source/registry-push.js'
import type { Destination, WriteOptions, Written } from './destination.js'
import { packLayout, writtenAs } from './packed-layout.js'
import { pushLayout } from './push-layout.js'

/** `registry:NAME[:TAG]`: pushed to the registry that the name means, never to a mirror of it. */
export const pushToRegistry: Destination['write'] = (location, packings, options) =>
  pushPatiently(location, packings, options, PATIENCE)

/** The same with bounds of time that are one's own. */
export async function pushPatiently(
  location: string,
  packings: readonly Packing[],
  options: WriteOptions,
  patience: Patience,
): Promise<Written> {
  const name = parseImageName(tagName(location))
  const { env = process.env, signal, onStep } = options
  await using layout = await packLayout(packings, options)
  using http = httpClient({ env, signal, onStep, patience })
  const credentials = credentialsOnce(name.registry, name, { env, signal })
  const access = { http, patience, signal, onStep, credentials }
  const repository = repositoryOf(name.registry, name, options)
  await pushLayout(registryWriter(repository, access, neighbour(packings, name)), layout, name, onStep)
  return writtenAs(`registry:${location}`, layout, packings)
}

/** The repository that the image was lifted from, where it is another one of the same registry. */
function neighbour(packings: readonly Packing[], { registry, repository }: ImageName): string | undefined {
  const base = packings[0]?.annotations['org.opencontainers.image.base.name']
  const source = base === undefined ? undefined : imageNameOf(base)
  const isNeighbour = source?.registry === registry && source.repository !== repository
  return isNeighbour ? source.repository : undefined
}
