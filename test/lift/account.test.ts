import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf } from '../../src/lift/account.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'

const root = memoryRootFs({
  '/etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh',
    '',
    'app:x:1000:1001::/app:/bin/sh',
    'other:x:1000:7::/other:/bin/sh',
    'app:x:1002:1003::/second:/bin/sh',
    '5:x:50:51::/:/x',
    'odd:x:-1:0::/:/x',
    'groupless:x:60::::',
    '  spaced:x:61:62::/spaced:/x\r',
    'short',
  ].join('\n'),
  '/etc/group':
    'root:x:0:\nstaff:x:20:app\ndisk:x:6:other,app\nmine:x:1001:app\n9:x:0:\nnear:x:8:appendix\n\n',
})

/** As USER would have it: the user and the first group, or who is unknown. */
async function numbersOf(user: string | undefined, rootfs = root): Promise<string> {
  const account = await accountOf(rootfs, user)
  return 'unknown' in account ? `no ${account.unknown} ${account.name}` : `${account.uid}:${account.gids[0]}`
}

const CASES: readonly (readonly [string, string, string])[] = [
  ['app', '1000:1001', 'a name has the numbers of its first line'],
  ['1000', '1000:1001', 'a number has the group of its first line'],
  ['77', '77:0', 'a number without a line has the group 0'],
  ['5', '5:0', 'what looks like a number is no name, whatever the lines say'],
  ['01000:020', '1000:20', 'a number may have zeros before it'],
  ['app:9', '1000:9', 'the same is true of groups'],
  ['app:staff', '1000:20', 'a group may be named'],
  ['app:7', '1000:7', 'a group may be a number without a line'],
  ['app:', '1000:1001', 'an empty group is none'],
  ['groupless', '60:0', 'a line without a group means the group 0'],
  ['spaced', '61:62', 'blanks around a line count for nothing'],
  [':staff', 'no user ', 'a group alone is no user'],
  ['gone', 'no user gone', 'an unknown name is nobody'],
  ['app:gone', 'no group gone', 'an unknown group is none'],
  ['odd', 'no user odd', 'a line without a sound number is of no use'],
  ['short', 'no user short', 'nor is one without a number'],
  ['-1', 'no user -1', 'no number is negative'],
  ['4294967295', 'no user 4294967295', 'the last number stands for nobody'],
  ['4294967296', 'no user 4294967296', 'numbers have 32 bits'],
]

for (const [user, expected, rule] of CASES) {
  test(`a user of a root: ${rule}`, async () => {
    assert.equal(await numbersOf(user), expected)
  })
}

test('nothing said is root', async () => {
  for (const user of [undefined, '', '0'])
    assert.deepEqual(await accountOf(root, user), { uid: 0, gids: [0], home: '/root' })
})

test('who names no group is in all that list the name, in each once', async () => {
  for (const user of ['app', '1000'])
    assert.deepEqual(await accountOf(root, user), { uid: 1000, gids: [1001, 20, 6], home: '/app' })
  assert.deepEqual(await accountOf(root, 'app:disk'), { uid: 1000, gids: [6], home: '/app' })
})

test('the home is that of the first line with the number, whatever the name', async () => {
  assert.deepEqual(await accountOf(root, 'other'), { uid: 1000, gids: [7, 6], home: '/app' })
})

test('without account files only numbers are known', async () => {
  const none = memoryRootFs({})
  assert.deepEqual(await accountOf(none, '3'), { uid: 3, gids: [0], home: '/' })
  assert.deepEqual([await numbersOf('3:4', none), await numbersOf('root', none)], ['3:4', 'no user root'])
})

test('a file that is far too large is no list of accounts, and a link to one is followed', async () => {
  const lines = 'app:x:1:2::/:\n'
  const linked = memoryRootFs({ '/etc/passwd': { link: '../usr/accounts' }, '/usr/accounts': lines })
  const large = memoryRootFs({ '/etc/passwd': lines + ' '.repeat(1 << 20) })
  assert.deepEqual([await numbersOf('app', linked), await numbersOf('app', large)], ['1:2', 'no user app'])
})
