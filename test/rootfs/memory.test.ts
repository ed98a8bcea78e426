import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { fileAt, textAt } from '../support/rootfs-contract.js'

test('directories on the way are made, for root, with mode 0755', async () => {
  const entry = await memoryRootFs({ '/a/b/c': '' }).lstat('/a/b')
  assert.deepEqual(entry, { kind: 'directory', path: '/a/b', mode: 0o755, uid: 0, gid: 0 })
})

test('a directory that is made on the way may be described before or after', async () => {
  const described = { directory: true, mode: 0o700, uid: 7, gid: 8 } as const
  for (const tree of [
    { '/a': described, '/a/b': '' },
    { '/a/b': '', '/a': described },
  ]) {
    const rootfs = memoryRootFs(tree)
    assert.deepEqual(await rootfs.lstat('/a'), { kind: 'directory', path: '/a', mode: 0o700, uid: 7, gid: 8 })
    assert.equal((await rootfs.list('/a')).length, 1)
    assert.equal((await rootfs.list('/')).length, 1)
  }
})

test('content may be text, bytes or a reader', async () => {
  const bytes = Buffer.from('bytes')
  const rootfs = memoryRootFs({
    '/t': 'täxt',
    '/b': bytes,
    '/r': { file: bufferReader(bytes), mode: 0o640, uid: 5 },
  })
  assert.deepEqual(
    [await textAt(rootfs, '/t'), await textAt(rootfs, '/b'), await textAt(rootfs, '/r')],
    ['täxt', 'bytes', 'bytes'],
  )
  const { size, mode, uid } = await fileAt(rootfs, '/r')
  assert.deepEqual([size, mode, uid, (await fileAt(rootfs, '/t')).size], [5, 0o640, 5, 5])
})

test('two files are one inode only where the literal says so', async () => {
  const rootfs = memoryRootFs({
    '/a': { file: 'x', identity: 'i' },
    '/b': { file: 'x', identity: 'i' },
    '/c': 'x',
    '/d': 'x',
  })
  const [a, b, c, d] = await Promise.all(
    (['/a', '/b', '/c', '/d'] as const).map((path) => fileAt(rootfs, path)),
  )
  assert.equal(a?.identity, b?.identity)
  assert.equal(new Set([b?.identity, c?.identity, d?.identity]).size, 3)
})

test('every kind has the owner, time and attributes that the literal gives, and none else', async () => {
  const given = { uid: 1, gid: 2, mtime: 3, xattrs: new Map([['user.a', Buffer.from('x')]]) }
  const rootfs = memoryRootFs({
    '/f': { file: '', ...given },
    '/l': { link: 'f', ...given },
    '/d': { directory: true, ...given },
    '/s': { special: true, ...given },
    '/plain': '',
  })
  for (const path of ['/f', '/l', '/d', '/s'] as const) {
    const { uid, gid, mtime, xattrs } = (await rootfs.lstat(path)) ?? assert.fail(path)
    assert.deepEqual({ uid, gid, mtime, xattrs }, given, path)
  }
  const plain = await fileAt(rootfs, '/plain')
  assert.deepEqual(['mtime' in plain, 'xattrs' in plain], [false, false])
})
