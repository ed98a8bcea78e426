import type { CopySource } from '../image/image.js'
import { digestFor, imageIdOf, parseImageName } from '../image/reference.js'
import type { InspectedImage } from './image-inspect.js'

/** How a Dockerfile names an image, and what has to be done for the name to work. */
export interface NamedImage {
  readonly copySource: CopySource
  readonly digest?: string
  /** A tag that the image has to be given first. */
  readonly tag?: string
}

/**
 * A name for `FROM` that every builder takes: by the registry's digest where the engine knows one for this
 * repository, else the name as given. An image ID is no such name (BuildKit takes it for a repository), so an
 * image known by ID alone is named by a digest or tag it has, or by one made from its ID.
 */
export function nameForBuilders(asked: string, image: InspectedImage): NamedImage {
  if (isIdOf(asked, image)) return nameOfId(image)
  const name = parseImageName(asked)
  // Podman calls images without a registry `localhost/…`; no registry can be asked for such a digest.
  const digest = name.registry === 'localhost' ? undefined : digestFor(name, image.digests)
  if (digest === undefined)
    return { copySource: { kind: 'image', from: asked, pinned: name.digest !== undefined } }
  return { copySource: { kind: 'image', from: `${name.name}@${digest}`, pinned: true }, digest }
}

/** Whether the text means the image by its ID: it is one, and no tag of the image reads the same. */
function isIdOf(asked: string, image: InspectedImage): boolean {
  const hex = imageIdOf(asked)
  if (hex === undefined || !image.id.startsWith(`sha256:${hex}`)) return false
  return ![...image.tags, ...image.digests].some((name) => /^(?:.*\/)?([^/:@]*)/.exec(name)?.[1] === asked)
}

function nameOfId(image: InspectedImage): NamedImage {
  const pinned = image.digests[0]
  if (pinned !== undefined) {
    const digest = pinned.slice(pinned.indexOf('@') + 1)
    return { copySource: { kind: 'image', from: pinned, pinned: true }, digest }
  }
  const tag = image.tags[0]
  if (tag !== undefined) return { copySource: { kind: 'image', from: tag, pinned: false } }
  const made = `liftbin-src:${image.id.slice('sha256:'.length).slice(0, 12)}`
  return { copySource: { kind: 'image', from: made, pinned: false }, tag: made }
}
