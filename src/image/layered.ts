import type { ByteReader } from '../bytes.js'
import { inContext, LiftError } from '../errors.js'
import { addMember, emptyDirectory, overlay } from './layer-tree.js'
import type { TarEntry } from './tar-header.js'
import type { Tree } from './tree.js'

/** A layer whose members are known and whose content can be read anywhere. */
export interface Layer {
  readonly members: readonly TarEntry[]
  /** The uncompressed tar. */
  readonly content: ByteReader
}

/** Directories that only the names of other members speak of: a few bytes of a tar could make thousands. */
const MOST_IMPLIED = 1_000_000

/**
 * What layers make together, the lowest first: as overlayfs would show them, without unpacking any.
 * Caches keep it, so whatever makes another tree of the same layers needs another `VERSION` in `tree-index.ts`.
 * Throws LiftError 'unreadable' for a layer that cannot be unpacked, 'limit' for one that has no end of directories.
 */
export function layeredTree(layers: readonly Pick<Layer, 'members'>[]): Tree {
  let root = emptyDirectory()
  let implied = 0
  for (const [index, { members }] of layers.entries()) {
    const tree = emptyDirectory()
    try {
      for (const member of members) implied += addMember(tree, member, index)
      if (implied > MOST_IMPLIED) throw new LiftError('limit', 'it has too many directories')
      root = overlay(root, tree)
    } catch (error) {
      throw inContext(error, `layer ${index + 1} of ${layers.length}`)
    }
  }
  return root
}
