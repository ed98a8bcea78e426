import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liftTree } from '../../src/lift/lift-image.js'
import { parseLdSoCache } from '../../src/loader/ld-so-cache.js'
import { buildElf } from '../support/elf-builder.js'
import { debianTree, ldSoCache, library, program, smallImage, type Tree } from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'

async function treeOf(tree: Tree, options: Parameters<typeof liftTree>[2] = {}, binaries = ['x']) {
  const answer = await liftTree(smallImage(debianTree(tree)), binaries, options)
  const at = new Map(answer.tree.map((one) => [one.entry.path as string, one]))
  return { ...answer, at, paths: [...at.keys()] }
}

test('files lie where they really lie, with the links that lead to them and all their parents', async () => {
  const { paths, at, findings } = await treeOf({ '/usr/bin/x': program(['libc.so.6']) })
  assert.deepEqual(paths, [
    '/',
    '/lib',
    '/lib64',
    '/usr',
    '/usr/bin',
    '/usr/bin/x',
    '/usr/lib',
    '/usr/lib/x86_64-linux-gnu',
    `${LIB}/ld-linux-x86-64.so.2`,
    `${LIB}/libc.so.6`,
    '/usr/lib64',
    '/usr/lib64/ld-linux-x86-64.so.2',
  ])
  const lib = at.get('/lib')?.entry
  assert.deepEqual(lib?.kind === 'symlink' && lib.target, 'usr/lib')
  assert.deepEqual(findings, [])
})

test('directories keep their modes and owners', async () => {
  const { at } = await treeOf(
    {
      '/opt': { directory: true, mode: 0o750, uid: 5, gid: 6 },
      '/opt/x': program(),
    },
    {},
    ['/opt/x'],
  )
  const { mode, uid, gid } = at.get('/opt')!.entry
  assert.deepEqual([mode, uid, gid], [0o750, 5, 6])
})

test('a program asked for by a link keeps the link, and is started by it', async () => {
  const tree = await treeOf({ '/opt/tool/bin/y': program(), '/usr/bin/x': { link: '../../opt/tool/bin/y' } })
  assert.deepEqual(tree.programs[0]?.command, ['/usr/bin/x'])
  assert.ok(tree.at.has('/usr/bin/x') && tree.at.has('/opt/tool/bin/y'))
})

test('directories that a path only passes through by .. are there', async () => {
  const { at, findings } = await treeOf(
    {
      '/opt/a/bin/x': program(['libz.so'], { runpath: '$ORIGIN/../plugins/../lib' }),
      '/opt/a/plugins': { directory: true },
      '/opt/a/lib/libz.so': library('libz.so'),
    },
    {},
    ['/opt/a/bin/x'],
  )
  assert.equal(at.get('/opt/a/plugins')?.entry.kind, 'directory')
  assert.deepEqual(findings, [])
})

test('two names of one inode stay that', async () => {
  const z = { file: buildElf({}), identity: 'one' }
  const { at, findings } = await treeOf({
    '/usr/bin/x': program(['liby.so', 'libz.so']),
    [`${LIB}/liby.so`]: z,
    [`${LIB}/libz.so`]: z,
  })
  const identity = (path: string) => {
    const entry = at.get(path)?.entry
    return entry?.kind === 'file' ? entry.identity : undefined
  }
  assert.equal(identity(`${LIB}/liby.so`), 'one')
  assert.equal(identity(`${LIB}/libz.so`), 'one')
  assert.deepEqual(findings, [])
})

test("the loader's cache names the lifted libraries alone, where one is found by it", async () => {
  const { at, findings, entries } = await treeOf({
    '/usr/bin/x': program(['libz.so']),
    '/opt/libz.so': library('libz.so'),
    '/opt/libw.so': library('libw.so'),
    '/etc/ld.so.cache': {
      file: ldSoCache([
        { name: 'libz.so', path: '/opt/libz.so' },
        { name: 'libw.so', path: '/opt/libw.so' },
      ]),
      mode: 0o640,
    },
  })
  const one = at.get('/etc/ld.so.cache')
  const cache = parseLdSoCache(one?.bytes ?? new Uint8Array(0), 'little')
  assert.deepEqual([cache?.count, cache?.entry(0).path], [1, '/opt/libz.so'])
  assert.equal(one?.entry.mode, 0o640)
  assert.equal(one?.entry.kind === 'file' && one.entry.size, one?.bytes?.length)
  const row = entries.find(({ path }) => path === '/etc/ld.so.cache')
  assert.equal(row?.entry.kind === 'file' && row.entry.size, one?.bytes?.length)
  assert.deepEqual(findings, [])
})

test('without a library that is found by it, no cache is made', async () => {
  const { at } = await treeOf({
    '/usr/bin/x': program(['libc.so.6']),
    '/etc/ld.so.cache': ldSoCache([{ name: 'libz.so', path: '/opt/libz.so' }]),
  })
  assert.equal(at.has('/etc/ld.so.cache'), false)
})

test('an included directory comes with all that lies in it, where it really lies, and with the link to it', async () => {
  const { at } = await treeOf(
    {
      '/usr/bin/x': program(),
      '/srv/data/a/b': 'text',
      '/srv/data/empty': { directory: true, mode: 0o1777 },
      '/var/data': { link: '/srv/data' },
    },
    { include: ['/var/data'] },
  )
  for (const path of ['/srv/data', '/srv/data/a/b', '/srv/data/empty', '/var/data'])
    assert.ok(at.has(path), path)
  assert.equal(at.get('/srv/data/empty')?.entry.mode, 0o1777)
})

test('a directory keeps its time only if it comes with all that was in it', async () => {
  const mtime = 1_234_567_890
  const { at } = await treeOf(
    {
      '/opt': { directory: true, mtime },
      '/opt/x': program(),
      '/srv': { directory: true, mtime },
      '/srv/in': { directory: true, mtime },
      '/var/a': { directory: true, mtime },
      '/var/b': { link: 'a/../../srv' },
    },
    { include: ['/var/b'] },
    ['/opt/x'],
  )
  const time = (path: string) => at.get(path)?.entry.mtime
  assert.deepEqual([time('/srv'), time('/srv/in')], [mtime, mtime])
  assert.deepEqual(
    [at.has('/opt'), at.has('/var/a'), time('/opt'), time('/var/a')],
    [true, true, undefined, undefined],
  )
})

test('the working directory of the image is there as it is', async () => {
  const tree = { '/usr/bin/x': program(), '/app': { directory: true as const, mode: 0o700, uid: 7 } }
  const image = smallImage(debianTree(tree), { config: { workingDir: '/app' } })
  const { tree: made } = await liftTree(image, ['x'])
  const app = made.find(({ entry }) => entry.path === '/app')?.entry
  assert.deepEqual([app?.mode, app?.uid], [0o700, 7])
})

test('what only a Dockerfile cannot keep is no finding', async () => {
  const tree = {
    '/usr/bin/x': { file: program(), mode: 0o4755 },
    '/etc/passwd': 'nobody:x:65534:65534::/:/x',
  }
  const image = smallImage(debianTree(tree), { config: { user: 'nobody', env: ['A=b\nc'] } })
  const { findings } = await liftTree(image, ['x'], { needs: 'likely' })
  assert.deepEqual(findings, [])
})
