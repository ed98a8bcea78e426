import type { ServerResponse } from 'node:http'
import { sha256 } from '../../src/image/digest.js'
import { type RegistryRequest, sendError } from './fake-registry.js'
import { type Stored, storedJson } from './registry-image.js'

/** What a registry holds and what is on its way to it. */
export interface PushState {
  /** By `/v2/…` path. */
  readonly contents: Map<string, Stored>
  /** Paths of the uploads that were begun. */
  readonly uploads: Set<string>
}

/** Answers a request of the push side as the distribution specification has it; false for any other request. */
export function takePush(state: PushState, request: RegistryRequest, response: ServerResponse): boolean {
  const url = new URL(request.path, 'http://registry')
  const [, repository = '', kind = '', reference = ''] =
    /^\/v2\/(.+)\/(blobs\/uploads|manifests)\/(.*)$/.exec(url.pathname) ?? []
  const act = kind === '' ? undefined : ACTIONS[`${request.method} ${kind}`]
  act?.(state, { url, repository, reference, request }, response)
  return act !== undefined
}

interface Asked {
  readonly url: URL
  readonly repository: string
  readonly reference: string
  readonly request: RegistryRequest
}

const ACTIONS: Readonly<Record<string, (state: PushState, asked: Asked, response: ServerResponse) => void>> =
  {
    'POST blobs/uploads': ({ contents, uploads }, { url, repository }, response) => {
      const mount = url.searchParams.get('mount')
      const blob = contents.get(`/v2/${url.searchParams.get('from')}/blobs/${mount}`)
      if (blob !== undefined) {
        contents.set(`/v2/${repository}/blobs/${mount}`, blob)
        return void response.writeHead(201).end()
      }
      const path = `/v2/${repository}/blobs/uploads/${uploads.size + 1}`
      uploads.add(path)
      response.writeHead(202, { location: `${path}?_state=a%2Bb%3D` }).end()
    },
    'PUT blobs/uploads': ({ contents, uploads }, { url, repository, request }, response) => {
      if (!uploads.delete(url.pathname) || url.searchParams.get('_state') !== 'a+b=')
        return sendError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown')
      const digest = url.searchParams.get('digest')
      if (sha256(request.bytes!) !== digest)
        return sendError(response, 400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
      contents.set(`/v2/${repository}/blobs/${digest}`, blobOf(request.bytes!))
      response.writeHead(201, { 'docker-content-digest': digest }).end()
    },
    'DELETE blobs/uploads': ({ uploads }, { url }, response) => {
      response.writeHead(uploads.delete(url.pathname) ? 204 : 404).end()
    },
    'PUT manifests': ({ contents }, { repository, reference, request }, response) => {
      const missing = namedIn(request.bytes!).filter((path) => !contents.has(`/v2/${repository}/${path}`))
      if (missing.length > 0)
        return sendError(response, 400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown: ${missing[0]}`)
      const stored = { bytes: request.bytes!, type: request.headers['content-type'] ?? '' }
      const digest = sha256(stored.bytes)
      for (const name of [reference, digest]) contents.set(`/v2/${repository}/manifests/${name}`, stored)
      response.writeHead(201, { 'docker-content-digest': digest }).end()
    },
  }

function blobOf(bytes: Buffer): Stored {
  return { ...storedJson('application/octet-stream', {}), bytes }
}

interface Named {
  readonly digest: string
}

/** What has to be there before a manifest or an index. */
function namedIn(bytes: Buffer): string[] {
  const {
    config,
    layers = [],
    manifests = [],
  } = JSON.parse(bytes.toString()) as {
    readonly config?: Named
    readonly layers?: readonly Named[]
    readonly manifests?: readonly Named[]
  }
  const blobs = [...(config === undefined ? [] : [config]), ...layers]
  return [
    ...blobs.map(({ digest }) => `blobs/${digest}`),
    ...manifests.map(({ digest }) => `manifests/${digest}`),
  ]
}
