import { LiftError } from '../errors.js'
import type { EngineClient } from './engine-client.js'
import { engineMessage } from './engine-errors.js'

/** Containers of one image; they exist to be read and are never started, unless they are made to run a command. */
export interface Helpers {
  readonly names: readonly string[]
  /** Removes them, once; throws LiftError 'engine-failed' when one may still exist. */
  remove(): Promise<void>
}

/** How helper containers are made. */
export interface HelperOptions {
  /** Sent only when the user asked for one. */
  readonly platform?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** What a container is made with when it is not just to be read. */
  readonly body?: object
}

/** How often a removal is tried when it is unknown whether the engine is still creating, and the pause in ms. */
const TRIES = 5
const PAUSE = 200

/**
 * Creates `count` helpers, all at once. Their names are ours, so that they can be removed whatever becomes of
 * the requests: those are never aborted, since an engine may go on creating after its client has left.
 * Throws LiftError 'interrupted' when the signal came meanwhile, with every container removed.
 */
export async function createHelpers(
  client: EngineClient,
  imageId: string,
  { platform, signal, body = TO_READ }: HelperOptions,
  count: number,
): Promise<Helpers> {
  const helpers = Array.from({ length: count }, () => helperNamed(client, `liftbin-${crypto.randomUUID()}`))
  let removal: Promise<void> | undefined
  const remove = () => {
    removal ??= allOf(helpers.map((helper) => helper.remove()))
    return removal
  }
  try {
    await allOf(helpers.map((helper) => helper.create(imageId, platform, body)))
    if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while the image was opened')
    return { names: helpers.map(({ name }) => name), remove }
  } catch (error) {
    await remove().catch(() => {})
    throw error
  }
}

const TO_READ = {
  Cmd: ['liftbin'],
  Labels: { 'liftbin.helper': 'reads files; never started' },
  HostConfig: { NetworkMode: 'none' },
}

interface Helper {
  readonly name: string
  create(imageId: string, platform: string | undefined, body: object): Promise<void>
  remove(): Promise<void>
}

/** What became of the request to create; unknown while, and if, no answer has come. */
type Fate = 'unknown' | 'created' | 'refused'

function helperNamed(client: EngineClient, name: string): Helper {
  let fate: Fate = 'unknown'
  return {
    name,
    create: async (imageId, platform, purpose) => {
      const query = platform === undefined ? '' : `&platform=${encodeURIComponent(platform)}`
      const body = { ...purpose, Image: imageId, NetworkDisabled: true }
      const { status, value } = await client.json('POST', `/containers/create?name=${name}${query}`, { body })
      fate = status === 201 ? 'created' : 'refused'
      if (status !== 201) throw refusedToCreate(client, status, engineMessage(value))
    },
    remove: async () => {
      if (fate !== 'refused') await removeContainer(client, name, fate)
    },
  }
}

/** Waits for all of them, then throws the first failure. */
async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function removeContainer(
  client: EngineClient,
  name: string,
  fate: Exclude<Fate, 'refused'>,
): Promise<void> {
  for (let tries = fate === 'created' ? 1 : TRIES; ; tries--) {
    const { status, value } = await client.json('DELETE', `/containers/${name}?force=true&v=true`)
    const reason = engineMessage(value)
    if (status < 300 || (status === 409 && /in progress/i.test(reason))) return
    if (status === 404 && fate === 'created') throw vanished(name)
    if (status === 404 && tries <= 1) return
    if (tries <= 1) throw notRemoved(client, name, reason)
    await new Promise((done) => setTimeout(done, PAUSE))
  }
}

function refusedToCreate(client: EngineClient, status: number, reason: string): LiftError {
  const code = status === 404 ? 'image-not-found' : 'engine-failed'
  return new LiftError(code, `${client.engine} cannot make a container of the image: ${reason}`)
}

function notRemoved(client: EngineClient, name: string, reason: string): LiftError {
  const command = client.engine.toLowerCase()
  return new LiftError(
    'engine-failed',
    `${client.engine} does not remove the helper container ${name}: ${reason}`,
    {
      hint: `Remove it by \`${command} rm -f ${name}\`.`,
    },
  )
}

function vanished(name: string): LiftError {
  return new LiftError(
    'engine-failed',
    `the helper container ${name} was removed by somebody else while it was read`,
    {
      hint: 'The answer may lack files; run again.',
    },
  )
}
