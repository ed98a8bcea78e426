import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { addMember, emptyDirectory, type Node, overlay } from '../../src/image/layer-tree.js'
import { readTar, type TarEntry } from '../../src/image/tar-index.js'
import { effort } from '../../src/image/tree-effort.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { layeredRootFs } from '../support/layered-rootfs.js'
import { textAt } from '../support/rootfs-contract.js'
import { paxOf, type TarMember, tarOf } from '../support/tar-builder.js'

async function rootOf(...layers: readonly TarMember[][]): Promise<RootFs> {
  const read = layers.map(async (layer) => {
    const content = bufferReader(tarOf(layer))
    const members: TarEntry[] = []
    for await (const member of readTar(content)) members.push(member)
    return { content, members }
  })
  return layeredRootFs(await Promise.all(read))
}

const PLAIN = { kind: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, offset: 0, target: '' } as const

function depthOf({ children }: Node): number {
  const [inside] = children?.values() ?? []
  return inside === undefined ? 0 : 1 + depthOf(inside)
}

function long(path: string, member: Partial<TarMember> = {}): TarMember[] {
  return [paxOf({ path }), { path: 'short', ...member }]
}

test('a name has 255 bytes at most, a path less than 4096', async () => {
  const name = 'n'.repeat(255)
  const path = `${'d/'.repeat(2000)}x`
  const root = await rootOf([
    ...long(name, { content: 'a' }),
    ...long(path, { content: 'b' }),
    ...long('é'.repeat(127)),
  ])
  assert.equal(await textAt(root, `/${name}`), 'a')
  assert.equal(await textAt(root, `/${path}`), 'b')
  for (const wrong of [
    `${name}n`,
    `a/${name}n/b`,
    'é'.repeat(128),
    '\udce9'.repeat(256),
    `${'d/'.repeat(2047)}xyz`,
  ])
    await assert.rejects(rootOf(long(wrong)), { code: 'unreadable', message: /name in it is too long/ })
})

test('255 bytes that are no text are a name', async () => {
  const name = '\udce9'.repeat(255)
  assert.equal(await textAt(await rootOf(long(name, { content: 'x' })), `/${name}`), 'x')
})

test('a link has less than 4096 bytes of text', async () => {
  const link = (target: string): TarMember[] => [
    paxOf({ path: 'l', linkpath: target }),
    { path: 'l', type: '2' },
  ]
  assert.equal((await (await rootOf(link('x'.repeat(4095)))).lstat('/l'))?.kind, 'symlink')
  await assert.rejects(rootOf(link('x'.repeat(4096))), {
    code: 'unreadable',
    message: /link in it is too long/,
  })
})

test('links cannot lead deeper and deeper', async () => {
  const deep = 'd/'.repeat(1900)
  const down = (from: string) => [
    ...long(`${from}${deep}x`),
    paxOf({ path: `${from}l`, linkpath: deep }),
    { path: 'l', type: '2' },
  ]
  const members = [...down(''), ...down('l/'), ...down('l/l/')]
  await assert.rejects(rootOf(members), { code: 'unreadable', message: /name in it is too long/ })
})

test('a path goes through forty links, not through more', async () => {
  const chain = (count: number): TarMember[] => [
    { path: 'end/', type: '5' },
    ...Array.from({ length: count }, (_, at) => ({
      path: `l${at}`,
      type: '2',
      target: at === 0 ? 'end' : `l${at - 1}`,
    })),
    { path: `l${count - 1}/x`, content: 'x' },
  ]
  assert.equal(await textAt(await rootOf(chain(40)), '/end/x'), 'x')
  await assert.rejects(rootOf(chain(41)), { code: 'unreadable', message: /loop of links/ })
})

