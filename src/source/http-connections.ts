import type { Agent, RequestOptions, request } from 'node:http'
import type { Socket } from 'node:net'
import { remembered } from '../rootfs/cached.js'
import type { Environment } from './engine-command.js'
import { type Dial, tunnels } from './http-tunnel.js'
import { proxyFor } from './proxy.js'
import { basic } from './registry-token.js'

/** The way a request takes. */
export interface Route {
  readonly request: typeof request
  /** Where to connect to, and what to ask for there. */
  readonly options: RequestOptions
  readonly headers: Readonly<Record<string, string>>
}

/** Connections that further requests use again; disposing closes them all, whatever is under way on them. */
export interface Connections extends Disposable {
  /** Throws LiftError 'registry-unreachable' for a proxy that is none. */
  routeTo(url: URL): Promise<Route>
}

/** How to speak a protocol, over connections that are kept. */
interface Line {
  readonly request: typeof request
  readonly agent: Agent
}

/** Connections that go through the proxies of the environment; each has to be made in so many milliseconds. */
export function connections(env: Environment, milliseconds: number): Connections {
  const agents: Agent[] = []
  const lines = new Map<string, Promise<Line>>()
  const opened = async (protocol: string, dial?: Dial): Promise<Line> => {
    const line = await newLine(protocol, milliseconds, dial)
    agents.push(line.agent)
    return line
  }
  const direct = (protocol: string) => remembered(lines, protocol, () => opened(protocol))
  const toProxy = async (proxy: URL): Promise<Route> => {
    const { request, agent } = await direct(proxy.protocol)
    return { request, options: { ...addressOf(proxy), agent }, headers: credentialsOf(proxy) }
  }
  const through = (proxy: URL) =>
    remembered(lines, proxy.href, async () => opened('https:', await tunnels(await toProxy(proxy))))
  return {
    routeTo: async (url) => {
      const named = proxyFor(url, env)
      const proxy = named === undefined ? undefined : new URL(named)
      if (proxy !== undefined && url.protocol === 'http:') return relayed(url, await toProxy(proxy))
      const { request, agent } = await (proxy === undefined ? direct(url.protocol) : through(proxy))
      return { request, options: { ...addressOf(url), agent, path: pathOf(url) }, headers: {} }
    },
    [Symbol.dispose]: () => {
      for (const agent of agents) agent.destroy()
    },
  }
}

/** What a connection holds until it is read, in bytes: a slow reader gets it in large pieces. */
const HELD = 256 << 10

async function newLine(protocol: string, milliseconds: number, dial: Dial | undefined): Promise<Line> {
  const { request, Agent } = protocol === 'https:' ? await import('node:https') : await import('node:http')
  const options = { keepAlive: true, highWaterMark: HELD }
  const agent = new Agent(options)
  const usual = (agent as unknown as { createConnection: Dial }).createConnection.bind(agent)
  const bounded: Dial = (...args) => inTime(usual(...args) as Socket, milliseconds)
  return { request, agent: Object.assign(agent, { createConnection: dial ?? bounded }) }
}

/** Ends a connection that is not made in time; one by TLS is made when both sides have agreed on the keys. */
function inTime(socket: Socket, milliseconds: number): Socket {
  const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), milliseconds)
  const stop = () => clearTimeout(timer)
  return socket.once('encrypted' in socket ? 'secureConnect' : 'connect', stop).once('close', stop)
}

/** A proxy is asked for what is not secret by the whole address (RFC 9112, section 3.2.2). */
function relayed(url: URL, { request, options, headers }: Route): Route {
  const path = `http://${url.host}${pathOf(url)}`
  return { request, options: { ...options, path }, headers: { ...headers, host: url.host } }
}

function addressOf({ hostname, port }: URL): RequestOptions {
  return { host: hostname.replace(/^\[|\]$/g, ''), port }
}

function pathOf({ pathname, search }: URL): string {
  return `${pathname}${search}`
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const credentials = { username: unescaped(username), password: unescaped(password) }
  return { 'proxy-authorization': basic(credentials) }
}

/** A percent sign that escapes nothing stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
