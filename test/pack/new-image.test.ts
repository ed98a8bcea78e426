import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiftError } from '../../src/errors.js'
import { liftTree } from '../../src/lift/lift-image.js'
import { checkNewImageOptions, type NewImageOptions, newImage } from '../../src/pack/new-image.js'
import { debianTree, type ImageParts, library, program, smallImage } from '../support/small-image.js'

const tree = debianTree({
  '/usr/bin/x': program(),
  '/usr/bin/y': program(),
  '/usr/lib/libz.so': library('libz.so'),
  '/etc/passwd': 'app:x:1000:1001::/home/app:/x',
})

async function made(
  config: ImageParts['config'] = {},
  options: NewImageOptions = {},
  binaries: readonly string[] = ['x', 'y'],
) {
  const image = smallImage(tree, { ...(config === undefined ? {} : { config }) })
  return newImage(await liftTree(image, binaries), image, options)
}

test('the first program is the entrypoint, with the words that the source starts it with', async () => {
  const { config } = await made({ entrypoint: ['x', '-a'], cmd: ['b'] })
  assert.deepEqual([config.entrypoint, config.cmd], [['/usr/bin/x', '-a'], ['b']])
  const plain = (await made()).config
  assert.deepEqual([plain.entrypoint, plain.cmd], [['/usr/bin/x'], []])
})

test('an entrypoint of the options stands alone, and a CMD of the options replaces that of the source', async () => {
  const source = { entrypoint: ['x', '-a'], cmd: ['b'] }
  const one = (await made(source, { entrypoint: ['/usr/bin/y'] })).config
  assert.deepEqual([one.entrypoint, one.cmd], [['/usr/bin/y'], []])
  const other = (await made(source, { cmd: ['c'] })).config
  assert.deepEqual([other.entrypoint, other.cmd], [['/usr/bin/x', '-a'], ['c']])
})

test('a library is nothing to start', async () => {
  const { config } = await made({}, {}, ['/usr/lib/libz.so'])
  assert.deepEqual(config.entrypoint, [])
})

test('environment, ports, volumes and stop signal of the source are kept, and the options come over them', async () => {
  const { config } = await made(
    {
      env: ['PATH=/usr/bin', 'A=1', 'B=\n'],
      exposedPorts: ['80/tcp'],
      volumes: ['/data'],
      stopSignal: 'SIGQUIT',
      workingDir: '/usr',
    },
    { env: ['A=2', 'C=a=b'], workdir: '/etc' },
  )
  assert.deepEqual(config.env, ['PATH=/usr/bin', 'A=2', 'B=\n', 'C=a=b'])
  assert.deepEqual(
    [config.exposedPorts, config.volumes, config.stopSignal, config.workingDir],
    [['80/tcp'], ['/data'], 'SIGQUIT', '/etc'],
  )
})

test('a working directory is one from the root, as WORKDIR is', async () => {
  assert.equal((await made({}, { workdir: 'srv/x' })).config.workingDir, '/srv/x')
  assert.equal((await made({ workingDir: 'srv' })).config.workingDir, '/srv')
})

test('the user of the source is kept in numbers, since the new image may not know names', async () => {
  assert.equal((await made({ user: 'app' })).config.user, '1000:1001')
  assert.equal((await made({ user: 'app' }, { user: '7' })).config.user, '7')
  assert.equal((await made()).config.user, undefined)
})

test("the home of the source's user is told, unless the options say another home or another user", async () => {
  const source = { user: 'app', env: ['A=1'] }
  assert.deepEqual((await made(source)).config.env, ['A=1', 'HOME=/home/app'])
  assert.deepEqual((await made(source, { env: ['HOME=/x'] })).config.env, ['A=1', 'HOME=/x'])
  assert.deepEqual((await made(source, { user: '7' })).config.env, ['A=1'])
  assert.deepEqual((await made({ ...source, env: ['HOME=', 'A=1'] })).config.env, ['HOME=/home/app', 'A=1'])
})

test('an unknown user is not turned into root', async () => {
  assert.equal((await made({ user: 'gone' })).config.user, 'gone')
})

test('labels of the source are kept, but not those that say what the source is', async () => {
  const labels = {
    vendor: 'V',
    'org.opencontainers.image.title': 'Base',
    'org.opencontainers.image.version': '1',
    'org.opencontainers.image.source': 'https://example.org',
  }
  const { config } = await made({ labels }, { labels: ['a=b=c', 'vendor=W'] })
  assert.deepEqual(config.labels, {
    vendor: 'W',
    'org.opencontainers.image.source': 'https://example.org',
    a: 'b=c',
  })
})

test('annotations name the source by its whole name, and its digest', async () => {
  const { annotations } = await made({}, { annotations: ['k=v'] })
  assert.deepEqual(annotations, {
    'org.opencontainers.image.base.name': 'docker.io/library/small:latest',
    'org.opencontainers.image.base.digest': `sha256:${'ab'.repeat(32)}`,
    k: 'v',
  })
})

test('no annotation holds a path of the host', async () => {
  const image = { ...smallImage(tree), reference: 'dir:/home/me/root' }
  const { annotations } = newImage(await liftTree(image, ['x']), image, {})
  assert.deepEqual(Object.keys(annotations), ['org.opencontainers.image.base.digest'])
})

for (const options of [{ env: ['A'] }, { labels: ['=x'] }, { annotations: ['b'] }]) {
  const [name] = Object.keys(options)
  test(`${name} that are not NAME=value are wrong usage`, async () => {
    await assert.rejects(made({}, options), (error) => error instanceof LiftError && error.code === 'usage')
  })
}

test('a user of the options is a number, since the new image may know no names', () => {
  for (const user of ['app', '0x7', '1:', ':1', '1:b', '-1'])
    assert.throws(() => checkNewImageOptions({ user }), { code: 'usage' }, user)
  for (const user of ['', '0', '65534', '1:2']) checkNewImageOptions({ user })
})
