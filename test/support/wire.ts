import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { SelfSigned } from './certificate.js'

/** A server on loopback, below HTTP. */
export interface Wire extends AsyncDisposable {
  readonly port: number
  /** `127.0.0.1:PORT`. */
  readonly host: string
  /** Every connection so far. */
  readonly sockets: readonly Socket[]
}

/** A server that gives each connection, and its number from 0 on, to `talk`. */
export function wire(talk: (socket: Socket, index: number) => void): Promise<Wire> {
  return started(createServer(), 'connection', talk)
}

/** Speaks TLS and hands on what is said to a port of this machine. */
export function tlsBefore(port: number, { key, cert }: SelfSigned): Promise<Wire> {
  const server = createTlsServer({ key, cert }).on('tlsClientError', () => {})
  return started(server, 'secureConnection', (socket) => joined(socket, port))
}

/** An HTTP proxy whose tunnels, wherever they shall lead, all end at one port. */
export interface TunnelProxy extends Wire {
  /** Of each CONNECT: where it shall lead, and the Proxy-Authorization. */
  readonly asked: readonly (readonly [string | undefined, string | undefined])[]
}

/** Starts one on loopback. */
export async function tunnelProxy(port: number): Promise<TunnelProxy> {
  const asked: [string | undefined, string | undefined][] = []
  const server = createHttpServer().on('connect', ({ url, headers }, socket: Socket) => {
    asked.push([url, headers['proxy-authorization']])
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    joined(socket, port)
  })
  return Object.assign(await started(server, 'connection', () => {}), { asked })
}

function joined(socket: Socket, port: number): void {
  const onward = connect(port, '127.0.0.1').on('error', () => {})
  socket.on('error', () => {}).on('close', () => onward.destroy())
  onward.on('close', () => socket.destroy())
  socket.pipe(onward).pipe(socket)
}

async function started(
  server: Server,
  event: 'connection' | 'secureConnection',
  talk: (socket: Socket, index: number) => void,
): Promise<Wire> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket.on('error', () => {})))
  let index = 0
  server.on(event, (socket: Socket) => talk(socket, index++))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    host: `127.0.0.1:${port}`,
    sockets,
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
