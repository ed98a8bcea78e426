import type { Dispatcher } from 'undici'

/** Bounds of one request, in milliseconds and counts. */
export interface Patience {
  readonly connect: number
  readonly answer: number
  /** Between two pieces of a body; a body that brings less than `LEAST` in twice that time is given up as well. */
  readonly pause: number
  readonly retries: number
  /** Before the first retry; each further one waits twice as long. */
  readonly firstWait: number
  /** The longest wait; who asks for a longer one by Retry-After is not asked again. */
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
  /** The lines of a header, joined by commas. */
  header(name: string): string | undefined
  readonly body: AsyncIterable<Uint8Array>
  drop(): Promise<void>
}

/** Sends one request, no redirect followed; gives up where no answer begins in time. */
export async function sendOnce(
  agent: Dispatcher,
  { method = 'GET', url, headers = {}, body, signal }: HttpRequest,
  patience: Patience,
): Promise<HttpAnswer> {
  using deadline = deadlineOf(patience.connect + patience.answer, signal)
  const answer = await agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { 'user-agent': 'liftbin', ...headers },
    ...(body === undefined ? {} : { body }),
    signal: deadline.signal,
  })
  return {
    status: answer.statusCode,
    url,
    header: (name) => {
      const value = answer.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    body: paced(answer.body as AsyncIterable<Uint8Array>, patience.pause),
    drop: async () => {
      answer.body.on('error', () => {})
      answer.body.destroy()
    },
  }
}

/** A bound for everything before the headers, proxies included; disposing it lifts it, the other signal stays. */
function deadlineOf(
  milliseconds: number,
  signal: AbortSignal | undefined,
): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error('no answer in time')), milliseconds)
  return {
    signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}

/** Of a body within two pauses, in bytes: a few bytes now and then must not hold a run for ever. */
const LEAST = 4 << 10

/** Only the time that is spent waiting for the other side counts. */
async function* paced(body: AsyncIterable<Uint8Array>, pause: number): AsyncGenerator<Uint8Array> {
  let [waited, came] = [0, 0]
  let since = performance.now()
  for await (const chunk of body) {
    waited += performance.now() - since
    came += chunk.length
    if (came >= LEAST) [waited, came] = [0, 0]
    if (waited > 2 * pause) throw new Error('the bytes come too slowly')
    yield chunk
    since = performance.now()
  }
}
