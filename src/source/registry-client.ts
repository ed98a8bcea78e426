import { LiftError } from '../errors.js'
import type { Digest } from '../image/digest.js'
import { MANIFEST_TYPES, MAX_DOCUMENT } from '../image/manifest.js'
import { type HttpAnswer, PATIENCE, type Patience } from './http-request.js'
import { brokenOff, refused, tooLarge, wholeBody } from './registry-answers.js'
import { pause } from './registry-http.js'
import { type RegistryAccess, type RegistryLine, type Repository, registryLine } from './registry-line.js'

/** The pull side of the distribution specification. */
export interface RegistryClient {
  /** A manifest by tag or digest; undefined when there is none. */
  manifest(reference: string): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string } | undefined>
  /** A small blob, whole. */
  document(digest: Digest, size: number): Promise<Uint8Array>
  /** A blob in order; goes on where it broke, and never gives more than `size` bytes. The caller verifies it. */
  blob(digest: Digest, size: number, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** A client for one repository. Its functions throw LiftError. */
export function registryClient(repository: Repository, access: RegistryAccess): RegistryClient {
  const line = registryLine(repository, access)
  const get: Get = (path, headers, signal = access.signal) =>
    line.send({ url: line.url(path), headers, signal })
  const blob: RegistryClient['blob'] = (digest, size, signal = access.signal) => {
    const from = (at: number) => blobFrom(repository, get, line, digest, at, signal)
    return resumed(repository, from, size, access.patience ?? PATIENCE, signal)
  }
  return {
    manifest: async (reference) => {
      const answer = await get(`manifests/${reference}`, { accept: MANIFEST_TYPES.join(', ') })
      if (answer.status === 404) {
        await answer.drop()
        return undefined
      }
      if (answer.status !== 200)
        throw await refused(repository, answer, `the manifest ${reference}`, line.conceal)
      const mediaType = answer.header('content-type')?.split(';')[0] ?? ''
      const bytes = await interruptible(
        wholeBody(answer, MAX_DOCUMENT, repository),
        repository,
        access.signal,
      )
      if (mediaType !== 'text/html') return { bytes, mediaType }
      throw new LiftError('registry-failed', `${repository.origin} answers with a web page, not a manifest`, {
        hint: 'Is it a registry, and is there no login page of a network on the way?',
      })
    },
    document: async (digest, size) => {
      if (size > MAX_DOCUMENT) throw tooLarge(repository)
      const parts: Uint8Array[] = []
      for await (const chunk of blob(digest, size)) parts.push(chunk)
      return Buffer.concat(parts)
    },
    blob,
  }
}

type Get = (
  path: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
) => Promise<HttpAnswer>

/** Some of a blob's bytes, and where they begin. */
interface Part {
  readonly start: number
  readonly body: AsyncIterable<Uint8Array>
}

async function blobFrom(
  repository: Repository,
  get: Get,
  { conceal }: RegistryLine,
  digest: Digest,
  at: number,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const answer = await get(`blobs/${digest}`, at === 0 ? {} : { range: `bytes=${at}-` }, signal)
  // Who does not know ranges sends everything again.
  if (answer.status === 200) return { start: 0, body: answer.body }
  const start = Number(/^bytes (\d{1,15})-/.exec(answer.header('content-range') ?? '')?.[1])
  if (answer.status === 206 && start <= at) return { start, body: answer.body }
  throw await refused(repository, answer, `the blob ${digest.slice(0, 19)}`, conceal)
}

/** After so many bytes a transfer that breaks gets all its tries again. */
const WORTH_ALL_TRIES = 1 << 20

/** One stream of all that comes, from the place where it broke. */
async function* resumed(
  repository: Repository,
  from: (at: number) => Promise<Part>,
  size: number,
  patience: Patience,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let [broken, rested] = [0, 0]; ; broken++) {
    try {
      const { start, body } = await from(at)
      for await (const chunk of withoutFirst(body, at - start)) {
        at += chunk.length
        if (at > size) throw tooLong(repository, size)
        yield chunk
      }
      if (at === size) return
      throw new Error(`only ${at} of ${size} bytes came`)
    } catch (error) {
      if (signal?.aborted) throw interruptedFetch(repository)
      if (error instanceof LiftError) throw error
      if (at - rested >= WORTH_ALL_TRIES) [broken, rested] = [0, at]
      if (broken >= patience.retries) throw brokenOff(repository, error)
      await pause(Math.min(patience.firstWait * 2 ** broken, patience.longestWait), signal)
    }
  }
}

async function* withoutFirst(body: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let skip = count
  for await (const chunk of body) {
    const rest = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - rest.length
    if (rest.length > 0) yield rest
  }
}

function tooLong({ origin, name }: Repository, size: number): LiftError {
  return new LiftError(
    'registry-failed',
    `${origin} sends more than the ${size} bytes that a blob of ${name} has by its manifest`,
  )
}

async function interruptible<T>(
  work: Promise<T>,
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw signal?.aborted ? interruptedFetch(repository) : error
  }
}

function interruptedFetch({ name }: Repository): LiftError {
  return new LiftError('interrupted', `interrupted while fetching ${name}`)
}
