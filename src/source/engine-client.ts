import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { Duplex } from 'node:stream'
import { LiftError } from '../errors.js'
import {
  brokenBody,
  type Connection,
  type EngineRoute,
  explain,
  interrupted,
  silent,
} from './engine-errors.js'
import { type Content, type Expect, sendContent } from './http-content.js'

/** How long the engine may be silent, in milliseconds. */
export interface Patience {
  readonly answer: number
  readonly stream: number
}

/** Speaks HTTP with an engine. What fails is a LiftError in words; a refusal by the engine is an answer. */
export interface EngineClient {
  readonly engine: string
  /** Sends a request; the answer's body is still to be read or dropped. */
  send(method: string, path: string, options?: SendOptions): Promise<EngineAnswer>
  /** Sends a request and reads a bounded JSON answer; undefined when it is none. */
  json(method: string, path: string, options?: SendOptions): Promise<{ status: number; value: unknown }>
  /** A connection of its own, on which nothing has been said yet; `close` ends it too. */
  connect(): Promise<Duplex>
  close(): void
}

/** The head of an answer, and its body still to come. */
export interface EngineAnswer {
  readonly status: number
  header(name: string): string | undefined
  /** To be read once. Throws LiftError when the engine breaks off, falls silent, or the signal aborts. */
  readonly body: AsyncIterable<Uint8Array>
  /** Closes the connection, whatever is still to come. */
  drop(): void
}

/** What a request may carry besides its method and path. */
export interface SendOptions {
  readonly body?: unknown
  /** Sent in place of a body, as it comes. */
  readonly content?: { readonly type: string } & Content
  readonly signal?: AbortSignal | undefined
  /** A stream may pause longer than an answer may take. */
  readonly patience?: keyof Patience
}

const PATIENCE: Patience = { answer: 30_000, stream: 60_000 }
const MAX_ANSWER = 32 << 20

/** A client over a route. Connections are kept and used again until `close`. */
export async function engineClient(route: EngineRoute, patience: Patience = PATIENCE): Promise<EngineClient> {
  const http = await import('node:http')
  const connections = new Set<Connection>()
  const own = new Set<Duplex>()
  const agent = new http.Agent({ keepAlive: true })
  if (route.dial !== undefined) dialWith(agent, route.dial, connections)

  const send = async (method: string, path: string, options: SendOptions = {}): Promise<EngineAnswer> => {
    const { signal } = options
    if (signal?.aborted) throw interrupted(route)
    const payload = payloadOf(options)
    const patient = patience[options.patience ?? 'answer']
    const response = await respond(
      (onResponse) =>
        http.request({ ...optionsFor(route, payload, signal), agent, method, path }, onResponse),
      payload,
      { patient, route, signal, connections },
    )
    return answerOf(response, { patient, route, signal })
  }
  return {
    engine: route.engine,
    send,
    json: async (method, path, options) => {
      const answer = await send(method, path, options)
      return { status: answer.status, value: await readJson(route, answer) }
    },
    connect: async () => {
      const stream = await connection(route, connections)
      own.add(stream.once('close', () => own.delete(stream)))
      return stream
    },
    close: () => {
      agent.destroy()
      for (const stream of own) stream.destroy()
      for (const connection of connections) connection.stop()
    },
  }
}

/** Half of it may be closed while the other one goes on. */
async function connection(route: EngineRoute, connections: Set<Connection>): Promise<Duplex> {
  if (route.dial !== undefined) {
    const dialled = await route.dial()
    connections.add(dialled)
    return dialled.stream
  }
  const { connect } = await import('node:net')
  const socket = connect({ path: route.socketPath!, allowHalfOpen: true })
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket.removeAllListeners('error')))
    socket.once('error', (error) => explain(route, error, undefined, connections).then(reject))
  })
}

/** What node:http says to a socket and a command's stream has no use for. */
const SOCKET_WORDS = {
  setKeepAlive: () => {},
  setNoDelay: () => {},
  setTimeout: () => {},
  ref: () => {},
  unref: () => {},
}

function dialWith(agent: Agent, dial: NonNullable<EngineRoute['dial']>, connections: Set<Connection>): void {
  const connect = (_: unknown, done: (error: Error | null, stream?: Duplex) => void) => {
    dial().then(
      (connection) => {
        connections.add(connection)
        done(null, Object.assign(connection.stream, SOCKET_WORDS))
      },
      (error: Error) => done(error),
    )
  }
  Object.assign(agent, { createConnection: connect })
}

interface Exchange {
  readonly route: EngineRoute
  readonly signal: AbortSignal | undefined
  /** Milliseconds of silence that are too much. */
  readonly patient: number
}

/** What goes after the head of a request. */
type Payload = string | SendOptions['content']

function payloadOf({ body, content }: SendOptions): Payload {
  return body === undefined ? content : JSON.stringify(body)
}

function optionsFor(route: EngineRoute, payload: Payload, signal: AbortSignal | undefined): RequestOptions {
  const entity =
    typeof payload === 'string'
      ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
      : payload === undefined
        ? {}
        : { 'content-type': payload.type }
  return {
    headers: { host: 'engine', ...entity },
    ...(route.socketPath === undefined ? {} : { socketPath: route.socketPath }),
    ...(signal === undefined ? {} : { signal }),
  }
}

function respond(
  request: (onResponse: (response: IncomingMessage) => void) => ClientRequest,
  payload: Payload,
  exchange: Exchange & { readonly connections: ReadonlySet<Connection> },
): Promise<IncomingMessage> {
  const { patient, route, signal, connections } = exchange
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const expect: Expect = (milliseconds) => {
      clearTimeout(timer)
      if (milliseconds !== undefined) timer = setTimeout(() => outgoing.destroy(silent(route)), milliseconds)
    }
    const outgoing = request((response) => {
      expect(undefined)
      keepAfterHead(outgoing, response)
      resolve(response)
    })
    outgoing.on('error', (error) => {
      expect(undefined)
      explain(route, error, signal, connections).then(reject)
    })
    expect(patient)
    if (typeof payload !== 'object') return void outgoing.end(payload)
    sendContent(outgoing, payload, { pause: patient, answer: patient }, expect).catch((error) =>
      outgoing.destroy(error),
    )
  })
}

/**
 * An answer to HEAD has no body, but node:http takes one without a length for one that lasts until the connection
 * ends, and closes it. A new connection may cost a new process.
 */
function keepAfterHead(outgoing: ClientRequest, response: IncomingMessage): void {
  const isKept = response.httpVersion === '1.1' && response.headers.connection !== 'close'
  if (outgoing.method === 'HEAD' && isKept) outgoing.shouldKeepAlive = true
}

function answerOf(response: IncomingMessage, exchange: Exchange): EngineAnswer {
  response.on('error', () => {})
  return {
    status: response.statusCode ?? 0,
    header: (name) => {
      const value = response.headers[name]
      return typeof value === 'string' ? value : undefined
    },
    body: bodyOf(response, exchange),
    drop: () => void response.destroy(),
  }
}

/** Silence counts only while somebody waits for the next piece. */
async function* bodyOf(
  response: IncomingMessage,
  { route, signal, patient }: Exchange,
): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => response.destroy(silent(route)), patient)
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      yield chunk
      timer.refresh()
    }
  } catch (error) {
    throw brokenBody(route, error, signal)
  } finally {
    clearTimeout(timer)
  }
}

async function readJson(route: EngineRoute, answer: EngineAnswer): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body) {
    size += chunk.length
    if (size > MAX_ANSWER) throw new LiftError('limit', `${route.engine} gave an answer without end`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    return undefined
  }
}
