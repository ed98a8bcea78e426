import { LiftError } from '../errors.js'
import type { Digest } from '../image/digest.js'
import { objectOf, objectsOf, parseJson, textOf } from '../image/json-fields.js'
import { MANIFEST_TYPES, MAX_DOCUMENT } from '../image/manifest.js'
import { oneLine } from './engine-errors.js'
import type { Credentials } from './registry-auth.js'
import { type HttpAnswer, type HttpClient, PATIENCE, type Patience, pause } from './registry-http.js'

/** One repository of one registry. */
export interface Repository {
  /** `https://host[:port]`, or http: for loopback and where the user says so. */
  readonly origin: string
  readonly path: string
  /** As the user wrote the image, for messages. */
  readonly name: string
}

/** The pull side of the distribution specification. */
export interface RegistryClient {
  /** A manifest by tag or digest; undefined when there is none. */
  manifest(reference: string): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string } | undefined>
  /** A small blob, whole. */
  document(digest: Digest, size: number): Promise<Uint8Array>
  /** A blob in order; goes on where it broke. The caller verifies it. */
  blob(digest: Digest, size: number, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** What a client works with. */
export interface RegistryAccess {
  readonly http: HttpClient
  /** Asked once, when the registry wants to know who we are. */
  readonly credentials: () => Promise<Credentials | undefined>
  readonly signal?: AbortSignal | undefined
  readonly patience?: Patience
}

/** A client for one repository. Its functions throw LiftError. */
export function registryClient(repository: Repository, access: RegistryAccess): RegistryClient {
  const { patience = PATIENCE } = access
  const authorise = authoriser(repository, access)
  const get = async (
    path: string,
    headers: Readonly<Record<string, string>>,
    signal = access.signal,
  ): Promise<HttpAnswer> => {
    const url = new URL(`${repository.origin}/v2/${repository.path}/${path}`)
    const answer = await access.http.send({ url, headers: { ...headers, ...authorise.headers() }, signal })
    if (answer.status !== 401 || !(await authorise.answer(answer))) return answer
    return access.http.send({ url, headers: { ...headers, ...authorise.headers() }, signal })
  }
  const blobFrom = async (
    digest: Digest,
    from: number,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> => {
    const range = from === 0 ? {} : { range: `bytes=${from}-` }
    const answer = await get(`blobs/${digest}`, range, signal)
    if (answer.status === 200 || (answer.status === 206 && from > 0)) return answer
    throw await refused(repository, answer, `the blob ${digest.slice(0, 19)}`)
  }
  const blob = async function* (
    digest: Digest,
    size: number,
    signal = access.signal,
  ): AsyncGenerator<Uint8Array> {
    let at = 0
    for (let broken = 0; ; broken++) {
      try {
        const answer = await blobFrom(digest, at, signal)
        // Who does not know ranges sends everything again.
        let skip = answer.status === 200 ? at : 0
        for await (const chunk of answer.body) {
          const rest = chunk.subarray(Math.min(skip, chunk.length))
          skip -= chunk.length - rest.length
          if (rest.length === 0) continue
          at += rest.length
          yield rest
          broken = 0
        }
        if (at >= size) return
        throw new Error(`only ${at} of ${size} bytes came`)
      } catch (error) {
        if (signal?.aborted)
          throw new LiftError('interrupted', `interrupted while fetching ${repository.name}`)
        if (error instanceof LiftError) throw error
        if (broken >= patience.retries) throw brokenOff(repository, error)
        await pause(Math.min(patience.firstWait * 2 ** broken, patience.longestWait), signal)
      }
    }
  }
  return {
    manifest: async (reference) => {
      const answer = await get(`manifests/${reference}`, { accept: MANIFEST_TYPES.join(', ') })
      if (answer.status === 404) {
        await answer.drop()
        return undefined
      }
      if (answer.status !== 200) throw await refused(repository, answer, `the manifest ${reference}`)
      const mediaType = answer.header('content-type')?.split(';')[0] ?? ''
      return { bytes: await whole(answer, MAX_DOCUMENT, repository), mediaType }
    },
    document: async (digest, size) => {
      const parts: Uint8Array[] = []
      let total = 0
      for await (const chunk of blob(digest, size)) {
        total += chunk.length
        if (total > MAX_DOCUMENT) throw tooLarge(repository)
        parts.push(chunk)
      }
      return Buffer.concat(parts)
    },
    blob,
  }
}

async function whole(answer: HttpAnswer, most: number, repository: Repository): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let total = 0
  try {
    for await (const chunk of answer.body) {
      total += chunk.length
      if (total > most) throw tooLarge(repository)
      parts.push(chunk)
    }
  } catch (error) {
    throw error instanceof LiftError ? error : brokenOff(repository, error)
  }
  return Buffer.concat(parts)
}

function tooLarge({ name }: Repository): LiftError {
  return new LiftError('limit', `a manifest or configuration of ${name} is larger than any real one`)
}

function brokenOff({ name, origin }: Repository, error: unknown): LiftError {
  const why = oneLine((error as Error).message)
  return new LiftError('registry-failed', `${origin} broke off while sending ${name}: ${why}`, {
    cause: error,
    hint: 'Try again; layers that came whole are kept.',
  })
}

/** The registry's own words for an error (distribution-spec, "Error Codes"). */
async function refused(repository: Repository, answer: HttpAnswer, what: string): Promise<LiftError> {
  const said = await errorText(answer, repository)
  const { name, origin } = repository
  if (answer.status === 401 || answer.status === 403) {
    return new LiftError('registry-denied', `${origin} denies ${name}: ${said}`, {
      hint: `Log in with \`docker login ${new URL(origin).host}\`, or check the name.`,
    })
  }
  return new LiftError('registry-failed', `${origin} does not give ${what} of ${name}: ${said}`)
}

async function errorText(answer: HttpAnswer, repository: Repository): Promise<string> {
  const fallback = `status ${answer.status}`
  try {
    const bytes = await whole(answer, 64 << 10, repository)
    const [first] = objectsOf(objectOf(parseJson(bytes, 'the answer')).errors)
    const words = [textOf(first?.code), textOf(first?.message)].filter((word) => word !== undefined)
    return words.length === 0 ? fallback : oneLine(words.join(': '))
  } catch {
    return fallback
  }
}

/** Turns challenges into the Authorization header of later requests. */
function authoriser(repository: Repository, access: RegistryAccess) {
  let authorization: string | undefined
  let tries = 0
  return {
    headers: (): Record<string, string> => (authorization === undefined ? {} : { authorization }),
    /** Gives false when there is nothing left to try. */
    answer: async (answer: HttpAnswer): Promise<boolean> => {
      // A token may run out during a long download, so a few rounds are allowed.
      if (++tries > 10) return false
      const challenge = parseChallenge(answer.header('www-authenticate'))
      if (challenge === undefined) return false
      const credentials = await access.credentials()
      if (challenge.scheme === 'basic') {
        if (credentials?.kind !== 'password') return false
        const next = basic(credentials)
        if (authorization === next) return false
        await answer.drop()
        authorization = next
        return true
      }
      await answer.drop()
      authorization = `Bearer ${await fetchToken(challenge.parameters, credentials, repository, access)}`
      return true
    },
  }
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

interface Challenge {
  readonly scheme: 'basic' | 'bearer'
  readonly parameters: Readonly<Record<string, string>>
}

/** Reads a WWW-Authenticate header (RFC 9110, section 11.6.1). */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const match = /^\s*(basic|bearer)\b(.*)$/is.exec(header ?? '')
  if (match === null) return undefined
  const parameters: Record<string, string> = {}
  for (const [, name, quoted, plain] of match[2]!.matchAll(
    /([a-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi,
  )) {
    parameters[name!.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? ''
  }
  return { scheme: match[1]!.toLowerCase() as 'basic' | 'bearer', parameters }
}

/** Gets a token for pulling (distribution's "Token Authentication Specification" and its OAuth2 variant). */
async function fetchToken(
  { realm, service }: Readonly<Record<string, string>>,
  credentials: Credentials | undefined,
  repository: Repository,
  { http }: RegistryAccess,
): Promise<string> {
  const url = realmOf(realm, repository)
  const scope = `repository:${repository.path}:pull`
  const answer =
    credentials?.kind === 'identity-token'
      ? await http.send(oauthRequest(url, service, scope, credentials.token))
      : await http.send(tokenRequest(url, service, scope, credentials))
  if (answer.status !== 200) throw await refused(repository, answer, 'a token')
  const said = objectOf(parseJson(await whole(answer, 1 << 20, repository), `the answer of ${url.host}`))
  const token = textOf(said.token) ?? textOf(said.access_token)
  if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return token
  throw new LiftError('registry-failed', `${url.host} gives no token for ${repository.name}`)
}

/** Credentials go to the realm, so it must be as safe as the registry. */
function realmOf(realm: string | undefined, { origin, name }: Repository): URL {
  try {
    const url = new URL(realm ?? '')
    if (url.protocol === 'https:' || (url.protocol === 'http:' && origin.startsWith('http:'))) return url
  } catch {
    // Said below.
  }
  throw new LiftError('registry-failed', `${origin} sends us to no safe place for a token for ${name}`)
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scope: string,
  credentials: Exclude<Credentials, { kind: 'identity-token' }> | undefined,
) {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  url.searchParams.set('scope', scope)
  return credentials === undefined ? { url } : { url, headers: { authorization: basic(credentials) } }
}

function oauthRequest(url: URL, service: string | undefined, scope: string, token: string) {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'liftbin',
    refresh_token: token,
    scope,
    ...(service === undefined ? {} : { service }),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST' as const, url, headers, body: body.toString() }
}
