import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInChroot } from '../../src/source/chroot.js'

const COMMAND = { argv: ['/lib/ld.so'], env: {} } as const

test('whoever is not root runs nothing in a directory', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 1000)
  await assert.rejects(runInChroot('/nowhere', { ...COMMAND, user: 'nobody' }), {
    code: 'unsupported',
    message: /needs root/,
  })
})

test('nothing runs as root in a directory', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 0)
  await assert.rejects(runInChroot('/nowhere', { ...COMMAND, user: 'superuser' }), {
    code: 'unsupported',
    message: /nobody/,
  })
})
