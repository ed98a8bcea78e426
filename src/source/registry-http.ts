import type { Dispatcher } from 'undici'
import { LiftError } from '../errors.js'
import { remembered } from '../rootfs/cached.js'
import type { Environment } from './engine-command.js'
import { oneLine } from './engine-errors.js'
import { proxyFor } from './proxy.js'

/** One request, its redirects and retries included. */
export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** In place of the client's own. */
  readonly signal?: AbortSignal | undefined
}

/** An answer whose body has to be read or dropped. */
export interface HttpAnswer {
  readonly status: number
  /** Where it came from in the end. */
  readonly url: URL
  header(name: string): string | undefined
  readonly body: AsyncIterable<Uint8Array>
  drop(): Promise<void>
}

/** HTTP to registries: patient, but never for ever. */
export interface HttpClient extends AsyncDisposable {
  /** Throws LiftError 'registry-unreachable' or 'interrupted'. */
  send(request: HttpRequest): Promise<HttpAnswer>
}

/** Bounds of one request, in milliseconds and counts. */
export interface Patience {
  readonly connect: number
  readonly answer: number
  /** Between two pieces of a body. */
  readonly pause: number
  readonly retries: number
  /** Before the first retry; each further one waits twice as long. */
  readonly firstWait: number
  /** The longest wait, whatever Retry-After asks for. */
  readonly longestWait: number
}

export const PATIENCE: Patience = {
  connect: 15_000,
  answer: 60_000,
  pause: 60_000,
  retries: 5,
  firstWait: 500,
  longestWait: 60_000,
}

const MOST_REDIRECTS = 5
/** Answers that the same request may not get again. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504])

/** What a client is made with. */
export interface HttpOptions {
  readonly env: Environment
  readonly signal?: AbortSignal | undefined
  readonly patience?: Patience
  /** Told why there is a wait, and how long. */
  readonly onStep?: ((step: string) => void) | undefined
}

/** A client that goes through the proxies of the environment. */
export async function httpClient(options: HttpOptions): Promise<HttpClient> {
  const { Agent, ProxyAgent } = await import('undici')
  const { env, signal, patience = PATIENCE } = options
  const bounds = { headersTimeout: patience.answer, bodyTimeout: patience.pause }
  const connect = { timeout: patience.connect }
  const agents = new Map<string, Dispatcher>()
  const agentFor = (url: URL): Dispatcher => {
    const proxy = proxyFor(url, env)
    return remembered(agents, proxy ?? '', () =>
      proxy === undefined
        ? new Agent({ ...bounds, connect })
        : new ProxyAgent({ ...bounds, uri: proxy, proxyTls: connect, requestTls: connect }),
    )
  }
  return {
    send: (request) => withRetries({ signal, ...request }, options, (one) => follow(agentFor, one)),
    [Symbol.asyncDispose]: async () => {
      for (const agent of agents.values()) await agent.destroy()
    },
  }
}

async function withRetries(
  request: HttpRequest,
  { patience = PATIENCE, onStep }: HttpOptions,
  send: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const { signal } = request
  for (let tried = 0; ; tried++) {
    let wait = patience.firstWait * 2 ** tried
    try {
      const answer = await send(request)
      if (!TRANSIENT.has(answer.status) || tried >= patience.retries) return answer
      wait = retryAfter(answer.header('retry-after')) ?? wait
      await answer.drop()
      onStep?.(`${request.url.host} answers ${answer.status}; trying again`)
    } catch (error) {
      if (signal?.aborted) throw interrupted(request.url)
      if (error instanceof LiftError) throw error
      if (tried >= patience.retries || isFinal(error)) throw unreachable(request.url, error)
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
async function follow(agentFor: (url: URL) => Dispatcher, request: HttpRequest): Promise<HttpAnswer> {
  let { url, headers = {} } = request
  for (let redirects = 0; ; redirects++) {
    const answer = await sendOnce(agentFor(url), { ...request, url, headers })
    const location = answer.header('location')
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer
    await answer.drop()
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined
    if (next === undefined)
      throw new LiftError('registry-failed', `${url.host} redirects to no address at all`)
    if (next.protocol !== 'https:' && !(next.protocol === 'http:' && url.protocol === 'http:')) {
      throw new LiftError(
        'registry-failed',
        `${url.host} redirects to ${oneLine(next.protocol)}, which is not safe`,
      )
    }
    if (redirects >= MOST_REDIRECTS)
      throw new LiftError('registry-failed', `${url.host} redirects without end`)
    if (next.origin !== url.origin) headers = withoutCredentials(headers)
    url = next
  }
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  )
}

async function sendOnce(
  agent: Dispatcher,
  { method = 'GET', url, headers = {}, body, signal }: HttpRequest,
): Promise<HttpAnswer> {
  const answer = await agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { 'user-agent': 'liftbin', ...headers },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  })
  return {
    status: answer.statusCode,
    url,
    header: (name) => {
      const value = answer.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    body: answer.body as AsyncIterable<Uint8Array>,
    drop: async () => {
      answer.body.on('error', () => {})
      answer.body.destroy()
    },
  }
}

const NOBODY_THERE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

/** What the next try would end with as well: nobody there, names and certificates that are wrong. */
function isFinal(error: unknown): boolean {
  const code = codeOf(error)
  return NOBODY_THERE.has(code) || code.includes('CERT') || code.startsWith('ERR_TLS') || code === 'EPROTO'
}

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return typeof code === 'string' ? code : cause === undefined || cause === null ? '' : codeOf(cause)
}

function reasonOf(error: unknown): string {
  const { errors, message } = error as { errors?: unknown[]; message?: string }
  const inner = Array.isArray(errors) ? (errors[0] as Error | undefined)?.message : undefined
  return oneLine(inner || message || codeOf(error) || 'no reason given')
}

function unreachable(url: URL, error: unknown): LiftError {
  const isCertificate = codeOf(error).includes('CERT') || codeOf(error).startsWith('ERR_TLS')
  return new LiftError(
    'registry-unreachable',
    `the registry ${url.host} cannot be reached: ${reasonOf(error)}`,
    {
      cause: error,
      hint: isCertificate
        ? 'For a private certificate authority set NODE_EXTRA_CA_CERTS to its certificate.'
        : 'Check the name and the network; proxies are taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.',
    },
  )
}

/** Ctrl-C while the registry was being asked. */
export function interrupted(url: URL): LiftError {
  return new LiftError('interrupted', `interrupted while waiting for ${url.host}`)
}
