import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { readTar, type TarEnding, type TarEntry, tarScanner } from '../../src/image/tar-index.js'
import { memberOf, paxOf, type TarMember, tarOf } from '../support/tar-builder.js'

/** What the seeking reader gives; the scanner must give the same, however the bytes are cut. */
async function indexed(archive: Uint8Array): Promise<TarEntry[]> {
  const entries = await membersOf(archive)
  for (const piece of [1, 511, 513, 4096, archive.length]) assert.deepEqual(scanned(archive, piece), entries)
  return entries
}

async function membersOf(archive: Uint8Array, ending?: TarEnding): Promise<TarEntry[]> {
  const entries: TarEntry[] = []
  for await (const entry of readTar(bufferReader(archive), ending)) entries.push(entry)
  return entries
}

function scanned(archive: Uint8Array, piece: number, ending?: TarEnding): TarEntry[] {
  const scanner = tarScanner(ending)
  const entries: TarEntry[] = []
  for (let at = 0; at < archive.length; at += piece)
    entries.push(...scanner.push(archive.subarray(at, at + piece)))
  scanner.finish()
  return entries
}

async function only(...members: TarMember[]): Promise<TarEntry> {
  const entries = await indexed(tarOf(members))
  assert.equal(entries.length, 1)
  return entries[0]!
}

async function refused(archive: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(membersOf(archive), { code: 'unreadable', message })
  assert.throws(() => scanned(archive, 700), { code: 'unreadable', message })
}

test('each member has its kind, owner, mode, size, and where its content begins', async () => {
  const entries = await indexed(
    tarOf([
      { path: 'usr/', type: '5', mode: 0o1755, uid: 1, gid: 2 },
      { path: 'usr/a', content: 'x'.repeat(700), mode: 0o4755, uid: 1000, gid: 100 },
      { path: 'usr/b', type: '1', target: 'usr/a' },
      { path: 'usr/c', type: '2', target: '../x' },
      { path: 'usr/d', type: '3' },
      { path: 'usr/e', content: 'tail' },
    ]),
  )
  assert.deepEqual(
    entries.map(({ path, kind, size, offset, target }) => ({ path, kind, size, offset, target })),
    [
      { path: 'usr/', kind: 'directory', size: 0, offset: 512, target: '' },
      { path: 'usr/a', kind: 'file', size: 700, offset: 1024, target: '' },
      { path: 'usr/b', kind: 'hardlink', size: 0, offset: 2560, target: 'usr/a' },
      { path: 'usr/c', kind: 'symlink', size: 0, offset: 3072, target: '../x' },
      { path: 'usr/d', kind: 'special', size: 0, offset: 3584, target: '' },
      { path: 'usr/e', kind: 'file', size: 4, offset: 4096, target: '' },
    ],
  )
  assert.deepEqual([entries[0]?.mode, entries[1]?.mode], [0o1755, 0o4755])
  assert.deepEqual([entries[1]?.uid, entries[1]?.gid], [1000, 100])
})

test('a prefix goes before the name in POSIX headers, and is something else in GNU ones', async () => {
  assert.equal((await only({ path: 'name', prefix: 'some/where' })).path, 'some/where/name')
  assert.equal((await only({ path: 'name', prefix: 'garbage', gnu: true })).path, 'name')
})

test('GNU long names and link texts replace those of the next member only', async () => {
  const long = 'n'.repeat(600)
  const entries = await indexed(
    tarOf([
      { path: '././@LongLink', type: 'L', content: `${long}\0` },
      { path: '././@LongLink', type: 'K', content: `${long}/target\0` },
      { path: 'short', type: '2', target: 'short' },
      { path: 'next', type: '2', target: 'plain' },
    ]),
  )
  assert.deepEqual(
    entries.map(({ path, target }) => [path, target]),
    [
      [long, `${long}/target`],
      ['next', 'plain'],
    ],
  )
})

test('pax attributes replace name, link text, size and owner of the next member', async () => {
  const entry = await only(paxOf({ path: 'päth', size: '4', uid: '3000000', gid: '7', mtime: '1.5' }), {
    path: 'x',
    content: 'four',
    size: 0,
  })
  assert.deepEqual([entry.path, entry.size, entry.uid, entry.gid], ['päth', 4, 3_000_000, 7])
})

test('global pax attributes hold for no member, as in all engines', async () => {
  const entries = await indexed(
    tarOf([paxOf({ uid: '5' }, 'g'), { path: 'a' }, paxOf({ uid: '6' }), { path: 'b' }, { path: 'c' }]),
  )
  assert.deepEqual(
    entries.map(({ uid }) => uid),
    [0, 6, 0],
  )
})

test('a name that is not UTF-8 keeps its bytes', async () => {
  assert.equal((await only({ path: 'caf\udce9' })).path, 'caf\udce9')
  assert.equal((await only(paxOf({ path: 'caf\udce9' }), { path: 'x' })).path, 'caf\udce9')
})

