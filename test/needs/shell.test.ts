import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

test('a program that has command lines run by the C library needs a shell', async () => {
  for (const symbol of ['system', 'popen'])
    assert.deepEqual(await needsOf('shell', 'likely', { imports: [symbol] }), ['/bin/sh'])
})

test('a library may offer that and never do it', async () => {
  const library = { path: '/usr/lib/liba.so', soname: 'liba.so' } as const
  assert.deepEqual(await needsOf('shell', 'likely', { library, imports: ['system'] }), [])
  assert.deepEqual(await needsOf('shell', 'possible', { library, imports: ['system'] }), ['/bin/sh'])
})

test('to expand words takes a shell for some of them, to start a program none', async () => {
  assert.deepEqual(await needsOf('shell', 'possible', { imports: ['wordexp'] }), ['/bin/sh'])
  assert.deepEqual(await allNeedsOf('shell', { imports: ['execve', 'posix_spawn', 'pclose'] }), [])
})
