import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiftError } from '../../src/errors.js'
import type { TreeEntry } from '../../src/lift/tree.js'
import { orderedTree } from '../../src/pack/ordered.js'
import { packingOf } from '../support/packing.js'

function refuses(tree: readonly TreeEntry[], word: string): void {
  assert.throws(
    () => orderedTree(tree),
    (error: LiftError) => error.code === 'unreadable' && error.message.includes(word),
  )
}

test('a directory comes before what lies in it, whatever the order given', () => {
  const { tree } = packingOf({ '/b/c/d': 'x', '/b-': 'x', '/b.': 'x', '/a': 'x' })
  const paths = orderedTree(tree.toReversed()).map(({ entry }) => entry.path)
  assert.deepEqual(paths, ['/a', '/b', '/b-', '/b.', '/b/c', '/b/c/d'])
})

test('a path that leads through a link or a file is refused', () => {
  const inside = packingOf({ '/a/b': 'x' }).tree.filter(({ entry }) => entry.kind === 'file')
  refuses([...packingOf({ '/a': { link: '/etc' } }).tree, ...inside], '/a/b')
  refuses([...packingOf({ '/a': 'file' }).tree, ...inside], '/a/b')
  refuses(inside, '/a/b')
})

test('a path that is not clean is refused', () => {
  for (const path of ['/../x', '/a/../../x', '/./x', '//x', '/x/', '/x\0y', 'x']) {
    const { tree } = packingOf({ '/x': 'x' })
    refuses(
      tree.map((one) => ({ ...one, entry: { ...one.entry, path: path as '/x' } })),
      'clean',
    )
  }
})

test('a path that comes twice is refused', () => {
  const { tree } = packingOf({ '/x': 'x' })
  refuses([...tree, ...tree], 'twice')
})
