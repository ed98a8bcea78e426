import type { Digest } from '../image/digest.js'
import type { CopySource } from '../image/image.js'
import { formatPlatform, type Platform } from '../image/platform.js'
import { imageNameOf } from '../image/reference.js'
import { STANDARD_INPUT } from './archive-location.js'

/** An image within an archive of `docker save`. */
export interface SavedImage {
  readonly path: string
  /** The name it was asked for by. */
  readonly asked: string | undefined
  readonly tags: readonly string[]
  /** Which is the ID that `docker load` gives it. */
  readonly config: Digest
}

/** The name that loading the archive gives the image: one of its tags, else one made from its ID. */
export function nameOfSaved({ path, asked, tags, config }: SavedImage): CopySource {
  const load = ['docker', 'load', '-i', fileOf(path)]
  const tag = [asked, ...tags].find((name) => name !== undefined && tags.includes(name) && isName(name))
  if (tag !== undefined) return { kind: 'image', from: tag, pinned: false, madeBy: [load] }
  const from = madeName(config)
  return { kind: 'image', from, pinned: false, madeBy: [load, ['docker', 'tag', config, from]] }
}

/** An image within an OCI layout, in a directory or a tar. */
export interface LaidOutImage {
  readonly scheme: 'oci-dir' | 'oci-archive'
  readonly path: string
  readonly refName: string | undefined
  readonly digest: Digest
  /** Where the layout has it for several platforms. */
  readonly chosen: Platform | undefined
}

/** A name made from the manifest's digest, and how `skopeo` gives it to an engine, which takes no layouts itself. */
export function nameOfLaidOut({ scheme, path, refName, digest, chosen }: LaidOutImage): CopySource {
  const from = madeName(digest)
  const transport = scheme === 'oci-dir' ? 'oci' : 'oci-archive'
  const source = `${transport}:${fileOf(path)}${refName === undefined ? '' : `:${refName}`}`
  return {
    kind: 'image',
    from,
    pinned: false,
    madeBy: [['skopeo', ...overrides(chosen), 'copy', source, `docker-daemon:${from}`]],
  }
}

function overrides(platform: Platform | undefined): readonly string[] {
  if (platform === undefined) return []
  const [os, architecture, variant] = formatPlatform(platform).split('/')
  return [
    `--override-os=${os}`,
    `--override-arch=${architecture}`,
    ...(variant === undefined ? [] : [`--override-variant=${variant}`]),
  ]
}

/** Who gave an archive on standard input knows where it is. */
function fileOf(path: string): string {
  return path === STANDARD_INPUT ? 'ARCHIVE' : path
}

/** Builders take a tag, but neither an image ID nor a digest without a repository. */
function madeName(digest: Digest): string {
  return `liftbin-src:${digest.slice(digest.indexOf(':') + 1).slice(0, 12)}`
}

function isName(text: string): boolean {
  return imageNameOf(text)?.tag !== undefined
}
