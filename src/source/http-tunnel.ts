import type { RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Route } from './http-connections.js'

/** Makes a connection for an agent of node:http, which `done` is given. */
export type Dial = (options: RequestOptions, done: (error: Error | null, socket?: Socket) => void) => unknown

/**
 * Dials HTTPS servers through a proxy, by CONNECT (RFC 9110, section 9.3.6). The proxy is asked by the route's agent,
 * so destroying that one ends a tunnel that is not there yet.
 */
export async function tunnels({ request, options, headers }: Route): Promise<Dial> {
  const { connect } = await import('node:tls')
  return (target, done) => {
    const path = `${target.host?.includes(':') ? `[${target.host}]` : target.host}:${target.port}`
    const asked = request({
      ...options,
      method: 'CONNECT',
      path,
      headers: { ...headers, host: path },
    })
    asked.on('error', done)
    asked.on('connect', ({ statusCode = 0 }, tunnel: Socket) => {
      if (statusCode >= 200 && statusCode < 300)
        return done(null, connect({ ...(target as ConnectionOptions), socket: tunnel }))
      tunnel.destroy()
      done(new Error(`the proxy answers ${statusCode}`))
    })
    asked.end()
  }
}