test('a hard link to a file of a lower layer is a name of the same inode, also through another', async () => {
  const root = await rootOf(
    [{ path: 'a', content: 'old', mode: 0o755 }],
    [
      { path: 'b', type: '1', target: 'a' },
      { path: 'c', type: '1', target: 'b' },
    ],
    [{ path: 'a', content: 'new' }],
  )
  const [a, b, c] = await Promise.all((['/a', '/b', '/c'] as const).map((path) => root.lstat(path)))
  assert.deepEqual(
    [await textAt(root, '/a'), await textAt(root, '/b'), await textAt(root, '/c')],
    ['new', 'old', 'old'],
  )
  assert.ok(a?.kind === 'file' && b?.kind === 'file' && c?.kind === 'file')
  assert.equal(b.identity, c.identity)
  assert.notEqual(a.identity, b.identity)
})

test('the last header of an inode within a layer says its time for all names', async () => {
  const root = await rootOf(
    [
      { path: 'a', mtime: 1 },
      { path: 'b', type: '1', target: 'a', mtime: 2 },
    ],
    [{ path: 'c', type: '1', target: 'a', mtime: 3 }],
  )
  const entries = await Promise.all((['/a', '/b', '/c'] as const).map((path) => root.lstat(path)))
  assert.deepEqual(
    entries.map((entry) => entry?.mtime),
    [2, 2, 2],
  )
})

test('a directory that no layer describes has no time', async () => {
  const root = await rootOf([{ path: 'a/b', mtime: 1 }], [{ path: 'c/', type: '5', mtime: 2 }])
  const entries = await Promise.all((['/', '/a', '/a/b', '/c'] as const).map((path) => root.lstat(path)))
  assert.deepEqual(
    entries.map((entry) => entry?.mtime),
    [undefined, undefined, 1, 2],
  )
})

test('a hard link to what a lower layer has removed leads nowhere', async () => {
  const layers = [[{ path: 'a' }], [{ path: '.wh.a' }], [{ path: 'b', type: '1', target: 'a' }]]
  await assert.rejects(rootOf(...layers), {
    code: 'unreadable',
    message: /^layer 3 of 3: .*hard link in it leads nowhere: a/,
  })
})

test('a few names cannot make millions of directories', async () => {
  const members = Array.from({ length: 600 }, (_, at) => long(`${at}/${'d/'.repeat(2000)}x`)).flat()
  await assert.rejects(rootOf(members), { code: 'limit', message: /too many directories/ })
})

test('directories that one name makes count as they are made', () => {
  const root = emptyDirectory()
  let left = 10
  const counted = { ...effort(), addDirectory: () => assert.ok(left-- > 0) }
  const member: TarEntry = { ...PLAIN, path: `${'d/'.repeat(2000)}x` }
  assert.throws(() => addMember(root, member, 0, counted))
  assert.equal(depthOf(root), 10)
})

test('each link that a name goes through counts', () => {
  const followed: string[] = []
  const counted = { ...effort(), addFollowed: (target: string) => void followed.push(target) }
  const lower = emptyDirectory()
  const upper = emptyDirectory()
  addMember(lower, { ...PLAIN, path: 'one', kind: 'symlink', target: 'd' }, 0, counted)
  addMember(lower, { ...PLAIN, path: 'two', kind: 'symlink', target: 'one' }, 0, counted)
  addMember(lower, { ...PLAIN, path: 'd/x' }, 0, counted)
  assert.deepEqual(followed, [])
  addMember(lower, { ...PLAIN, path: 'two/y' }, 0, counted)
  assert.deepEqual(followed.splice(0), ['one', 'd'])
  addMember(lower, { ...PLAIN, path: 'z', kind: 'hardlink', target: 'one/y' }, 0, counted)
  assert.deepEqual(followed.splice(0), ['d'])
  addMember(upper, { ...PLAIN, path: 'z', kind: 'hardlink', target: 'two/x' }, 1, counted)
  overlay(lower, upper, counted)
  assert.deepEqual(followed, ['one', 'd'])
})

test('what is wrong is said of its layer', async () => {
  await assert.rejects(rootOf([{ path: 'a' }], [{ path: '../a' }]), {
    message: 'layer 2 of 2: the tar archive is damaged: a name in it leaves the root: ../a',
  })
})
