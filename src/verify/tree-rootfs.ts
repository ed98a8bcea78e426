import { bufferReader } from '../bytes.js'
import type { Packing } from '../pack/packing.js'
import { parent } from '../rootfs/path.js'
import type { RootFs } from '../rootfs/rootfs.js'

/** The tree of a lift as a root. */
export function treeRootFs({ tree, open }: Pick<Packing, 'tree' | 'open'>): RootFs {
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
