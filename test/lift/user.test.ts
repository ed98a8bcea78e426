import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numericUser } from '../../src/lift/user.js'
import { rootFiles } from '../../src/loader/files.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'

const files = rootFiles(
  memoryRootFs({
    '/etc/passwd':
      'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/app:/bin/sh\n5:x:50:51::/:/x\nodd:x:-1:0::/:/x\n',
    '/etc/group': 'root:x:0:\nstaff:x:20:app\n9:x:0:\n',
  }),
)

const CASES: readonly (readonly [string, string | undefined, string])[] = [
  ['app', '1000:1001', 'a name has the numbers of its line'],
  ['1000', '1000:1001', 'a number has the group of its line'],
  ['77', '77:0', 'a number without a line has the group 0'],
  ['5', '5:0', 'what looks like a number is no name, whatever the lines say'],
  ['01000:020', '1000:20', 'a number may have zeros before it'],
  ['app:9', '1000:9', 'the same is true of groups'],
  ['app:staff', '1000:20', 'a group may be named'],
  ['app:7', '1000:7', 'a group may be a number without a line'],
  ['app:', '1000:1001', 'an empty group is none'],
  [':staff', undefined, 'a group alone is no user'],
  ['gone', undefined, 'an unknown name is nobody'],
  ['app:gone', undefined, 'an unknown group makes the user unknown'],
  ['odd', undefined, 'a line without a sound number is of no use'],
  ['4294967296', undefined, 'numbers have 32 bits'],
]

for (const [user, expected, rule] of CASES) {
  test(`a user in numbers: ${rule}`, async () => {
    assert.equal(await numericUser(files, user), expected)
  })
}

test('without account files only numbers are known', async () => {
  const none = rootFiles(memoryRootFs({}))
  assert.deepEqual([await numericUser(none, '3:4'), await numericUser(none, 'root')], ['3:4', undefined])
})
