import assert from 'node:assert/strict'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { follow, type Trail } from '../../src/rootfs/follow.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { normalise } from '../../src/rootfs/path.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { diskTree } from '../support/disk-tree.js'
import { fuzz } from '../support/fuzz.js'
import { randomPath, randomTree } from '../support/fuzz-links.js'

/** 40 links of 8 components each, and the path itself. */
const MOST_LOOKS = 41 * 8 + 1

fuzz({
  title: 'a path through hostile links ends after a bounded number of looks, inside of the root',
  rounds: 400,
  round: async (random) => {
    const { rootfs, looks } = counted(memoryRootFs(randomTree(random)))
    for (const path of random.several(5, 5, () => randomPath(random))) {
      const before = looks.count
      const trail = await follow(rootfs, path)
      assert(looks.count - before <= MOST_LOOKS, `${looks.count - before} looks for ${path}`)
      assert(trail.links.length <= 40)
      for (const entry of [...trail.links, ...(trail.end === undefined ? [] : [trail.end])])
        assert.equal(entry.path, normalise(entry.path))
      assert.equal(trail.end === undefined, trail.fault !== undefined)
      assert.notEqual(trail.end?.kind, 'symlink')
    }
  },
})

/** Beside the root lie files of the same names, which a path that leaves it would find. */
fuzz({
  title: 'a folder on disk answers each path as the same tree in memory, and never with what lies beside it',
  rounds: 60,
  share: 0.05,
  round: async (random) => {
    const tree = randomTree(random)
    const disk = diskTree({ ...prefixed('/root', tree), ...OUTSIDE })
    try {
      const onDisk = directoryRootFs(`${disk.directory}/root`)
      const inMemory = memoryRootFs(tree)
      for (const path of random.several(20, 20, () => randomPath(random))) {
        assert.deepEqual(told(await follow(onDisk, path)), told(await follow(inMemory, path)), path)
      }
    } finally {
      disk.remove()
    }
  },
})

const OUTSIDE: Readonly<Record<string, MemoryNode>> = {
  '/a': 'outside',
  '/b/a': 'outside',
  '/c/c/c': 'outside',
  '/d': { link: '/' },
}

function prefixed(prefix: string, tree: Readonly<Record<string, MemoryNode>>): Record<string, MemoryNode> {
  const moved = Object.entries(tree).map(([path, node]) => [`${prefix}${path}`, node] as const)
  return { [prefix]: { directory: true }, ...Object.fromEntries(moved) }
}

/** What a trail says, without owners and modes, which are the test's own on disk. */
function told({ asked, links, stones, end, fault }: Trail) {
  const size = end?.kind === 'file' ? end.size : undefined
  return { asked, stones, fault, end: end?.path, kind: end?.kind, size, links: links.map(({ path }) => path) }
}

function counted(inner: RootFs): { rootfs: RootFs; looks: { count: number } } {
  const looks = { count: 0 }
  const lstat: RootFs['lstat'] = (path) => {
    looks.count++
    return inner.lstat(path)
  }
  return { rootfs: { ...inner, lstat }, looks }
}