test('numbers may be in base 256', async () => {
  const uid = Buffer.from([0x80, 0, 0, 0, 0, 0x2d, 0xc6, 0xc0])
  assert.equal((await only({ path: 'a', raw: { 108: uid } })).uid, 3_000_000)
})

test('an old header without magic is read, and a name that ends in a slash is a directory', async () => {
  assert.equal((await only({ path: 'dir/', type: '\0', raw: { 257: Buffer.alloc(8) } })).kind, 'directory')
  assert.equal((await only({ path: 'dir/', type: '0' })).kind, 'file')
})

test('a link never has content, whatever its size field says', async () => {
  const entries = await indexed(tarOf([{ path: 'a', type: '2', target: 'x', size: 5000 }, { path: 'b' }]))
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['a', 'b'],
  )
})

test('a checksum of signed bytes, as old writers made it, is accepted; a wrong one is not', async () => {
  const plain = memberOf({ path: 'é' })
  const signed = plain.subarray(0, 512).reduce((sum, byte, at) => {
    const value = at >= 148 && at < 156 ? 0x20 : byte
    return sum + (value > 127 ? value - 256 : value)
  }, 0)
  assert.equal((await only({ path: 'é', checksum: signed })).path, 'é')
  await refused(tarOf([{ path: 'a', checksum: 1 }]), /checksum/)
})

test('an archive that stops before its end mark is damaged', async () => {
  const whole = tarOf([{ path: 'a', content: 'x'.repeat(600) }])
  for (const length of [100, 512, 700, 1536]) await refused(whole.subarray(0, length), /before its end mark/)
})

test('where any ending will do, the end mark and the padding before it may be missing, and nothing else', async () => {
  const whole = tarOf([{ path: 'a', content: 'x'.repeat(600) }])
  for (const length of [0, 1112, 1300, 1536, 2048]) {
    const members = await membersOf(whole.subarray(0, length), 'any')
    assert.equal(members.length, length === 0 ? 0 : 1, String(length))
    assert.deepEqual(scanned(whole.subarray(0, length), 700, 'any'), members)
  }
  for (const length of [100, 511, 512, 1111, 1537]) {
    const cut = whole.subarray(0, length)
    await assert.rejects(membersOf(cut, 'any'), { message: /before its end mark/ }, String(length))
    assert.throws(() => scanned(cut, 700, 'any'), { message: /before its end mark/ }, String(length))
  }
})

test('sizes that cannot be are refused', async () => {
  const huge = Buffer.from([0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255])
  const negative = Buffer.alloc(12, 0xff)
  await refused(tarOf([{ path: 'a', raw: { 124: huge } }]), /out of range/)
  await refused(tarOf([{ path: 'a', raw: { 124: negative } }]), /out of range/)
  await refused(tarOf([{ path: 'a', raw: { 124: Buffer.from('9x') } }]), /malformed/)
  await refused(tarOf([paxOf({ size: '99999999999999999' }), { path: 'a' }]), /malformed/)
  await refused(tarOf([paxOf({ size: '-1' }), { path: 'a' }]), /malformed/)
})

test('an extension is bounded before it is read', async () => {
  for (const type of ['L', 'K', 'x', 'g']) {
    await refused(tarOf([{ path: 'a', type, size: 1 << 30 }]), /too long/)
  }
})

test('names and link texts that no system could hold are refused', async () => {
  const long = 'n'.repeat(4096)
  const link = { path: 'a', type: '2', target: 't' }
  await refused(tarOf([{ path: 'n', type: 'L', content: long }, link]), /a name in it is too long/)
  await refused(tarOf([{ path: 'n', type: 'K', content: long }, link]), /a link in it is too long/)
  await refused(tarOf([{ path: 'n', type: 'L', content: `${long}n` }, link]), /too long/)
  for (const key of ['path', 'GNU.sparse.name'])
    await refused(tarOf([paxOf({ [key]: long }), link]), /a name in it is too long/)
  await refused(tarOf([paxOf({ linkpath: long }), link]), /a link in it is too long/)
  const longest = await only(paxOf({ path: long.slice(1), linkpath: `${long.slice(1)}` }), link)
  assert.deepEqual([longest.path.length, longest.target.length], [4095, 4095])
})

test('an attribute list that says nothing of a name, a size or an owner leaves what the header says', async () => {
  const nothing = { path: '', linkpath: '', size: '', uid: '', gid: '', 'GNU.sparse.name': '' }
  const file = await only(paxOf(nothing), { path: 'a', content: 'four', uid: 5, gid: 6 })
  assert.deepEqual([file.path, file.size, file.uid, file.gid], ['a', 4, 5, 6])
  assert.equal((await only(paxOf(nothing), { path: 'a', type: '2', target: 't' })).target, 't')
  assert.equal((await only({ path: 'l', type: 'L', content: '\0' }, { path: 'a' })).path, 'a')
})

