import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Fault } from '../support/fake-registry.js'
import { listening, type Running } from './real-registry.js'

/** Stands before a registry and relays it, but for what a fault takes over; the fault sees the real answer. */
export async function faultyProxy(registry: string, fault: Fault): Promise<Running> {
  const server = createServer((incoming, response) => {
    relay(registry, incoming, response, fault).catch(() => response.destroy())
  })
  return {
    host: await listening(server),
    [Symbol.asyncDispose]: async () => void server.close().closeAllConnections(),
  }
}

async function relay(
  registry: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  fault: Fault,
): Promise<void> {
  const { method = 'GET', url: path = '', headers } = incoming
  const { range: _, ...whole } = headers
  const all = await ask(registry, path, whole)
  const usual = { bytes: all.bytes, type: all.headers['content-type'] ?? '' }
  if (fault({ method, path, headers, body: '' }, response, usual)) return
  const answer = await ask(registry, path, headers)
  response.writeHead(answer.status, answer.headers)
  response.end(answer.bytes)
}

async function ask(registry: string, path: string, headers: IncomingMessage['headers']) {
  const answer = await new Promise<IncomingMessage>((done, fail) => {
    request(`http://${registry}${path}`, { headers: { ...headers, host: registry } }, done)
      .on('error', fail)
      .end()
  })
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return { status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(chunks) }
}
