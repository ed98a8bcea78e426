import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type ByteReader, bufferReader } from '../../src/bytes.js'
import { inOrder, openArchive } from '../../src/image/archive.js'
import { budgetOf, type Limits } from '../../src/image/limits.js'
import { type TarMember, tarOf } from '../support/tar-builder.js'

async function opened(bytes: Uint8Array, limits: Partial<Limits> = {}) {
  return openArchive(bufferReader(bytes), 'image.tar', budgetOf(limits, 'image.tar'))
}

async function textIn(members: readonly TarMember[], name: string): Promise<string | undefined> {
  await using archive = await opened(tarOf(members))
  const reader = archive.open(name)
  return reader && Buffer.from(await reader.read(0, reader.size)).toString()
}

test('members are found by name, however the name is written', async () => {
  const members = [
    { path: './blobs/', type: '5' },
    { path: './blobs//a', content: 'x' },
    { path: 'empty', content: '' },
  ]
  for (const name of ['blobs/a', '/blobs/a', './blobs/./a', '../blobs/a', 'x/../blobs/a'])
    assert.equal(await textIn(members, name), 'x', name)
  assert.equal(await textIn(members, 'empty'), '')
  for (const name of ['blobs', 'none', '', '/', 'blobs/a/b'])
    assert.equal(await textIn(members, name), undefined, name)
})

test('links of either kind lead to other members, and never out of the archive', async () => {
  const members = [
    { path: '1/layer.tar', content: 'x' },
    { path: '2/layer.tar', type: '2', target: '../1/layer.tar' },
    { path: '3/layer.tar', type: '1', target: '2/layer.tar' },
    { path: 'out', type: '2', target: '../../../../etc/passwd' },
    { path: 'absolute', type: '2', target: '/1/layer.tar' },
    { path: 'loop', type: '2', target: 'loop' },
  ]
  for (const name of ['2/layer.tar', '3/layer.tar']) assert.equal(await textIn(members, name), 'x')
  for (const name of ['out', 'loop']) assert.equal(await textIn(members, name), undefined)
})

test('the last of two members of a name counts', async () => {
  assert.equal(
    await textIn(
      [
        { path: 'a', content: '1' },
        { path: './a', content: '2' },
      ],
      'a',
    ),
    '2',
  )
})

test('an archive may be compressed as a whole', async () => {
  await using archive = await opened(gzipSync(tarOf([{ path: 'a', content: 'x'.repeat(600_000) }])))
  const reader = archive.open('a')
  assert.equal(reader?.size, 600_000)
  assert.equal((await reader?.read(599_999, 9))?.length, 1)
})

test('an archive that is damaged is refused by name', async () => {
  const tar = tarOf([{ path: 'a', content: 'x' }])
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('no tar'),
    Buffer.alloc(600, 'x'),
    tar.subarray(0, 1000),
    gzipSync(tar).subarray(0, 50),
  ])
    await assert.rejects(opened(bytes), { code: 'unreadable', message: /^image\.tar/ })
})

test('an archive that grows without end is refused', async () => {
  const bomb = gzipSync(Buffer.alloc(5_000_000))
  await assert.rejects(opened(bomb, { unpacked: 1_000_000 }), {
    code: 'limit',
    message: /^image\.tar unpacks to more than/,
  })
})

test('unpacking an archive is told, and can be interrupted', async () => {
  const steps: string[] = []
  const stop = new AbortController()
  const onStep = (step: string) => {
    steps.push(step)
    stop.abort()
  }
  const open = (bytes: Uint8Array) =>
    openArchive(bufferReader(bytes), '/tmp/image.tar', budgetOf({}, 'x'), { signal: stop.signal, onStep })
  const tar = tarOf([{ path: 'a', content: 'x' }])
  await (await open(tar))[Symbol.asyncDispose]()
  assert.deepEqual(steps, [])
  await assert.rejects(open(gzipSync(tar)), { code: 'interrupted', message: /image\.tar/ })
  assert.deepEqual(steps, ['unpacking image.tar'])
})

test('looking through an archive can be interrupted', async () => {
  const tar = bufferReader(tarOf([{ path: 'a' }, { path: 'b' }]))
  const open = openArchive(tar, 'image.tar', budgetOf({}, 'x'), { signal: AbortSignal.abort() })
  await assert.rejects(open, { code: 'interrupted' })
})

test('reading in order lets others have their turn', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const slow: ByteReader = {
    size: 3 << 20,
    read: async () => {
      t.mock.timers.tick(60)
      return new Uint8Array(1 << 20)
    },
  }
  let turns = 0
  const turn = () => {
    turns++
    if (turns < 100) setImmediate(turn)
  }
  setImmediate(turn)
  const seen: number[] = []
  for await (const _ of inOrder(slow)) seen.push(turns)
  assert.deepEqual(seen, [0, 1, 2])
})