test('attributes that no system could hold are refused', async () => {
  const xattr = (name: string, value: string) =>
    tarOf([paxOf({ [`SCHILY.xattr.${name}`]: value }), { path: 'a' }])
  const name = 'n'.repeat(255)
  const [entry] = await membersOf(xattr(name, 'v'.repeat(65_536)))
  assert.equal(entry?.xattrs?.get(name)?.length, 65_536)
  await refused(xattr(`${name}n`, 'v'), /attribute in it has too long a name/)
  await refused(xattr('a', 'v'.repeat(65_537)), /attribute in it is too long/)
})

test('a file has a thousand attributes at most', async () => {
  const of = (count: number) => {
    const records = Array.from({ length: count }, (_, at) => [`SCHILY.xattr.user.${at}`, 'v'] as const)
    return tarOf([paxOf(Object.fromEntries(records)), { path: 'a' }])
  }
  assert.equal((await membersOf(of(1000)))[0]?.xattrs?.size, 1000)
  await refused(of(1001), /too many attributes/)
})

test('the value of an attribute keeps nothing else of the archive in memory', () => {
  const archive = tarOf([paxOf({ 'SCHILY.xattr.user.a': 'v' }), { path: 'a' }])
  const [entry] = scanned(archive, archive.length)
  assert.equal(entry?.xattrs?.get('user.a')?.buffer.byteLength, 1)
})

test('members of a tar are bounded where no budget counts them', async () => {
  const archive = tarOf([{ path: 'a' }, paxOf({ uid: '1' }), { path: 'b' }])
  const both = tarScanner('any', 2)
  assert.equal(both.push(archive).length, 2)
  assert.throws(() => tarScanner('any', 1).push(archive), { message: /too many members/ })
})

test('malformed attribute lists are refused', async () => {
  for (const content of ['5 a=', '999 path=x\n', 'x path=x\n', '0 path=x\n', '-9 path=x\n', '9 path:x\n']) {
    await refused(tarOf([{ path: 'p', type: 'x', content }, { path: 'a' }]), /malformed/)
  }
})

test('mutated archives give members or an error, never anything else', async () => {
  const archive = tarOf([
    paxOf({ path: 'abc', size: '3' }),
    { path: 'a', content: 'abc' },
    { path: 'b', type: '2' },
  ])
  let state = 42
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state % below
  }
  for (let round = 0; round < 500; round++) {
    const mutated = Buffer.from(archive)
    for (let change = 0; change < 4; change++) mutated[random(mutated.length)] = random(256)
    try {
      await membersOf(mutated)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'unreadable')
    }
  }
})

test('a tar that stops inside of an attribute list is cut off, not malformed', async () => {
  const archive = memberOf({ path: 'pax', type: 'x', content: `20 path=${'a'.repeat(11)}\n` })
  for (const cut of [archive.length - 1, archive.length - 500, 512]) {
    await assert.rejects(membersOf(archive.subarray(0, cut)), { message: /stops before its end mark/ })
  }
})

function base256(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(12)
  bytes.writeBigInt64BE(value, 4)
  bytes.fill(value < 0n ? 0xff : 0, 0, 4)
  bytes[0]! |= 0x80
  return bytes
}

test('a time is that of the header, in octal digits or in base 256', async () => {
  assert.equal((await only({ path: 'a', mtime: 1_234_567_890 })).mtime, 1_234_567_890)
  assert.equal((await only({ path: 'a', raw: { 136: base256(9_000_000_000n) } })).mtime, 9_000_000_000)
  assert.equal((await only({ path: 'a', raw: { 136: Buffer.alloc(12) } })).mtime, 0)
})

test('a time in the attributes goes before that of the header, in whole seconds', async () => {
  const times = { '12': 12, '12.': 12, '12.999999999': 12, '0012.5': 12 }
  for (const [text, seconds] of Object.entries(times))
    assert.equal((await only(paxOf({ mtime: text }), { path: 'a', mtime: 99 })).mtime, seconds, text)
  assert.equal((await only(paxOf({ mtime: '' }), { path: 'a', mtime: 99 })).mtime, 99)
})

test('a time before 1970 or after 2262, which no engine keeps, is 1970', async () => {
  for (const text of ['-1', '-0.5', '9223372037', '9'.repeat(60)])
    assert.equal((await only(paxOf({ mtime: text }), { path: 'a', mtime: 99 })).mtime, 0, text)
  for (const bytes of [base256(-1n), base256(9_223_372_037n), Buffer.alloc(12, 0xff), Buffer.alloc(12, 0xbf)])
    assert.equal((await only({ path: 'a', raw: { 136: bytes } })).mtime, 0)
  assert.equal((await only(paxOf({ mtime: '9223372036.8' }), { path: 'a' })).mtime, 9_223_372_036)
})

test('a time that is no number is refused', async () => {
  for (const text of ['x', '1e9', '1,5', '.5', '--1', '0x10', ' 1', '1'.repeat(65)])
    await refused(tarOf([paxOf({ mtime: text }), { path: 'a' }]), /a time in it is malformed/)
  await refused(
    tarOf([{ path: 'a', raw: { 136: Buffer.from('12x4567890\0\0') } }]),
    /number in it is malformed/,
  )
})
