import assert from 'node:assert/strict'
import { test } from 'node:test'
import { basename, components, isInside, join, normalise, parent } from '../../src/rootfs/path.js'

test('components are what lies between slashes, without dots, with ..', () => {
  assert.deepEqual(components('//a/./b/../c/'), ['a', 'b', '..', 'c'])
  assert.deepEqual(components('a. /.b'), ['a. ', '.b'])
  assert.deepEqual([components('/'), components('')], [[], []])
})

test('the normal form has no dots, takes .. away with what is before it, and stops at the root', () => {
  const normal = {
    '/a/b/../c': '/a/c',
    '/../../a': '/a',
    'a//b/.': '/a/b',
    '/a/..': '/',
    '': '/',
    '/...': '/...',
  }
  for (const [path, wanted] of Object.entries(normal)) assert.equal(normalise(path), wanted, path)
})

test('a name is joined as text, an absolute one stays', () => {
  assert.equal(join('/a', 'b/../c'), '/a/b/../c')
  assert.equal(join('/', 'b'), '/b')
  assert.equal(join('/a/', 'b'), '/a/b')
  assert.equal(join('/a', '/b'), '/b')
})

test('the parent of the root is the root', () => {
  assert.deepEqual([parent('/'), parent('/a'), parent('/a/b')], ['/', '/', '/a'])
})

test('the last component is what is behind the last slash', () => {
  assert.deepEqual([basename('/a/b'), basename('b'), basename('/a/'), basename('/')], ['b', 'b', '', ''])
})

test('a directory holds itself and what is below, not what only begins alike', () => {
  assert.deepEqual(
    [
      isInside('/a', '/a'),
      isInside('/a/b', '/a'),
      isInside('/ab', '/a'),
      isInside('/', '/a'),
      isInside('/x', '/'),
    ],
    [true, true, false, false, true],
  )
})
