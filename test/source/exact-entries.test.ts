import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RootPath } from '../../src/rootfs/path.js'
import type { Entry, RootFs } from '../../src/rootfs/rootfs.js'
import { openImage } from '../../src/source/index.js'
import { type FakeEngine, fakeEngine } from '../support/fake-engine.js'
import { textAt } from '../support/rootfs-contract.js'
import { tarOf } from '../support/tar-builder.js'

const TREE = {
  '/': { directory: true, uid: 1, gid: 2, mtime: 3 },
  '/etc': { directory: true, uid: 4, mtime: 5 },
  '/etc/passwd': 'x',
  '/usr/lib': { directory: true, mode: 0o2750, uid: 33, gid: 34, mtime: 35 },
  '/usr/lib/large': { file: 'x'.repeat(4 << 20), uid: 36, gid: 37, mtime: 38 },
  '/usr/lib/other': { link: 'large', uid: 39 },
} as const
const LARGE = { Size: 2 ** 50 }

async function asked(rootfs: RootFs, ...paths: RootPath[]): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (const path of paths) entries.push((await rootfs.lstat(path)) ?? assert.fail(path))
  return rootfs.exact?.(entries) ?? assert.fail('nothing exact')
}

function owners(entries: readonly Entry[]) {
  return entries.map(({ path, uid, gid }) => `${path} ${uid}:${gid}`)
}

/** Requests for content, the first one (of the root's beginning) left out. */
function fetches({ requests }: FakeEngine): string[] {
  return requests
    .filter((line) => line.startsWith('GET /containers/'))
    .map((line) => line.slice(line.indexOf('=') + 1))
    .filter((path) => path !== '/')
}

test('a directory that was only passed through has its real owner when it is asked for exactly', async () => {
  await using engine = await fakeEngine({ demo: { tree: TREE, inspect: LARGE } })
  await using image = await openImage('docker:demo', { env: engine.env })
  assert.deepEqual(owners([(await image.rootfs.lstat('/usr/lib'))!]), ['/usr/lib 0:0'])
  const [exact] = await asked(image.rootfs, '/usr/lib')
  assert.deepEqual(exact, {
    kind: 'directory',
    path: '/usr/lib',
    mode: 0o2750,
    uid: 33,
    gid: 34,
    mtime: 35,
  })
  assert.deepEqual(await image.rootfs.lstat('/usr/lib'), exact)
})

test('a directory is fetched for its owner once, and not at all where its header has come', async () => {
  await using engine = await fakeEngine({ demo: { tree: TREE, inspect: LARGE } })
  await using image = await openImage('docker:demo', { env: engine.env })
  const { rootfs } = image
  assert.deepEqual(owners(await asked(rootfs, '/', '/etc', '/usr')), ['/ 1:2', '/etc 4:0', '/usr 0:0'])
  assert.deepEqual(fetches(engine), [])
  const [again] = await asked(rootfs, '/usr/lib')
  assert.deepEqual(owners([...(await asked(rootfs, '/usr/lib')), again!]), [
    '/usr/lib 33:34',
    '/usr/lib 33:34',
  ])
  assert.deepEqual(fetches(engine), ['/usr/lib'])
})

test('what lies in a directory whose owner was asked for can still be had', async () => {
  await using engine = await fakeEngine({ demo: { tree: TREE, inspect: LARGE } })
  await using image = await openImage('docker:demo', { env: engine.env })
  const { rootfs } = image
  await asked(rootfs, '/usr/lib')
  assert.equal(await rootfs.lstat('/usr/lib/nothing'), undefined)
  assert.equal((await textAt(rootfs, '/usr/lib/large')).length, 4 << 20)
  assert.equal((await rootfs.list('/usr/lib')).length, 2)
})

