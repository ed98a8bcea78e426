import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ByteReader, bufferReader } from '../../src/bytes.js'
import { LiftError } from '../../src/errors.js'
import { readTar, type TarEntry } from '../../src/image/tar-index.js'
import { orderedTree } from '../../src/pack/ordered.js'
import type { Packing } from '../../src/pack/packing.js'
import { planTar, tarBlocks } from '../../src/pack/tar-writer.js'
import { randomOf } from '../support/fuzz-random.js'
import { gathered, type PackedNode, packingOf } from '../support/packing.js'

/** The archive, whose size has to be what was said before. */
async function tarBytes(packing: Packing): Promise<Buffer> {
  const plan = planTar(orderedTree(packing.tree), packing)
  const bytes = await gathered(tarBlocks(plan))
  assert.equal(bytes.length, plan.size)
  return bytes
}

async function members(packing: Packing): Promise<readonly (TarEntry & { readonly content: string })[]> {
  const bytes = await tarBytes(packing)
  const found: (TarEntry & { readonly content: string })[] = []
  for await (const member of readTar(bufferReader(bytes)))
    found.push({
      ...member,
      content: bytes.subarray(member.offset, member.offset + member.size).toString('latin1'),
    })
  return found
}

async function only(path: string, node: PackedNode) {
  return (await members(packingOf({ [path]: node }))).at(-1)!
}

/** The twelve octal digits of a header's time. */
async function times(packing: Packing): Promise<Record<string, number>> {
  const bytes = await tarBytes(packing)
  const out: Record<string, number> = {}
  for await (const { path, offset } of readTar(bufferReader(bytes)))
    out[path] = Number.parseInt(bytes.toString('latin1', offset - 512 + 136, offset - 512 + 147), 8)
  return out
}

test('mode, owner, content and the setuid bit are those of the entry', async () => {
  const { mode, uid, gid, content } = await only('/x', { file: 'hello', mode: 0o4750, uid: 12, gid: 34 })
  assert.deepEqual({ mode, uid, gid, content }, { mode: 0o4750, uid: 12, gid: 34, content: 'hello' })
})

test('the text of a link is kept as it is', async () => {
  assert.equal((await only('/x', { link: '../a//b' })).target, '../a//b')
  const long = `${'../'.repeat(60)}x`
  assert.equal((await only('/x', { link: long })).target, long)
})

test('a name is read back whatever its length', async () => {
  for (const length of [99, 100, 101, 154, 155, 156, 200, 255]) {
    const name = 'n'.repeat(length)
    assert.equal((await only(`/${name}`, 'x')).path, name, `${length} bytes`)
    assert.equal((await only(`/${name}/${name}`, 'x')).path, `${name}/${name}`, `twice ${length} bytes`)
    assert.equal((await only(`/${name}`, { directory: true })).path, `${name}/`, `a directory of ${length}`)
  }
})

test('a name that is not UTF-8 keeps its bytes', async () => {
  const bytes = await tarBytes(packingOf({ '/a\udcff': 'x' }))
  assert.ok(bytes.includes(Buffer.from(' path=a\xff\n', 'latin1')))
  assert.equal((await only('/a\udcff', 'x')).path, 'a\udcff')
  assert.equal((await only('/\u00fc\udc80/\u65e5', { link: 'b\udcfe' })).target, 'b\udcfe')
})

test('owners above what the header has room for are kept', async () => {
  const { uid, gid } = await only('/x', { file: '', uid: 2 ** 31, gid: 0o10000000 })
  assert.deepEqual({ uid, gid }, { uid: 2 ** 31, gid: 0o10000000 })
})

test('a size above 8 GiB is kept', () => {
  const { tree } = packingOf({ '/x': '' })
  const size = 9 * 2 ** 30
  const large = tree.map((one) => ({ ...one, entry: { ...one.entry, size } })) as Packing['tree']
  const plan = planTar(large, { open: () => bufferReader(new Uint8Array(0)) })
  assert.equal(plan.size, 3 * 512 + size + 1024)
})

test('capabilities and what programs have put there are kept byte for byte, labels of the host are not', async () => {
  const capability = Uint8Array.of(1, 0, 0, 2, 0, 0x0a, 0x3d, 0xff, 0)
  const { xattrs } = await only('/x', {
    file: '',
    xattrs: {
      'user.note': Uint8Array.of(0xfe),
      'security.capability': capability,
      'security.selinux': Uint8Array.of(1),
      'trusted.overlay.opaque': Uint8Array.of(1),
      'user.overlay.opaque': Uint8Array.of(1),
      'system.posix_acl_access': Uint8Array.of(1),
    },
  })
  assert.deepEqual(
    [...xattrs!].map(([name, value]) => [name, [...value]]),
    [
      ['security.capability', [...capability]],
      ['user.note', [0xfe]],
    ],
  )
})

test('a later name of an inode is a hard link with the metadata of the first', async () => {
  const inode = { file: 'same', identity: 'i', mode: 0o4755, uid: 7 }
  const [a, b, c] = await members(packingOf({ '/a': inode, '/b': inode, '/c': { ...inode, identity: 'j' } }))
  assert.deepEqual([a!.kind, b!.kind, c!.kind], ['file', 'hardlink', 'file'])
  assert.deepEqual([b!.target, b!.mode, b!.uid, b!.size], ['a', 0o4755, 7, 0])
})

