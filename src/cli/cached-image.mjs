import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'

/**
 * An image without any files, as a word for the command line: a registry in this process has it, and a run of the
 * command line has put its layer into the cache, where most images' layers are most of the time. Throws where that
 * cannot be done.
 */
export async function cachedImage(command) {
  const image = `registry:${await serveEmptyImage()}/empty:1`
  const run = spawn(process.execPath, [command, image, '/none'], { stdio: 'ignore', timeout: 10_000 })
  const [status] = await once(run, 'exit')
  if (status !== NO_ANSWER) throw new Error(`${image} could not be read`)
  return image
}

/** The exit status when an image lacks what is to be lifted. */
const NO_ANSWER = 3

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** Gives the registry's `host:port`; every name in it is this one image. */
async function serveEmptyImage() {
  const tar = Buffer.alloc(1024)
  const layer = gzipSync(tar)
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] }
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs }))
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: described(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [described(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')],
  })
  const server = createServer(({ url }, response) => {
    const isManifest = url.includes('/manifests/')
    response.setHeader('content-type', isManifest ? MANIFEST : 'application/octet-stream')
    response.end(isManifest ? manifest : [config, layer].find((blob) => url.endsWith(digestOf(blob))))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `127.0.0.1:${server.address().port}`
}

function described(blob, mediaType) {
  return { mediaType, digest: digestOf(blob), size: blob.length }
}

function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
