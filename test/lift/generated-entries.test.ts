import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withGenerated } from '../../src/lift/generated-entries.js'
import type { TreeEntry } from '../../src/lift/tree.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'

const STATUS = '/var/lib/dpkg/status'

/** What a tree of some places of an image has for each path, once a file was generated in it. */
async function generated(image: Readonly<Record<string, MemoryNode>>, ...taken: readonly string[]) {
  const rootfs = memoryRootFs(image)
  const tree: TreeEntry[] = []
  for (const path of ['/', ...taken])
    tree.push({ entry: (await rootfs.lstat(path as RootPath))!, role: 'data' })
  const file = { path: STATUS as RootPath, bytes: Buffer.from('new'), mode: 0o644 }
  const all = await withGenerated(rootfs, tree, [file])
  return Object.fromEntries(
    all.map(({ entry, bytes }) => [
      entry.path,
      entry.kind === 'symlink' ? entry.target : bytes === undefined ? entry.kind : `${bytes}`,
    ]),
  )
}

test('a generated file lies in directories, also where the image has none of them', async () => {
  const expected = {
    '/': 'directory',
    '/var': 'directory',
    '/var/lib': 'directory',
    '/var/lib/dpkg': 'directory',
    [STATUS]: 'new',
  }
  assert.deepEqual(await generated({ [STATUS]: 'old' }), expected)
  assert.deepEqual(await generated({ '/var': { directory: true } }), expected)
})

test('where links lead to its directory, it lies there, and they come along', async () => {
  const image = { '/var': { link: '/data' }, '/data/lib/dpkg/status': 'old' }
  const expected = {
    '/': 'directory',
    '/data': 'directory',
    '/data/lib': 'directory',
    '/data/lib/dpkg': 'directory',
    '/data/lib/dpkg/status': 'new',
    '/var': '/data',
  }
  assert.deepEqual(await generated(image), expected)
  assert.deepEqual(await generated(image, '/var'), expected)
})

test('it takes the place of nothing, and lies below nothing but directories', async () => {
  const dangling = { '/var': { link: '/gone' } }
  assert.deepEqual(await generated(dangling, '/var'), { '/': 'directory', '/var': '/gone' })
  const image = { '/var': { link: '/data' }, '/data/lib/dpkg/status': 'old' }
  const taken = ['/data', '/data/lib', '/data/lib/dpkg', '/data/lib/dpkg/status']
  assert.equal((await generated(image, ...taken))['/data/lib/dpkg/status'], 'file')
})
