import { LiftError } from '../errors.js'
import type { TarEntry } from './tar-header.js'

/** Bounds that no honest image comes near; a hostile one ends in LiftError 'limit' instead of a full disk. */
export interface Limits {
  /** Members of all layers together. */
  readonly entries: number
  /** Bytes of all layers together when uncompressed. */
  readonly unpacked: number
  /** Uncompressed bytes per compressed byte, once a layer has grown over `RATIO_FROM`. */
  readonly ratio: number
  /** Bytes of a name in a layer, directories included. */
  readonly path: number
  /** Indexes within indexes, until there is a manifest. */
  readonly nesting: number
}

/** Far above what large images have, and little enough for the memory of any machine; of a path as much as Linux takes (PATH_MAX, without the NUL). */
export const DEFAULT_LIMITS: Limits = {
  entries: 600_000,
  unpacked: 256 * 2 ** 30,
  ratio: 250,
  path: 4095,
  nesting: 4,
}

/** Names, links, attributes and lists of sparse pieces of all layers, which are kept in memory. */
const MOST_METADATA = 160 * 2 ** 20
/** Small layers may be all zeros. */
const RATIO_FROM = 1 << 30

/** What a member of a tar says of itself. */
export type Described = Pick<TarEntry, 'path' | 'target' | 'sparse' | 'xattrs'>

/** What an image's layers have used up of the limits so far. */
export interface Budget {
  /** The bounds themselves. */
  readonly limits: Limits
  /** A member of a layer, as it is kept in memory. Throws LiftError 'limit'. */
  addEntry(member: Described): void
  /** Members that are known to have no longer names than the limits' own default. Throws LiftError 'limit'. */
  addEntries(count: number): void
  /** `unpacked` more bytes of a layer that has given `total` bytes for `packed` so far. Throws LiftError 'limit'. */
  addBytes(unpacked: number, total: number, packed: number): void
}

/** A budget for one image. */
export function budgetOf(changed: Partial<Limits> | undefined, image: string): Budget {
  const limits = { ...DEFAULT_LIMITS, ...changed }
  let entries = 0
  let bytes = 0
  let metadata = 0
  const addEntries = (count: number) => {
    entries += count
    if (entries > limits.entries)
      throw exceeded(image, `has more than ${limits.entries} files`, '--max-files')
  }
  return {
    limits,
    addEntry: (member) => {
      const { path } = member
      addEntries(1)
      metadata += metadataOf(member)
      if (metadata > MOST_METADATA)
        throw exceeded(image, `has names and attributes of more than ${MOST_METADATA} bytes`)
      if (path.length * 3 > limits.path && Buffer.byteLength(path) > limits.path)
        throw exceeded(image, `has a name of more than ${limits.path} bytes`, '--max-path')
    },
    addEntries,
    addBytes: (unpacked, total, packed) => {
      bytes += unpacked
      if (bytes > limits.unpacked)
        throw exceeded(image, `unpacks to more than ${limits.unpacked} bytes`, '--max-size')
      if (total > RATIO_FROM && total > packed * limits.ratio)
        throw exceeded(image, `has a layer that grows more than ${limits.ratio}-fold`, '--max-ratio')
    },
  }
}

/** What the engine's own objects take. */
const PER_PIECE = 64
const PER_ATTRIBUTE = 256

function metadataOf({ path, target, sparse, xattrs }: Described): number {
  let bytes = path.length + target.length + (sparse?.pieces?.length ?? 0) * PER_PIECE
  for (const [name, value] of xattrs ?? []) bytes += name.length + value.length + PER_ATTRIBUTE
  return bytes
}

function exceeded(image: string, what: string, option?: string): LiftError {
  return new LiftError('limit', `${image} ${what}, which looks like an attack`, {
    ...(option === undefined
      ? {}
      : { hint: `If the image is really like that, raise the limit by ${option}.` }),
  })
}
