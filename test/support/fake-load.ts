import type { ServerResponse } from 'node:http'
import { sha256 } from '../../src/image/digest.js'
import { tarScanner } from '../../src/image/tar-index.js'
import type { Hook } from './fake-engine.js'

/** An image that the fake engine was given. */
export interface LoadedImage {
  readonly id: string
  /** Its layers' digests. */
  readonly layers: readonly string[]
}

/** Lets a fake engine load archives, which then are its images, and remove them again. */
export function loads(
  images: Map<string, LoadedImage>,
  nameOf: (image: LoadedImage) => string = ({ id }) => id,
): Hook {
  return ({ method, path, body }, response) => {
    if (path === '/images/load') {
      const [names, image] = imageIn(body as Buffer)
      for (const name of names) images.set(name, image)
      say(response, 200, { status: 'Loading layer' }, { stream: `Loaded image: ${names[0]}\n` })
      return true
    }
    const [, name = ''] = /^\/images\/(.+?)(\/json)?$/.exec(path) ?? []
    const image = images.get(name)
    if (image === undefined) return false
    if (method === 'DELETE') say(response, 200, [{ Untagged: String(images.delete(name)) }])
    else say(response, 200, { Id: nameOf(image), RepoTags: [name], RootFS: { Layers: image.layers } })
    return true
  }
}

function say(response: ServerResponse, status: number, ...values: readonly unknown[]): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(values.map((value) => `${JSON.stringify(value)}\r\n`).join(''))
}

interface Saved {
  readonly Config: string
  readonly RepoTags: readonly string[]
  readonly Layers: readonly string[]
}

function imageIn(archive: Buffer): [names: readonly string[], image: LoadedImage] {
  const scanner = tarScanner()
  const members = new Map<string, Buffer>()
  for (const { path, offset, size } of scanner.push(archive))
    members.set(path, archive.subarray(offset, offset + size))
  scanner.finish()
  const [saved] = JSON.parse(members.get('manifest.json')!.toString()) as [Saved]
  const layers = saved.Layers.map((name) => sha256(members.get(name)!))
  return [saved.RepoTags, { id: sha256(members.get(saved.Config)!), layers }]
}
