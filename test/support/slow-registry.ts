import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { sha256 } from '../../src/image/digest.js'
import { type TarMember, tarOf } from './tar-builder.js'

/** A registry on loopback with one image, `HOST/slow:1`, whose layers come as slowly as it is told. */
export interface SlowRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** Resolves when the first piece of a layer has been sent. */
  readonly begun: Promise<void>
  /** How often each layer was asked for, the lowest first. */
  fetches(): readonly number[]
}

/** `pause` runs before each piece of this many bytes but the first. */
export async function slowRegistry(
  layers: readonly (readonly TarMember[])[],
  piece: number,
  pause: () => Promise<void>,
): Promise<SlowRegistry> {
  const tars = layers.map(tarOf)
  const blobs = tars.map((tar) => gzipSync(tar, { level: 1 }))
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
    }),
  )
  const type = 'application/vnd.oci.image.'
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${type}manifest.v1+json`,
      config: { mediaType: `${type}config.v1+json`, digest: sha256(config), size: config.length },
      layers: blobs.map((blob) => ({
        mediaType: `${type}layer.v1.tar+gzip`,
        digest: sha256(blob),
        size: blob.length,
      })),
    }),
  )
  const known = new Map<string, Buffer>([config, ...blobs].map((blob) => [sha256(blob), blob]))
  const asked: string[] = []
  let begin = () => {}
  const begun = new Promise<void>((done) => {
    begin = done
  })
  const send = async (response: ServerResponse, bytes: Buffer) => {
    for (let at = 0; at < bytes.length && !response.destroyed; at += piece) {
      if (at > 0) await pause()
      response.write(bytes.subarray(at, at + piece))
      if (bytes !== config) begin()
    }
    response.end()
  }
  const server = createServer((request, response) => {
    const [, kind, reference = ''] = /\/slow\/(manifests|blobs)\/(.*)$/.exec(request.url ?? '') ?? []
    const bytes = kind === 'manifests' ? manifest : known.get(reference)
    asked.push(reference)
    response.writeHead(bytes === undefined ? 404 : 200, {
      'content-type': kind === 'manifests' ? `${type}manifest.v1+json` : 'application/octet-stream',
      ...(bytes === undefined ? {} : { 'content-length': bytes.length }),
    })
    void send(response, bytes ?? Buffer.alloc(0))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    begun,
    fetches: () => blobs.map((blob) => asked.filter((reference) => reference === sha256(blob)).length),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
