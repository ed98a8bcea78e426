import { cachedRootFs } from '../../src/rootfs/cached.js'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { diskTree } from '../support/disk-tree.js'
import { layeredTree } from '../support/layered-tree.js'
import { rootFsContract } from '../support/rootfs-contract.js'

rootFsContract('memory', async (tree) => ({ rootfs: memoryRootFs(tree), close: async () => {} }))

rootFsContract('cached', async (tree) => ({
  rootfs: cachedRootFs(memoryRootFs(tree)),
  close: async () => {},
}))

rootFsContract('directory', async (tree) => {
  const { directory, remove } = diskTree(tree)
  return { rootfs: directoryRootFs(directory), close: async () => remove() }
})

for (const layers of [1, 3]) {
  rootFsContract(`${layers} layers`, async (tree) => ({
    rootfs: await layeredTree(tree, layers),
    close: async () => {},
  }))
}
