import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liftTree } from '../../src/lift/lift-image.js'
import { keptUser } from '../../src/lift/user.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { debianTree, program, smallImage } from '../support/small-image.js'

const PASSWD = { '/etc/passwd': 'root:x:0:0::/root:\nplain:x:5:6::/:\napp:x:1000:1001::/srv/app:\n' }
const GROUP = { '/etc/group': 'app:x:1001:\ndisk:x:6:app\ncdrom:x:24:other,app\n' }
const BOTH = { ...PASSWD, ...GROUP }

/** The user of an image that has both files, kept in a root with these. */
async function kept(
  user: string,
  lifted: Readonly<Record<string, string>> = {},
  env: readonly string[] = [],
) {
  const image = smallImage(BOTH, { config: { user, env } })
  const { findings, ...said } = await keptUser(image, memoryRootFs(lifted))
  return { ...said, lost: findings.map((one) => (one.kind === 'groups-lost' ? one.groups : one.kind)) }
}

test('a user is kept in numbers, with the home that only the image knows', async () => {
  assert.deepEqual(await kept('app:disk'), { userNumbers: '1000:6', userHome: '/srv/app', lost: [] })
  assert.deepEqual(await kept('1000:7'), { userNumbers: '1000:7', userHome: '/srv/app', lost: [] })
})

test('a home that engines find by themselves is not told', async () => {
  assert.deepEqual(await kept('app:disk', PASSWD), { userNumbers: '1000:6', lost: [] })
  assert.deepEqual(await kept('plain'), { userNumbers: '5:6', lost: [] })
  assert.deepEqual(await kept('77'), { userNumbers: '77:0', lost: [] })
})

test('a home that the environment of the image says is the home', async () => {
  assert.equal((await kept('app', {}, ['HOME=/other'])).userHome, undefined)
  assert.equal((await kept('app', {}, ['HOME='])).userHome, '/srv/app', 'nothing is no home')
  assert.equal((await kept('app', {}, ['HOMES=/other'])).userHome, '/srv/app')
})

test('supplementary groups that no file of the lift knows are told to be lost', async () => {
  for (const user of ['app', '1000']) {
    assert.deepEqual(await kept(user), { userNumbers: '1000:1001', userHome: '/srv/app', lost: [[6, 24]] })
    assert.deepEqual(await kept(user, PASSWD), { userNumbers: '1000:1001', lost: [[6, 24]] })
    assert.deepEqual((await kept(user, GROUP)).lost, [[6, 24]])
  }
})

test('with the files of the image a user is kept without a group, since one that is named is the only one', async () => {
  for (const user of ['app', '1000'])
    assert.deepEqual(await kept(user, BOTH), { userNumbers: '1000', lost: [] })
})

test('files that say something else of the groups are of no use', async () => {
  const other = { ...PASSWD, '/etc/group': 'disk:x:6:app\n' }
  assert.deepEqual(await kept('app', other), { userNumbers: '1000:1001', lost: [[6, 24]] })
})

test('of an image without a user nothing is kept, and of an unknown one nothing but the name', async () => {
  assert.deepEqual(await kept(''), { lost: [] })
  assert.deepEqual(await kept('gone'), { lost: ['user-unknown'] })
})

test('what is lifted along says who the user is', async () => {
  const tree = debianTree({ '/usr/bin/x': program(), ...BOTH })
  const lifted = async (include: readonly string[]) => {
    const { image, findings } = await liftTree(smallImage(tree, { config: { user: 'app' } }), ['x'], {
      include,
    })
    return [image.userNumbers, image.userHome, findings.some(({ kind }) => kind === 'groups-lost')]
  }
  assert.deepEqual(await lifted([]), ['1000:1001', '/srv/app', true])
  assert.deepEqual(await lifted(['/etc/passwd', '/etc/group']), ['1000', undefined, false])
})
