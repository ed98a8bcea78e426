import { LiftError } from '../errors.js'

/** An image name taken apart; `registry` and `repository` have Docker's defaults filled in. */
export interface ImageName {
  /** As written. */
  readonly text: string
  /** As written, without tag and digest. */
  readonly name: string
  /** `docker.io` where none is written. */
  readonly registry: string
  /** `library/debian` for `debian`. */
  readonly repository: string
  readonly tag?: string
  /** `sha256:…` with 64 hex digits. */
  readonly digest?: string
}

const PATH_PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const HOST = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?'
const NAME = new RegExp(`^(?:(${HOST})/)?(${PATH_PART}(?:/${PATH_PART})*)$`)
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/**
 * Reads an image name (distribution-spec, "Pulling manifests", with Docker's short forms): the part before the
 * first slash is a registry when it holds a dot or a colon, is `localhost` or has capitals.
 * Throws LiftError 'usage'.
 */
export function parseImageName(text: string): ImageName {
  const [rest, digest] = splitOnce(text, text.indexOf('@'))
  const colon = rest.lastIndexOf(':')
  const [name, tag] = splitOnce(rest, colon > rest.lastIndexOf('/') ? colon : -1)
  if (digest !== undefined && !DIGEST.test(digest))
    throw invalid(text, 'its digest is not sha256: and 64 hex digits')
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, 'its tag has characters that no tag has')
  const match = text.length > 512 ? null : NAME.exec(name)
  if (match === null) {
    throw invalid(
      text,
      /[A-Z]/.test(name) ? 'a repository is written in lower case' : 'see the characters in it',
    )
  }
  const split = withDefaults(match[1], match[2]!)
  return {
    text,
    name,
    ...split,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

/** The digest part of the entry of `digests` (`name@sha256:…`) that is for the same repository as `image`. */
export function digestFor(image: ImageName, digests: readonly string[]): string | undefined {
  for (const text of digests) {
    const other = imageNameOf(text)
    if (other?.digest === undefined) continue
    if (other.registry !== image.registry || other.repository !== image.repository) continue
    if (image.digest === undefined || image.digest === other.digest) return other.digest
  }
  return undefined
}

/** Whether two names, each short or whole, mean the same image of the same registry. */
export function isSameName(a: string, b: string): boolean {
  const [one, other] = [imageNameOf(a), imageNameOf(b)]
  if (one === undefined || other === undefined) return a === b
  return (
    one.registry === other.registry &&
    one.repository === other.repository &&
    (one.tag ?? 'latest') === (other.tag ?? 'latest') &&
    one.digest === other.digest
  )
}

/** The hex digits of an image ID (`sha256:…`, or 12 to 64 digits), or undefined when the text cannot be one. */
export function imageIdOf(text: string): string | undefined {
  return /^(?:sha256:)?([0-9a-f]{12,64})$/.exec(text)?.[1]
}

function splitOnce(text: string, at: number): [string, string | undefined] {
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function withDefaults(host: string | undefined, path: string): { registry: string; repository: string } {
  if (host === undefined) return { registry: 'docker.io', repository: `library/${path}` }
  const isRegistry = /[.:A-Z]/.test(host) || host === 'localhost'
  if (!isRegistry) return { registry: 'docker.io', repository: `${host}/${path}` }
  if (host !== 'docker.io' && host !== 'index.docker.io') return { registry: host, repository: path }
  return { registry: 'docker.io', repository: path.includes('/') ? path : `library/${path}` }
}

/** A name, where the text is one. */
export function imageNameOf(text: string): ImageName | undefined {
  try {
    return parseImageName(text)
  } catch {
    return undefined
  }
}

function invalid(text: string, why: string): LiftError {
  return new LiftError('usage', `${JSON.stringify(text)} is not an image name: ${why}`, {
    hint: 'Write name[:tag], for example debian:bookworm.',
  })
}
