import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import { formatPlatform, parsePlatform, platformMatches } from '../image/platform.js'
import { imageIdOf, parseImageName } from '../image/reference.js'
import { containerArchive } from './container-archive.js'
import { nameForBuilders } from './copy-source.js'
import type { EngineClient } from './engine-client.js'
import type { Environment } from './engine-command.js'
import { engineMessage } from './engine-errors.js'
import { engineRootFs } from './engine-rootfs.js'
import { runInContainer } from './engine-run.js'
import { createHelpers, type Helpers } from './helper-container.js'
import { type InspectedImage, inspectImage } from './image-inspect.js'
import type { OpenOptions } from './source.js'

/** An engine that can be spoken to, and given back. */
export interface Engine extends AsyncDisposable {
  /** The scheme of its images: `docker`, `podman`. */
  readonly scheme: string
  readonly client: EngineClient
}

/** What leads to an engine. */
export interface EngineOptions {
  readonly env?: Environment | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens an image the engine has; undefined when it has none of this name. The image then owns the engine: both
 * go with its disposal. Without an image the engine is given back. Throws LiftError.
 */
export async function openFromEngine(
  engine: Engine,
  name: string,
  options: OpenOptions,
): Promise<Image | undefined> {
  try {
    const image = await openImage(engine, name, options)
    if (image === undefined) await engine[Symbol.asyncDispose]()
    return image
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
}

async function openImage(engine: Engine, name: string, options: OpenOptions): Promise<Image | undefined> {
  if (imageIdOf(name) === undefined) parseImageName(name)
  const { client } = engine
  const { platform, signal } = options
  const found = await inspectImage(client, name, { platform, signal })
  if (found === undefined) return undefined
  checkPlatform(engine, name, found, options)
  const named = nameForBuilders(name, found)
  if (named.tag !== undefined) await addTag(client, found, named.tag, options)
  options.onStep?.('creating helper containers')
  const helper = await createHelpers(client, found.id, { platform, signal }, HELPERS)
  // Nothing may throw from here on: whoever gets the image removes the helpers.
  const rootfs = engineRootFs(containerArchive(client, helper.names, signal), found.size)
  return {
    reference: `${engine.scheme}:${name}`,
    ...(named.digest === undefined ? {} : { digest: named.digest }),
    platform: found.platform,
    config: found.config,
    rootfs,
    copySource: named.copySource,
    run: (command) => runInContainer(client, found.id, platform, command),
    ...(found.size === undefined ? {} : { size: found.size }),
    [Symbol.asyncDispose]: disposer(engine, helper, rootfs.close),
  }
}

/** With two containers, files can be fetched one by one while a directory arrives. */
const HELPERS = 2

/** Disposing twice is disposing once. */
function disposer(engine: Engine, helper: Helpers, close: () => void): () => Promise<void> {
  const dispose = async () => {
    close()
    try {
      await helper.remove()
    } finally {
      await engine[Symbol.asyncDispose]()
    }
  }
  let disposal: Promise<void> | undefined
  return () => {
    disposal ??= dispose()
    return disposal
  }
}

function checkPlatform(
  { scheme }: Engine,
  name: string,
  found: InspectedImage,
  { platform, otherPlatforms = [] }: OpenOptions,
): void {
  if (found.platform.os !== 'linux') {
    throw new LiftError(
      'unsupported',
      `${name} is an image for ${found.platform.os}; liftbin knows Linux images`,
    )
  }
  if (platform === undefined || platformMatches(found.platform, parsePlatform(platform))) return
  const have = formatPlatform(found.platform)
  throw new LiftError('platform-mismatch', `${name} is here for ${have}, not for ${platform}`, {
    hint:
      otherPlatforms.length === 0
        ? `Get it by \`${scheme} pull --platform ${platform} ${name}\`.`
        : `An engine has an image for one platform; registry:${name} has all, and so may oci-dir:DIR and oci-archive:FILE.`,
  })
}

async function addTag(
  client: EngineClient,
  image: InspectedImage,
  tag: string,
  { onStep, signal }: OpenOptions,
): Promise<void> {
  onStep?.(`naming the image ${tag}, since builders do not take an image ID`)
  const [repo, name] = tag.split(':')
  const { status, value } = await client.json('POST', `/images/${image.id}/tag?repo=${repo}&tag=${name}`, {
    signal,
  })
  if (status !== 201) {
    throw new LiftError('engine-failed', `${client.engine} does not tag ${image.id}: ${engineMessage(value)}`)
  }
}
