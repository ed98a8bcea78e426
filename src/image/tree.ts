import { type ByteReader, bufferReader, windowReader } from '../bytes.js'
import { components, join, type RootPath } from '../rootfs/path.js'
import type { Entry, RootFs } from '../rootfs/rootfs.js'
import { sparseReader } from './sparse.js'
import type { TarEntry } from './tar-header.js'

/** A name in the tree that layers make together. */
export interface Tree {
  /** Undefined for a directory that is there only because something lies in it. */
  readonly inode: { readonly member: Content; readonly layer: number } | undefined
  /** Of a directory. */
  readonly children: Children | undefined
}

/** What lies in a directory, by name. */
export interface Children extends Iterable<readonly [string, Tree]> {
  get(name: string): Tree | undefined
}

/** What a member of a tar says of a file, whatever its name. */
export interface Content
  extends Pick<TarEntry, 'kind' | 'mode' | 'uid' | 'gid' | 'size' | 'offset' | 'target'> {
  /** Undefined for a directory that nothing describes. */
  readonly mtime: TarEntry['mtime'] | undefined
  readonly sparse?: TarEntry['sparse'] | undefined
  readonly xattrs?: TarEntry['xattrs'] | undefined
}

/** A tree as a root file system; `contents` are the uncompressed tars of its layers. */
export function treeRootFs(root: Tree, contents: readonly ByteReader[]): RootFs {
  const treeAt = (path: RootPath): Tree | undefined => {
    let tree: Tree | undefined = root
    for (const name of components(path)) tree = tree?.children?.get(name)
    return tree
  }
  return {
    lstat: async (path) => {
      const tree = treeAt(path)
      return tree === undefined ? undefined : entryOf(path, tree)
    },
    list: async (directory) =>
      inOrder(treeAt(directory)).map(([name, tree]) => entryOf(join(directory, name), tree)),
    open: ({ path }) => {
      const inode = treeAt(path)?.inode
      if (inode === undefined) return bufferReader(new Uint8Array(0))
      const { offset, size, sparse } = inode.member
      const stored = windowReader(contents[inode.layer]!, offset, size)
      return sparse === undefined ? stored : sparseReader(stored, sparse)
    },
  }
}

function inOrder(directory: Tree | undefined): (readonly [string, Tree])[] {
  const inside = directory?.children
  if (inside === undefined) return []
  const names = Array.from(inside, ([name]) => name).sort()
  return names.map((name) => [name, inside.get(name)!])
}

function entryOf(path: RootPath, { inode, children }: Tree): Entry {
  if (inode === undefined) return { kind: 'directory', path, mode: 0o755, uid: 0, gid: 0 }
  const { member, layer } = inode
  const { mode, uid, gid, mtime, xattrs } = member
  const common = {
    path,
    mode,
    uid,
    gid,
    ...(mtime === undefined ? {} : { mtime }),
    ...(xattrs === undefined ? {} : { xattrs }),
  }
  if (children !== undefined) return { kind: 'directory', ...common }
  if (member.kind === 'symlink') return { kind: 'symlink', ...common, mode: 0o777, target: member.target }
  if (member.kind !== 'file') return { kind: 'special', ...common }
  const size = member.sparse?.size ?? member.size
  return { kind: 'file', ...common, size, identity: `${layer}:${member.offset}` }
}
