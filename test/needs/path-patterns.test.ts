import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootFiles } from '../../src/loader/files.js'
import { pathsOf } from '../../src/needs/path-patterns.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { type SubjectParts, subjectOf } from '../support/need-subject.js'
import type { Tree } from '../support/small-image.js'

async function paths(pattern: string, tree: Tree = {}, parts: SubjectParts = {}) {
  return pathsOf(pattern, await subjectOf(parts), rootFiles(memoryRootFs(tree)))
}

const DEBIAN = { libcPath: '/usr/lib/x86_64-linux-gnu/libc.so.6' } as const
const UNMERGED = { libcPath: '/lib/x86_64-linux-gnu/libc.so.6' } as const

test('{lib} is where the C library lies', async () => {
  assert.deepEqual(await paths('{lib}/gconv', {}, DEBIAN), ['/usr/lib/x86_64-linux-gnu/gconv'])
  assert.deepEqual(await paths('{lib}/gconv', {}, { libcPath: '/usr/lib64/libc.so.6' }), ['/usr/lib64/gconv'])
})

test('{lib} is below /usr as well where the C library lies apart from what is there', async () => {
  assert.deepEqual(await paths('{lib}/gconv', {}, UNMERGED), [
    '/lib/x86_64-linux-gnu/gconv',
    '/usr/lib/x86_64-linux-gnu/gconv',
  ])
})

test('with musl {lib} is where everything but the C library lies', async () => {
  assert.deepEqual(await paths('{lib}/sasl2', {}, { dialect: 'musl', libcPath: '/lib/libc.so.6' }), [
    '/usr/lib/sasl2',
  ])
})

test('{triplet} is the name of that directory', async () => {
  assert.deepEqual(await paths('/opt/{triplet}/x', {}, DEBIAN), ['/opt/x86_64-linux-gnu/x'])
  assert.deepEqual(await paths('/opt/{triplet}/x', {}, UNMERGED), ['/opt/x86_64-linux-gnu/x'])
})

test('a path without a pattern is given whether the image has it or not', async () => {
  assert.deepEqual(await paths('/etc/x'), ['/etc/x'])
})

test('a * stands for any part of a name, in each component', async () => {
  const tree = {
    '/usr/lib/M-6.9/modules-Q16/coders/a.so': '',
    '/usr/lib/M-7/modules-/coders/a.so': '',
    '/usr/lib/M/modules-1/coders/a.so': '',
    '/usr/lib/M-8/module/coders/a.so': '',
    '/usr/lib/M-9': 'a file',
  }
  assert.deepEqual(await paths('{lib}/M-*/modules-*/coders', tree), [
    '/usr/lib/M-6.9/modules-Q16/coders',
    '/usr/lib/M-7/modules-/coders',
  ])
})

test('the pieces of a pattern stand in a name in their order without overlap', async () => {
  const tree = { '/d/abcab': '', '/d/ab': '', '/d/aab': '', '/d/.ab': '', '/d/bca': '' }
  assert.deepEqual(await paths('/d/ab*ab', tree), ['/d/abcab'])
  assert.deepEqual(await paths('/d/*a*b', tree), ['/d/aab', '/d/ab', '/d/abcab'])
  assert.deepEqual(await paths('/d/a*c*b', tree), ['/d/abcab'])
  assert.deepEqual(await paths('/d/a*b*b*', tree), ['/d/abcab'])
})

test('a pattern that the image has nothing for stands for nothing', async () => {
  for (const tree of [{}, { '/d': 'a file' }, { '/d': { link: 'd' } }])
    assert.deepEqual(await paths('/d/x*/y', tree), [])
})

test('a directory with any number of names is cut', async () => {
  const tree = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`/d/x${index}/y`, '']))
  assert.ok((await paths('/d/x*/y', tree)).length < 100)
})
