import { randomBytes } from 'node:crypto'
import { LiftError } from '../errors.js'
import { type EngineClient, engineMessage } from './engine-client.js'

/** A container that exists to be read and is never started. */
export interface HelperContainer {
  readonly name: string
  /** Removes it, once; throws LiftError 'engine-failed' when it may still exist. */
  remove(): Promise<void>
}

export interface HelperOptions {
  /** Sent only when the user asked for one. */
  readonly platform?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** How often a removal is tried when it is unknown whether the engine is still creating, and the pause in ms. */
const TRIES = 5
const PAUSE = 200

/**
 * Creates the helper. Its name is ours, so that it can be removed whatever becomes of the request: the request
 * itself is never aborted, since an engine may go on creating after its client has left.
 * Throws LiftError 'interrupted' when the signal came meanwhile, with the container removed.
 */
export async function createHelper(
  client: EngineClient,
  imageId: string,
  { platform, signal }: HelperOptions,
): Promise<HelperContainer> {
  const name = `liftbin-${randomBytes(8).toString('hex')}`
  const query = platform === undefined ? '' : `&platform=${encodeURIComponent(platform)}`
  const body = {
    Image: imageId,
    Cmd: ['liftbin'],
    Labels: { 'liftbin.helper': 'reads files; never started' },
    NetworkDisabled: true,
    HostConfig: { NetworkMode: 'none' },
  }
  let removal: Promise<void> | undefined
  let isCertain = false
  const remove = () => {
    removal ??= removeContainer(client, name, isCertain)
    return removal
  }
  try {
    const { status, value } = await client.json('POST', `/containers/create?name=${name}${query}`, { body })
    isCertain = true
    if (status !== 201) throw refusedToCreate(client, status, engineMessage(value))
    if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while the image was opened')
    return { name, remove }
  } catch (error) {
    await remove().catch(() => {})
    throw error
  }
}

async function removeContainer(client: EngineClient, name: string, isCertain: boolean): Promise<void> {
  for (let tries = isCertain ? 1 : TRIES; ; tries--) {
    const { status, value } = await client.json('DELETE', `/containers/${name}?force=true&v=true`)
    if (status < 300) return
    const isGone = status === 404 || (status === 409 && /in progress/i.test(engineMessage(value)))
    if (isGone && tries <= 1) return
    if (tries <= 1) throw notRemoved(client, name, engineMessage(value))
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
