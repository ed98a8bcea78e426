import type { ByteReader } from '../bytes.js'
import { inContext } from '../errors.js'
import { addMember, emptyDirectory, overlay } from './layer-tree.js'
import type { TarEntry } from './tar-header.js'
import type { Tree } from './tree.js'
import { effort } from './tree-effort.js'

/** A layer whose members are known and whose content can be read anywhere. */
export interface Layer {
  readonly members: readonly TarEntry[]
  /** The uncompressed tar. */
  readonly content: ByteReader
}

/**
 * What layers make together, the lowest first: as overlayfs would show them, without unpacking any.
 * Caches keep it, so whatever makes another tree of the same layers needs another `VERSION` in `tree-index.ts`.
 * Throws LiftError 'unreadable' for a layer that cannot be unpacked, 'limit' for one that takes no end of effort.
 */
export function layeredTree(layers: readonly Pick<Layer, 'members'>[]): Tree {
  let root = emptyDirectory()
  const taken = effort()
  for (const [index, { members }] of layers.entries()) {
    const tree = emptyDirectory()
    try {
      for (const member of members) addMember(tree, member, index, taken)
      root = overlay(root, tree, taken)
    } catch (error) {
      throw inContext(error, `layer ${index + 1} of ${layers.length}`)
    }
  }
  return root
}
