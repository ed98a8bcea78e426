import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { walk } from '../../src/rootfs/walk.js'

async function paths(tree: Readonly<Record<string, MemoryNode>>, from: RootPath): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { path } of walk(memoryRootFs(tree), from)) found.push(path)
  return found
}

test('parents come before children and siblings by name', async () => {
  const tree = { '/b/y': '', '/b/x/deep': '', '/a': '', '/c': { directory: true } } as const
  assert.deepEqual(await paths(tree, '/'), ['/a', '/b', '/b/x', '/b/x/deep', '/b/y', '/c'])
})

test('only what is below the directory is given', async () => {
  const tree = { '/a/b/c': '', '/a/bc': '', '/d': '' }
  assert.deepEqual(await paths(tree, '/a/b'), ['/a/b/c'])
})

test('links are given and not followed, so that a circle of them ends', async () => {
  const tree = { '/a/up': { link: '..' }, '/a/x': '', '/b': { link: 'a' } }
  assert.deepEqual(await paths(tree, '/'), ['/a', '/a/up', '/a/x', '/b'])
  assert.deepEqual(await paths(tree, '/b'), [])
})

test('a file or nothing has nothing below', async () => {
  assert.deepEqual(await paths({ '/a': '' }, '/a'), [])
  assert.deepEqual(await paths({}, '/none'), [])
  assert.deepEqual(await paths({}, '/'), [])
})
