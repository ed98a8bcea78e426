import assert from 'node:assert/strict'
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
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

/** A path that climbs out of the folder ends elsewhere for the kernel, so it is not compared. */
fuzz({
  title: 'what the kernel finds by a path in a folder is what a walk finds',
  rounds: 60,
  share: 0.05,
  round: async (random) => {
    const tree = randomTree(random)
    const disk = diskTree({ '/root': { directory: true } })
    const root = `${realpathSync(disk.directory)}/root`
    for (const [path, node] of Object.entries(tree)) place(root, path, node)
    try {
      for (const path of random.several(20, 20, () => randomPath(random))) {
        const found = kernelPath(root, path)
        if (found !== undefined) assert.equal((await follow(memoryRootFs(tree), path)).end?.path, found, path)
      }
    } finally {
      disk.remove()
    }
  },
})

/** An absolute link is meant inside of the root, so on disk it names the folder too. */
function place(root: string, path: string, node: MemoryNode): void {
  if (typeof node === 'string') writeFileSync(`${root}${path}`, node)
  else if ('link' in node)
    symlinkSync(`${node.link.startsWith('/') ? root : ''}${node.link}`, `${root}${path}`)
  else mkdirSync(`${root}${path}`)
}

function kernelPath(root: string, path: string): string | undefined {
  try {
    const found = realpathSync.native(`${root}/${path}`)
    return found === root ? '/' : found.startsWith(`${root}/`) ? found.slice(root.length) : undefined
  } catch {
    return undefined
  }
}

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
