import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha256 } from '../../src/image/digest.js'
import type { Patience } from '../../src/source/http-request.js'
import { takePush } from './fake-push.js'
import type { RegistryImage, Stored } from './registry-image.js'

/** Tries at once, and waits long for what is under way. */
export const QUICK: Patience = {
  connect: 10_000,
  answer: 10_000,
  pause: 10_000,
  retries: 3,
  firstWait: 1,
  longestWait: 20,
}

/** For those who never answer. */
export const HASTY: Patience = { ...QUICK, answer: 100, pause: 100, retries: 1, connect: 200 }

/** One request that has come. */
export interface RegistryRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The body as it came. */
  readonly bytes?: Buffer
}

/** What a test says instead of the usual answer; true when it has taken care of it. */
export type Fault = (request: RegistryRequest, response: ServerResponse, usual: Stored | undefined) => boolean

/** A registry in this process, on loopback. */
export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string
  readonly requests: RegistryRequest[]
  /** The requests as `GET /v2/…`. */
  readonly lines: readonly string[]
  /** What it holds, by `/v2/…` path. */
  readonly contents: ReadonlyMap<string, Stored>
  /** The uploads that were begun and neither ended nor cancelled. */
  readonly uploads: ReadonlySet<string>
  /** Puts an image, or a bare manifest, under a name and tag. */
  put(repository: string, tag: string, image: RegistryImage | Stored): void
}

/** Starts one. The first fault that takes a request answers it. */
export async function fakeRegistry(...faults: readonly Fault[]): Promise<FakeRegistry> {
  const contents = new Map<string, Stored>()
  const uploads = new Set<string>()
  const requests: RegistryRequest[] = []
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    const isWhole = await allOf(incoming, chunks)
    const { method = '', url = '', headers } = incoming
    const bytes = Buffer.concat(chunks)
    const request = { method, path: url, headers, body: bytes.toString(), bytes }
    requests.push(request)
    if (!isWhole) return
    const usual = contents.get(url)
    if (faults.some((fault) => fault(request, response, usual))) return
    if (takePush({ contents, uploads }, request, response)) return
    if (usual === undefined) sendError(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    else sendPart(request, response, usual)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    contents,
    uploads,
    get lines() {
      return requests.map(({ method, path }) => `${method} ${path}`)
    },
    put: (repository, tag, image) => {
      const manifest = 'manifest' in image ? image.manifest : image
      const blobs = 'manifest' in image ? image.blobs : []
      for (const reference of [tag, sha256(manifest.bytes)])
        contents.set(`/v2/${repository}/manifests/${reference}`, manifest)
      for (const [digest, blob] of blobs) contents.set(`/v2/${repository}/blobs/${digest}`, blob)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** Whether the whole body came; some clients go away in its middle. */
async function allOf(incoming: IncomingMessage, chunks: Buffer[]): Promise<boolean> {
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    return true
  } catch {
    return false
  }
}

/** The usual answer, of which a range may be asked for. */
export function sendPart({ headers }: RegistryRequest, response: ServerResponse, usual: Stored): void {
  const { bytes, type } = usual
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
  const part = bytes.subarray(from)
  const range = from === 0 ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }
  const length = String(part.length)
  response.writeHead(from === 0 ? 200 : 206, { 'content-type': type, 'content-length': length, ...range })
  response.end(part)
}

/** An error as the distribution specification has it. */
export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message }] }))
}
