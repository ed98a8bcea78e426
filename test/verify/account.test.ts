import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { knownAccount } from '../../src/verify/account.js'

const root = memoryRootFs({
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nme:x:1000:1001::/home/me:\n\nodd\n',
  '/etc/group': 'root:x:0:\nmine:x:1001:\ndisk:x:6:other,me\n\n',
})
const empty = memoryRootFs({})

test('a user is a name or a number of the root, with the groups it is in', async () => {
  const me = { uid: 1000, gids: [1001, 6], home: '/home/me' }
  assert.deepEqual(await knownAccount(root, 'me'), me)
  assert.deepEqual(await knownAccount(root, '1000'), me)
  assert.deepEqual(await knownAccount(root, undefined), { uid: 0, gids: [0], home: '/root' })
})

test('a group that is named is the only one', async () => {
  assert.deepEqual((await knownAccount(root, 'me:disk')).gids, [6])
  assert.deepEqual((await knownAccount(root, '1000:77')).gids, [77])
})

test('numbers need no files', async () => {
  assert.deepEqual(await knownAccount(empty, '5'), { uid: 5, gids: [0], home: '/' })
  assert.deepEqual(await knownAccount(empty, ''), { uid: 0, gids: [0], home: '/' })
})

test('a name that nobody has is no account', async () => {
  for (const user of ['nobody', 'me:nogroup', '-1', '4294967295', '99999999999'])
    await assert.rejects(knownAccount(root, user), { code: 'file-not-found' }, user)
})
