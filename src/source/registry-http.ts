import { LiftError } from '../errors.js'
import type { Environment } from './engine-command.js'
import { oneLine } from './engine-errors.js'
import { type Connections, connections } from './http-connections.js'
import { interrupted, isFinal, reasonOf, unreachable } from './http-errors.js'
import { type HttpAnswer, type HttpRequest, PATIENCE, type Patience, sendOnce } from './http-request.js'

/** HTTP to registries: patient, but never for ever. */
export interface HttpClient extends Disposable {
  /** Throws LiftError 'registry-unreachable', 'registry-failed' or 'interrupted'. */
  send(request: HttpRequest): Promise<HttpAnswer>
}

const MOST_REDIRECTS = 5
/** Statuses of answers that the same request may not get again. */
export const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504])

/** What a client is made with. */
export interface HttpOptions {
  readonly env: Environment
  readonly signal?: AbortSignal | undefined
  readonly patience?: Patience
  /** Told why there is a wait, and how long. */
  readonly onStep?: ((step: string) => void) | undefined
}

/** A client that goes through the proxies of the environment. */
export function httpClient(options: HttpOptions): HttpClient {
  const { env, signal, patience = PATIENCE } = options
  const kept = connections(env, patience.connect)
  return {
    send: (request) =>
      withRetries({ ...request, signal: request.signal ?? signal }, options, (one) =>
        follow(kept, one, patience),
      ),
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  }
}

async function withRetries(
  request: HttpRequest,
  { patience = PATIENCE, onStep }: HttpOptions,
  send: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const { signal } = request
  const retries = request.content === undefined ? patience.retries : 0
  for (let tried = 0; ; tried++) {
    let wait = patience.firstWait * 2 ** tried
    try {
      const answer = await send(request)
      if (!TRANSIENT.has(answer.status) || tried >= retries) return answer
      const asked = retryAfter(answer.header('retry-after'))
      if (asked !== undefined && asked > patience.longestWait) return answer
      wait = asked ?? wait
      await answer.drop()
      onStep?.(`${request.url.host} answers ${answer.status}; trying again`)
    } catch (error) {
      if (signal?.aborted) throw interrupted(request.url)
      if (error instanceof LiftError) throw error
      if (tried >= retries || isFinal(error)) throw unreachable(request.url, error)
      onStep?.(`${request.url.host}: ${reasonOf(error)}; trying again`)
    }
    await pause(Math.min(wait, patience.longestWait), signal)
    if (signal?.aborted) throw interrupted(request.url)
  }
}

/** Seconds, or a date (RFC 9110, section 10.2.3); in milliseconds. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

/** A wait that an abort ends. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(finish, milliseconds)
    signal?.addEventListener('abort', finish, { once: true })
    function finish() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      done()
    }
  })
}

/** Follows redirects itself: credentials go to the host that they are for and to no other. */
async function follow(
  connections: Connections,
  request: HttpRequest,
  patience: Patience,
): Promise<HttpAnswer> {
  let { url, headers = {} } = request
  for (let redirects = 0; ; redirects++) {
    const answer = await sendOnce(connections, { ...request, url, headers }, patience)
    const location = answer.header('location')
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer
    await answer.drop()
    if (redirects >= MOST_REDIRECTS) throw badRedirect(url, 'without end')
    const next = redirectTarget(url, location)
    if (next.origin !== url.origin) {
      if (request.body !== undefined) throw badRedirect(url, 'to another host, where credentials must not go')
      headers = withoutCredentials(headers)
    }
    url = next
  }
}

/** Never to a less safe protocol, a file or anything else. */
function redirectTarget(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined
  if (next === undefined) throw badRedirect(from, 'to no address at all')
  if (next.protocol === 'https:' || (next.protocol === 'http:' && from.protocol === 'http:')) return next
  throw badRedirect(from, `to ${oneLine(next.protocol)}, which is not safe`)
}

function badRedirect(from: URL, how: string): LiftError {
  return new LiftError('registry-failed', `${from.host} redirects ${how}`)
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  )
}
