import { createHash, type Hash } from 'node:crypto'
import type { ByteReader } from '../bytes.js'
import { LiftError } from '../errors.js'

/** `algorithm:hex` (OCI image-spec, "Digests"): the two algorithms that the specification registers. */
export type Digest = `sha256:${string}` | `sha512:${string}`

const SHAPES = [/^sha256:[0-9a-f]{64}$/, /^sha512:[0-9a-f]{128}$/]

/** The text as a digest, or undefined when it is none. */
export function digestOf(value: unknown): Digest | undefined {
  if (typeof value !== 'string') return undefined
  return SHAPES.some((shape) => shape.test(value)) ? (value as Digest) : undefined
}

/** A digest that is being computed as the bytes come. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** The digest. Throws LiftError 'unreadable', naming `what`, when another was expected. Can be asked once. */
  check(what: string): Digest
}

/** A hasher that expects this digest in the end; without one it takes any, and gives the SHA-256. */
export function hasherFor(expected?: Digest): Hasher {
  const algorithm = expected?.slice(0, 6) ?? 'sha256'
  const hash: Hash = createHash(algorithm)
  return {
    update: (bytes) => void hash.update(bytes),
    check: (what) => {
      const actual = `${algorithm}:${hash.digest('hex')}` as Digest
      if (expected !== undefined && actual !== expected) throw mismatch(what, expected, actual)
      return actual
    },
  }
}

/** The SHA-256 digest of some bytes. */
export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

const PIECE = 1 << 20

/** Reads everything and compares. Throws LiftError 'unreadable', naming `what`. */
export async function verifyDigest(reader: ByteReader, expected: Digest, what: string): Promise<void> {
  const hasher = hasherFor(expected)
  for (let at = 0; at < reader.size; at += PIECE) hasher.update(await reader.read(at, PIECE))
  hasher.check(what)
}

/** Throws LiftError 'unreadable', naming `what`, where another size was said. */
export function checkSize(actual: number, said: number, what: string): void {
  if (actual === said) return
  throw new LiftError('unreadable', `${what} has ${actual} bytes where ${said} were said`, { hint: DAMAGED })
}

const DAMAGED = 'The image is damaged or was changed; fetch it again.'

function mismatch(what: string, expected: string, actual: string): LiftError {
  return new LiftError(
    'unreadable',
    `${what} is not what its digest says: expected ${expected}, got ${actual}`,
    { hint: DAMAGED },
  )
}
