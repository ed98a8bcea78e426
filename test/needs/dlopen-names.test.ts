import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

const asks = (texts: readonly string[], imports = ['dlopen']) =>
  needsOf('dlopen-names', 'possible', { imports, texts, needed: ['libn.so.1'] })

test('names of libraries are needs of what opens libraries by itself', async () => {
  const texts = ['libz.so', 'libX11.so.6', 'plugin.so', 'libstdc++.so.6', '/opt/x/lib.d/libq.so.1.2']
  for (const symbol of ['dlopen', 'dlmopen', 'g_module_open', 'lt_dlopenext'])
    assert.deepEqual(await asks(texts, [symbol]), texts)
})

test('what opens nothing has no such needs', async () => {
  assert.deepEqual(await asks(['libz.so'], ['dlsym', 'execve']), [])
})

test('patterns, parts of names and relative paths are no names of libraries', async () => {
  const texts = [
    'lib%s.so',
    '*.so',
    '.so',
    'libz.so.x',
    'libz.sox',
    'dir/libz.so',
    '/libz',
    'libz.so:libq.so',
  ]
  assert.deepEqual(await allNeedsOf('dlopen-names', { imports: ['dlopen'], texts }), [])
})

test('what is loaded or needed anyway is not told again', async () => {
  assert.deepEqual(await asks(['libn.so.1', 'libc.so.6', '/usr/lib/libc.so.6', 'libc.so.5']), ['libc.so.5'])
})
