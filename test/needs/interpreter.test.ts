import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsOf } from '../support/need-subject.js'

const library = { path: '/usr/lib/libpython3.11.so.1.0', soname: 'libpython3.11.so.1.0' } as const
const parts = { library, defines: ['Py_Initialize'], tree: { '/usr/lib/python3.11/os.py': '' } }
const PYTHON = '/usr/lib/python3.11'

test('a program with the interpreter of one language in it needs what that starts with', async () => {
  for (const needed of [['libpython3.11.so.1.0', 'libz.so.1'], []])
    assert.ok((await needsOf('python', 'likely', { ...parts, needed })).includes(PYTHON))
})

test('a program with those of several starts each when it is told to', async () => {
  const needed = ['libpython3.11.so.1.0', 'libruby-3.1.so.3.1']
  assert.deepEqual(await needsOf('python', 'likely', { ...parts, needed }), [])
  assert.ok((await needsOf('python', 'possible', { ...parts, needed })).includes(PYTHON))
})

test('two libraries of one language are one', async () => {
  const needed = ['libpython3.11.so.1.0', 'libpython3.so']
  assert.ok((await needsOf('python', 'likely', { ...parts, needed })).includes(PYTHON))
})