test('nobody waits for the owner of a directory to have what lies in it', async () => {
  let release = () => {}
  const released = new Promise<boolean>((done) => {
    release = () => done(false)
  })
  await using engine = await fakeEngine(
    { demo: { tree: TREE, inspect: LARGE } },
    ({ method, query }) => method === 'GET' && query.get('path') === '/usr/lib' && released,
  )
  await using image = await openImage('docker:demo', { env: engine.env })
  const exact = asked(image.rootfs, '/usr/lib')
  await image.rootfs.lstat('/usr/lib')
  assert.equal((await image.rootfs.lstat('/usr/lib/other'))?.kind, 'symlink')
  release()
  assert.deepEqual(owners(await exact), ['/usr/lib 33:34'])
})

test('where an engine loses owners, an export tells them, of files and links too', async () => {
  await using engine = await fakeEngine({ demo: { tree: TREE, inspect: LARGE, losesOwners: true } })
  await using image = await openImage('docker:demo', { env: engine.env })
  const paths = ['/usr/lib/other', '/usr/lib', '/usr/lib/large', '/'] as const
  const entries = await Promise.all(paths.map(async (path) => (await image.rootfs.lstat(path))!))
  assert.deepEqual(owners(entries), ['/usr/lib/other 0:0', '/usr/lib 0:0', '/usr/lib/large 0:0', '/ 0:0'])
  const exact = await image.rootfs.exact!(entries)
  assert.deepEqual(owners(exact), ['/usr/lib/other 39:0', '/usr/lib 33:34', '/usr/lib/large 36:37', '/ 0:0'])
  assert.deepEqual(
    exact.map(({ kind, mode, mtime }) => [kind, mode, mtime]),
    [
      ['symlink', 0o777, 0],
      ['directory', 0o2750, 35],
      ['file', 0o755, 38],
      ['directory', 0o755, undefined],
    ],
  )
})

test('what an export has told is not asked for again', async () => {
  await using engine = await fakeEngine({ demo: { tree: TREE, inspect: LARGE, losesOwners: true } })
  await using image = await openImage('docker:demo', { env: engine.env })
  await asked(image.rootfs, '/usr/lib', '/etc/passwd')
  await asked(image.rootfs, '/usr/lib', '/')
  assert.equal(engine.requests.filter((line) => line.endsWith('/export')).length, 1)
})

test('an export that stops in the middle, or is refused, is an error', async () => {
  for (const [status, code] of [
    [200, 'unreadable'],
    [500, 'engine-failed'],
  ] as const) {
    await using engine = await fakeEngine(
      { demo: { tree: TREE, inspect: LARGE, losesOwners: true } },
      ({ path }, response) => {
        if (!path.endsWith('/export')) return false
        response.writeHead(status)
        response.end(Buffer.alloc(100))
        return true
      },
    )
    await using image = await openImage('docker:demo', { env: engine.env })
    await assert.rejects(asked(image.rootfs, '/usr/lib'), { name: 'LiftError', code })
  }
})

test('a tar of a directory that begins with something else changes nothing', async () => {
  await using engine = await fakeEngine(
    { demo: { tree: TREE, inspect: LARGE } },
    ({ method, query }, response) => {
      if (method !== 'GET' || query.get('path') !== '/usr/lib') return false
      response.writeHead(200)
      response.end(tarOf([{ path: 'lib', content: 'x', uid: 9 }]))
      return true
    },
  )
  await using image = await openImage('docker:demo', { env: engine.env })
  assert.deepEqual(owners(await asked(image.rootfs, '/usr/lib')), ['/usr/lib 0:0'])
  assert.equal((await image.rootfs.lstat('/usr/lib'))?.kind, 'directory')
})

test('directories that an engine puts something into have no time, all others theirs', async () => {
  await using engine = await fakeEngine({ demo: { tree: TREE, inspect: LARGE } })
  await using image = await openImage('docker:demo', { env: engine.env })
  const exact = await asked(image.rootfs, '/', '/etc', '/usr', '/usr/lib')
  assert.deepEqual(
    exact.map(({ mtime }) => mtime),
    [undefined, undefined, 0, 35],
  )
})
