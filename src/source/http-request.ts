import type { ClientRequest, IncomingMessage } from 'node:http'
import { dropped, paced } from './http-body.js'
import type { Connections, Route } from './http-connections.js'
import { type Content, type Expect, sendContent } from './http-content.js'

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
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** Holds credentials: it goes to no other host. */
  readonly body?: string
  /** Sent in place of a body, and no second time but to where a redirect leads. */
  readonly content?: Content
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
  connections: Connections,
  request: HttpRequest,
  patience: Patience,
): Promise<HttpAnswer> {
  const route = await connections.routeTo(request.url)
  const response = await answered(route, request, patience)
  return {
    status: response.statusCode ?? 0,
    url: request.url,
    header: (name) => {
      const value = response.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    body: paced(response, patience.pause),
    drop: () => dropped(response),
  }
}

/** The answer's head, its body still to come; an abort ends that as well. */
function answered(route: Route, asked: HttpRequest, patience: Patience): Promise<IncomingMessage> {
  const { method = 'GET', body, content, signal } = asked
  const length = content?.size === undefined ? {} : { 'content-length': content.size }
  const headers = { ...route.headers, 'user-agent': 'liftbin', ...length, ...asked.headers }
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw aborted()
    const outgoing = route.request({ ...route.options, method, headers })
    let response: IncomingMessage | undefined
    const watch = watchOver(signal, patience.connect + patience.answer, (error) => {
      // A request that waits for its connection would tell of it only then.
      reject(error)
      const exchange = response ?? outgoing
      exchange.destroy(error)
    })
    outgoing.on('response', (head) => {
      watch.expect(undefined)
      response = head.on('error', () => {})
      // What is not sent by now nobody waits for.
      if (!outgoing.writableEnded) outgoing.shouldKeepAlive = false
      resolve(head)
    })
    outgoing.on('error', (error) => {
      const isAgain = response === undefined && content === undefined && isStale(outgoing, error)
      if (isAgain) resolve(answered(route, asked, patience))
      else reject(error)
    })
    outgoing.on('close', () => {
      watch.ended()
      reject(new Error('the connection closed without an answer'))
    })
    if (content === undefined) return void outgoing.end(body)
    sendContent(outgoing, content, patience, watch.expect).catch((error) => {
      reject(error)
      outgoing.destroy()
    })
  })
}

/** Tells when the signal aborts, until the exchange has ended, and when what is expected does not come in time. */
function watchOver(signal: AbortSignal | undefined, milliseconds: number, giveUp: (error: Error) => void) {
  const interrupt = () => giveUp(aborted())
  let timer: NodeJS.Timeout | undefined
  const expect: Expect = (limit) => {
    clearTimeout(timer)
    if (limit === undefined) return
    timer = setTimeout(() => giveUp(new Error('no answer in time')), limit)
  }
  expect(milliseconds)
  signal?.addEventListener('abort', interrupt)
  return {
    expect,
    ended: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
    },
  }
}

function aborted(): Error {
  return new DOMException('the request was aborted', 'AbortError')
}

/** The other side may close a connection that nobody uses, and just then it is used; that costs no try. */
function isStale({ reusedSocket }: ClientRequest, { code }: NodeJS.ErrnoException): boolean {
  return reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')
}
