import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { LiftError } from '../../src/errors.js'
import { layeredTree } from '../../src/image/layered.js'
import { readTar } from '../../src/image/tar-index.js'
import type { Tree } from '../../src/image/tree.js'
import { readIndex } from '../../src/image/tree-index.js'
import { layerCases } from '../support/layer-cases.js'
import { answersOf, indexedRootFs, indexOf, layeredRootFs } from '../support/layered-rootfs.js'
import { layerOf, layersOf, tarLayer } from '../support/layered-tree.js'
import { rootFsContract } from '../support/rootfs-contract.js'
import { paxOf, type TarMember } from '../support/tar-builder.js'

rootFsContract('an index of layers', async (tree) => ({
  rootfs: await indexedRootFs(await layersOf(tree, 3)),
  close: async () => {},
}))

const SPARSE = 'GNU.sparse'
const LAYERS: readonly (readonly TarMember[])[] = [
  [
    { path: 'usr/bin/', type: '5', mode: 0o1777, uid: 3_000_000, gid: 7, mtime: 8 },
    { path: 'usr/bin/tool', content: 'tool', mode: 0o4755, uid: 1, gid: 2, mtime: 9 },
    { path: 'usr/bin/again', type: '1', target: 'usr/bin/tool', mode: 0o711, mtime: 10 },
    { path: 'implied/deep/file', content: 'x' },
    { path: 'dev/null', type: '3', raw: { 329: Buffer.from('0000001'), 337: Buffer.from('0000003') } },
    { path: 'run/pipe', type: '6', mode: 0o600 },
    { path: 'empty/', type: '5' },
    { path: '__proto__/constructor', content: 'a name like any other' },
    paxOf({ path: 'caf\udce9/\u2028"\\', 'SCHILY.xattr.user.a': 'caf\udce9', 'SCHILY.xattr.b\udcff': '' }),
    { path: 'x', content: 'bytes' },
    paxOf({ path: 'attributes/', 'SCHILY.xattr.user.dir': 'y' }),
    { path: 'x', type: '5' },
    { path: 'to', type: '2', target: '../nowhere/./x//caf', mtime: 11 },
  ],
  [
    { path: 'implied/.wh.other' },
    { path: 'usr/bin/across', type: '1', target: 'usr/bin/tool' },
    paxOf({ [`${SPARSE}.size`]: '100', [`${SPARSE}.map`]: '0,3,50,4' }),
    { path: 'sparse/map', content: 'abcdefg' },
    paxOf({ [`${SPARSE}.major`]: '1', [`${SPARSE}.minor`]: '0', [`${SPARSE}.realsize`]: '20' }),
    { path: 'sparse/inside', content: '1\n5\n3\n'.padEnd(512, '\0').concat('xyz') },
    paxOf({ [`${SPARSE}.size`]: '100', [`${SPARSE}.map`]: '0,50' }),
    { path: 'sparse/cut', content: 'short' },
  ],
]

test('an index shows owners, times, attributes, sparse files, devices and odd names as the layers do', async () => {
  const layers = await Promise.all(LAYERS.map(layerOf))
  const wanted = await answersOf(layeredRootFs(layers))
  assert.ok(wanted.length > 50)
  assert.deepEqual(await answersOf(await indexedRootFs(layers)), wanted)
})

test('an index shows every case of whiteouts and links as the layers do', async () => {
  let shown = 0
  for (const { rule, layers: tars } of layerCases()) {
    const layers = await Promise.all(tars.map((tar) => tarLayer(tar)))
    let direct: unknown[]
    try {
      direct = await answersOf(layeredRootFs(layers))
    } catch (error) {
      assert.ok(error instanceof LiftError)
      continue
    }
    assert.deepEqual(await answersOf(await indexedRootFs(layers)), direct, rule)
    shown++
  }
  assert.ok(shown > 20)
})

test('a directory may have thousands of names, or none', async () => {
  const names = Array.from({ length: 2500 }, (_, index) => `n${index}`)
  const many = await layerOf(names.map((path) => ({ path, content: path })))
  for (const layers of [[many], [await layerOf([{ path: 'd/', type: '5' }])], []])
    assert.deepEqual(await answersOf(await indexedRootFs(layers)), await answersOf(layeredRootFs(layers)))
})

/** Of this version: what makes other bytes, or another tree of the same layers, needs another `VERSION`. */
const SMALL = [
  '[["b","f",1024,1,0,420,0,0,7]]',
  '[["a","d",512,30,0,448,0,0,0],["l","l",2048,0,0,511,5,6,0,{"target":"a/b"}]]',
  '{"root":["","d",542,76,0,493,0,0],"members":[3]}',
]

test('an index has the form of its version', async () => {
  const { members } = await layerOf([
    { path: 'a/', type: '5', mode: 0o700 },
    { path: 'a/b', content: 'x', mtime: 7 },
    { path: 'l', type: '2', target: 'a/b', mode: 0o777, uid: 5, gid: 6 },
  ])
  const text = indexOf({ root: layeredTree([{ members }]), members: [3] }).toString()
  assert.equal(text.slice(0, 512).trimEnd(), 'liftbin tree 3')
  assert.equal(text.slice(512, -76), SMALL.join(''))
})

test('an index says how many members each layer has', async () => {
  const index = await readIndex(bufferReader(indexOf({ root: leaf({}), members: [3, 0, 7] })))
  assert.deepEqual(index?.members, [3, 0, 7])
})

test('an index with any byte changed, missing or added is none', async () => {
  const whole = indexOf({ root: leaf({ a: leaf(), b: leaf({ c: leaf() }) }), members: [3] })
  assert.ok(await readIndex(bufferReader(whole)))
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole)
    changed[at]! ^= 1
    assert.equal(await readIndex(bufferReader(changed)), undefined, `byte ${at}`)
    assert.equal(await readIndex(bufferReader(whole.subarray(0, at))), undefined, `cut at ${at}`)
  }
  const longer = Buffer.concat([whole, Buffer.from(' ')])
  assert.equal(await readIndex(bufferReader(longer)), undefined)
})

test('an index cannot be taken for a layer', async () => {
  const members = readTar(bufferReader(indexOf({ root: leaf({ a: leaf() }), members: [1] })), 'any')
  await assert.rejects(members.next(), { code: 'unreadable', message: /wrong checksum/ })
})

test('an index that would become very large is not made', () => {
  const target = 'x'.repeat(1 << 20)
  const links = Array.from({ length: 70 }, (_, index) => [`link${index}`, leaf(undefined, target)] as const)
  const most = Object.fromEntries(links.slice(0, 60))
  const size = indexOf({ root: leaf(most), members: [60] }).length
  assert.ok(size > 60 << 20)
  assert.throws(() => indexOf({ root: leaf(Object.fromEntries(links)), members: [70] }), { code: 'limit' })
})

test('an index that is very large is not read', async () => {
  const read = () => assert.fail('read')
  assert.equal(await readIndex({ size: (64 << 20) + 1, read }), undefined)
})

function leaf(inside?: Readonly<Record<string, Tree>>, target = ''): Tree {
  const kind = inside !== undefined ? 'directory' : target === '' ? 'file' : 'symlink'
  const member = { kind, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, offset: 0, target } as const
  return { inode: { member, layer: 0 }, children: inside && new Map(Object.entries(inside)) }
}
