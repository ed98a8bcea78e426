import { type ByteReader, bufferReader, windowReader } from '../bytes.js'
import { inContext, LiftError } from '../errors.js'
import { components, join, type RootPath } from '../rootfs/path.js'
import type { Entry, RootFs } from '../rootfs/rootfs.js'
import { addMember, emptyDirectory, type Node, overlay } from './layer-tree.js'
import { sparseReader } from './sparse.js'
import type { TarEntry } from './tar-header.js'

/** A layer whose members are known and whose content can be read anywhere. */
export interface Layer {
  readonly members: readonly TarEntry[]
  /** The uncompressed tar. */
  readonly content: ByteReader
}

/** Directories that only the names of other members speak of: a few bytes of a tar could make thousands. */
const MOST_IMPLIED = 1_000_000

/**
 * Layers as one root file system, the lowest first: as overlayfs would show them, without unpacking any.
 * Throws LiftError 'unreadable' for a layer that cannot be unpacked, 'limit' for one that has no end of directories.
 */
export function layeredRootFs(layers: readonly Layer[]): RootFs {
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
  const nodeAt = (path: RootPath): Node | undefined => {
    let node: Node | undefined = root
    for (const name of components(path)) node = node?.children?.get(name)
    return node
  }
  return {
    lstat: async (path) => {
      const node = nodeAt(path)
      return node === undefined ? undefined : entryOf(path, node)
    },
    list: async (directory) => {
      const names = [...(nodeAt(directory)?.children ?? [])]
      return names
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, node]) => entryOf(join(directory, name), node))
    },
    open: ({ path }) => {
      const inode = nodeAt(path)?.inode
      if (inode === undefined) return bufferReader(new Uint8Array(0))
      const { offset, size, sparse } = inode.member
      const stored = windowReader(layers[inode.layer]!.content, offset, size)
      return sparse === undefined ? stored : sparseReader(stored, sparse)
    },
  }
}

function entryOf(path: RootPath, { inode, children }: Node): Entry {
  if (inode === undefined) return { kind: 'directory', path, mode: 0o755, uid: 0, gid: 0 }
  const { member, layer } = inode
  const { mode, uid, gid, xattrs } = member
  const common = { path, mode, uid, gid, ...(xattrs === undefined ? {} : { xattrs }) }
  if (children !== undefined) return { kind: 'directory', ...common }
  if (member.kind === 'symlink') return { kind: 'symlink', ...common, mode: 0o777, target: member.target }
  if (member.kind !== 'file') return { kind: 'special', ...common }
  const size = member.sparse?.size ?? member.size
  return { kind: 'file', ...common, size, identity: `${layer}:${member.offset}` }
}
