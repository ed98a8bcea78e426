import { bufferReader } from '../bytes.js'
import { parent } from '../rootfs/path.js'
import type { RootFs } from '../rootfs/rootfs.js'
import type { TreeEntry } from './tree.js'

/** A tree, and the content of those of its files that have no bytes of their own. */
export interface ReadableTree extends Pick<RootFs, 'open'> {
  readonly tree: readonly TreeEntry[]
}

/** The tree of a lift as a root. */
export function treeRootFs({ tree, open }: ReadableTree): RootFs {
  const byPath = new Map(tree.map((one) => [one.entry.path, one]))
  const entries = tree.map(({ entry }) => entry)
  return {
    lstat: async (path) => byPath.get(path)?.entry,
    list: async (directory) => entries.filter(({ path }) => path !== '/' && parent(path) === directory),
    open: (file) => {
      const bytes = byPath.get(file.path)?.bytes
      return bytes === undefined ? open(file) : bufferReader(bytes)
    },
  }
}
