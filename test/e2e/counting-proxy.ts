import { createServer, request } from 'node:http'
import { listening, type Running } from './real-registry.js'

/** A relay in front of a registry that knows what went through it. */
export interface CountingProxy extends Running {
  /** `PUT /v2/…`, in order. */
  readonly lines: string[]
}

/** Starts one; the registry is told the proxy's own name, so that it sends its clients there. */
export async function countingProxy(registry: string): Promise<CountingProxy> {
  const lines: string[] = []
  const server = createServer((incoming, response) => {
    const { method = 'GET', url = '', headers } = incoming
    lines.push(`${method} ${url}`)
    const outgoing = request(`http://${registry}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.on('error', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
  return {
    host: await listening(server),
    lines,
    [Symbol.asyncDispose]: async () => void server.close().closeAllConnections(),
  }
}