test('generated content takes the place of what the image has', async () => {
  const [a, b] = await members(packingOf({ '/a': { generated: 'new' }, '/b': 'old' }))
  assert.deepEqual([a!.content, b!.content], ['new', 'old'])
})

test('a file keeps its time unless that is later than the epoch, and a directory without one has the epoch', async () => {
  const tree = { '/d/old': { file: '', mtime: 100 }, '/d/young': { file: '', mtime: 900 } }
  assert.deepEqual(await times(packingOf(tree)), { 'd/': 0, 'd/old': 100, 'd/young': 900 })
  assert.deepEqual(await times(packingOf(tree, { epoch: 500 })), { 'd/': 500, 'd/old': 100, 'd/young': 500 })
})

test('the root itself is written only where it differs from what engines make', async () => {
  const root = (node: PackedNode) => ({ '/': node, '/x': '' })
  const plain = await members(packingOf(root({ directory: true })))
  assert.deepEqual(
    plain.map(({ path }) => path),
    ['x'],
  )
  const [first] = await members(packingOf(root({ directory: true, mode: 0o1777 })))
  assert.deepEqual([first!.path, first!.mode], ['./', 0o1777])
})

test('what is no file, directory or link is left out', async () => {
  const found = await members(packingOf({ '/null': { special: true }, '/x': '' }))
  assert.deepEqual(
    found.map(({ path }) => path),
    ['x'],
  )
})

/** A packing with a file whose reader is not what its entry says. */
function lying(reader: ByteReader): Packing {
  return packingOf({ '/etc/x': 'four' }, { open: () => reader })
}

test('a file that has become shorter or longer is refused by name', async () => {
  const short = { size: 4, read: async () => new Uint8Array(3) }
  const shortNow = { ...short, readNow: () => 3 }
  const readers = [short, shortNow, bufferReader(new Uint8Array(5)), bufferReader(new Uint8Array(3))]
  for (const reader of readers) {
    await assert.rejects(
      gathered(tarBlocks(planTar(lying(reader).tree, lying(reader)))),
      (error: LiftError) => error.code === 'unreadable' && error.message.includes('/etc/x'),
    )
  }
})

test('a reader that has to be waited for gives the same archive', async () => {
  const content = Buffer.alloc(3_000_000, 'abcdefg')
  const packing = packingOf({ '/a': { file: content }, '/b': 'b' })
  const slow = packingOf(
    { '/a': { file: content }, '/b': 'b' },
    {
      open: (file) => ({ size: file.size, read: async (at, length) => packing.open(file).read(at, length) }),
    },
  )
  assert.ok((await tarBytes(slow)).equals(await tarBytes(packing)))
})

test('an interrupted archive ends', async () => {
  const packing = packingOf({ '/a': 'x' })
  const signal = AbortSignal.abort()
  const writing = gathered(tarBlocks(planTar(packing.tree, packing), { signal }))
  await assert.rejects(writing, (error) => error instanceof LiftError && error.code === 'interrupted')
})

const LETTERS = ['a', 'b', '.', ' ', '\n', '\u00e9', '\udc80', '\udcff', '\u{1f600}', '=', '\\', '-', '..x']

test('whatever is written is read back as it was', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = randomOf(seed)
    const word = () => random.several(1, random.oneIn(5) ? 120 : 6, () => random.pick(LETTERS)).join('')
    const name = () => word().replace(/^\.+$/, 'dot')
    const numbers = () => ({
      mode: random.below(0o10000),
      uid: random.below(2 ** 32),
      gid: random.below(3e6),
    })
    const tree: Record<string, PackedNode> = {}
    for (const _ of random.several(1, 8, () => 0)) {
      const path = `/${random.several(1, 4, name).join('/')}`
      const isTaken = Object.keys(tree).some(
        (one) => one.startsWith(`${path}/`) || path.startsWith(`${one}/`),
      )
      if (isTaken || path in tree) continue
      tree[path] = random.oneIn(3)
        ? { link: word() }
        : { file: random.bytes(random.below(1500)), ...numbers(), xattrs: { 'user.x': random.bytes(9) } }
    }
    const packing = packingOf(tree)
    const read = new Map((await members(packing)).map((one) => [one.path.replace(/\/$/, ''), one]))
    assert.equal(read.size, packing.tree.length, `seed ${seed}`)
    for (const { entry } of packing.tree) {
      const one = read.get(entry.path.slice(1))!
      const { kind, mode, uid, gid } = entry
      assert.deepEqual(
        { kind: one?.kind, mode: one?.mode, uid: one?.uid, gid: one?.gid },
        { kind, mode, uid, gid },
      )
      if (entry.kind === 'symlink') assert.equal(one.target, entry.target)
      if (entry.kind !== 'file') continue
      assert.deepEqual(one.xattrs, entry.xattrs, `seed ${seed}`)
      const content = await packing.open(entry).read(0, entry.size)
      assert.equal(one.content, Buffer.from(content).toString('latin1'))
    }
  }
})
