import { LiftError } from '../errors.js'
import type { Digest } from '../image/digest.js'
import { formatPlatform } from '../image/platform.js'
import { parseImageName } from '../image/reference.js'
import { dockerArchive, tagName } from '../pack/docker-archive.js'
import { configDocument } from '../pack/image-documents.js'
import { layersOf } from '../pack/layers.js'
import type { Packing } from '../pack/packing.js'
import { connectToDocker } from '../source/docker.js'
import type { EngineClient } from '../source/engine-client.js'
import type { Engine, EngineOptions } from '../source/engine-image.js'
import { loadArchive } from '../source/engine-load.js'
import { inspectImage } from '../source/image-inspect.js'
import { connectToPodman } from '../source/podman.js'
import type { Destination, WriteOptions, Written } from './destination.js'
import { leftOut } from './left-out.js'

/** `docker:NAME[:TAG]`: loaded into the Docker daemon that the environment names. */
export const loadIntoDocker: Destination['write'] = (location, [packing], options) =>
  loadInto(connectToDocker, tagName(location), packing!, options)

/** `podman:NAME[:TAG]`: loaded into Podman's storage. */
export const loadIntoPodman: Destination['write'] = (location, [packing], options) =>
  loadInto(connectToPodman, localName(tagName(location)), packing!, options)

/** As `podman build` names what no registry has. */
function localName(name: string): string {
  const isWhole = name.startsWith(`${parseImageName(name).registry}/`)
  return isWhole ? name : `localhost/${name}`
}

async function loadInto(
  connect: (options: EngineOptions) => Promise<Engine>,
  name: string,
  packing: Packing,
  options: WriteOptions,
): Promise<Written> {
  const { signal, onStep } = options
  await using engine = await connect(options)
  const { client, scheme } = engine
  onStep?.(`loading ${name} into ${client.engine}`)
  let imageId: Digest | undefined
  const archive = async function* () {
    imageId = yield* dockerArchive(packing, [name], { signal })
  }
  await loadArchive(client, archive, signal)
  if (imageId === undefined) throw other(client, name)
  await checkLoaded(client, name, packing, imageId, signal)
  return { reference: `${scheme}:${name}`, imageId, warnings: leftOut(packing) }
}

/**
 * Engines call an image by its configuration, or (Docker with containerd's store) by a manifest that they make
 * themselves; then it has to be the layers that tell.
 */
async function checkLoaded(
  client: EngineClient,
  name: string,
  packing: Packing,
  imageId: Digest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await inspectImage(client, name, { platform: formatPlatform(packing.platform), signal })
  if (found?.id === imageId) return
  const layers = layersOf(packing.tree).map(({ comment }, index) => ({
    comment,
    diffId: found?.layers[index] as Digest,
  }))
  const isSame =
    found?.layers.length === layers.length && configDocument(packing, layers).descriptor.digest === imageId
  if (!isSame) throw other(client, name)
}

function other({ engine }: EngineClient, name: string): LiftError {
  return new LiftError('engine-failed', `${engine} has another image as ${name} than was loaded`, {
    hint: 'Did something else give it that name at the same time?',
  })
}
