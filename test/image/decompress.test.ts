import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { compressionOf, decompressed } from '../../src/image/decompress.js'
import { randomOf } from '../support/fuzz-random.js'
import { tarOf } from '../support/tar-builder.js'

const DATA = Buffer.from(randomOf(1).bytes(700_000))
const TAR = tarOf([{ path: 'hello', content: 'hello layers' }])
/** The tar in one frame, and in two with a skippable one between them. */
const ZSTD = Buffer.from(
  'KLUv/WQABw0CABKDCQ/Aawxwu6Cs/LcrWB1Ug1OqVBo5wDeRpZgD78a9K8KvEPcvOqeYCCAwNc8B8PnzAEKYpw4oeeESgcPZ6RUB9C+aKA==',
  'base64',
)
const FRAMES = Buffer.from(
  'KLUv/QRYZQIA5AJoZWxsbwAwMDAwNjQ0MDAwMDAxNjc2NgAgMHVzdGFyADAwaGVsbG8gbGF5ZXJzCgAttqGSm6MAAAxu0IyZNlQGP4sBcKxcZidQBBZWrLxQKk0YBAAAAGFiY2QotS/9BFhNAAAQAAABAD/9AAsvF2dp',
  'base64',
)

interface Source {
  /** Whether somebody read to the end, and whether somebody let go before. */
  ended: boolean
  stopped: boolean
  readonly bytes: AsyncGenerator<Uint8Array>
}

function source(bytes: Uint8Array, piece: number): Source {
  async function* pieces() {
    try {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
      out.ended = true
    } finally {
      out.stopped = !out.ended
    }
  }
  const out: Source = { ended: false, stopped: false, bytes: pieces() }
  return out
}

async function inflate(bytes: Uint8Array, piece = 70_000): Promise<Buffer> {
  const kind = compressionOf(bytes) ?? assert.fail('not compressed')
  const from = source(bytes, piece)
  const chunks: Uint8Array[] = []
  for await (const chunk of decompressed(from.bytes, kind, 'the layer')) chunks.push(Uint8Array.from(chunk))
  assert.ok(from.ended)
  return Buffer.concat(chunks)
}

async function refused(bytes: Uint8Array): Promise<void> {
  for (const piece of [1000, 1 << 20]) {
    await assert.rejects(inflate(bytes, piece), {
      code: 'unreadable',
      message: /^the layer cannot be decompressed: ./,
    })
  }
}

test('the first bytes tell a compression, and a tar has none', () => {
  assert.equal(compressionOf(gzipSync('x')), 'gzip')
  assert.equal(compressionOf(ZSTD), 'zstd')
  assert.equal(compressionOf(Buffer.from([0x5f, 0x2a, 0x4d, 0x18])), 'zstd')
  for (const bytes of [TAR, Buffer.alloc(0), Buffer.from([0x1f]), Buffer.from('BZh9'), ZSTD.subarray(0, 3)])
    assert.equal(compressionOf(bytes), undefined)
})

test('gzip is undone, whatever pieces it comes in', async () => {
  for (const piece of [1, 4096, 1 << 20]) {
    const data = piece === 1 ? DATA.subarray(0, 3000) : DATA
    assert.deepEqual(await inflate(gzipSync(data), piece), data)
  }
})

test('members of gzip that follow each other are one stream', async () => {
  const members = [DATA, Buffer.alloc(0), DATA.subarray(0, 9)]
  assert.deepEqual(await inflate(Buffer.concat(members.map((one) => gzipSync(one)))), Buffer.concat(members))
})

test('zstd is undone, in several frames and with frames to skip', async () => {
  for (const bytes of [ZSTD, FRAMES])
    for (const piece of [1, 7, 1 << 20]) assert.deepEqual(await inflate(bytes, piece), TAR)
})

test('a stream that stops early is refused', async () => {
  const gzip = gzipSync(DATA)
  for (const length of [5, 300_000, gzip.length - 1]) await refused(gzip.subarray(0, length))
  for (const length of [6, 40, ZSTD.length - 1]) await refused(ZSTD.subarray(0, length))
})

test('changed bytes of gzip are refused, and so is what follows its end', async () => {
  const changed = gzipSync(DATA)
  changed[changed.length - 5]! ^= 1
  await refused(changed)
  await refused(Buffer.concat([gzipSync(DATA), Buffer.from('something else')]))
  await refused(Buffer.concat([gzipSync(DATA), Buffer.alloc(20)]))
})

test('a window larger than the usual limit is refused, also of a later frame', async () => {
  const wide = (descriptor: number) =>
    Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, descriptor]), Buffer.alloc(20)])
  const single = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1]), Buffer.alloc(20)])
  for (const hostile of [
    wide(0x90),
    wide(0xff),
    single,
    Buffer.concat([ZSTD, wide(0xa0)]),
    Buffer.concat([FRAMES, single]),
  ])
    await assert.rejects(inflate(hostile, 5), { code: 'unreadable', message: /needs a window of \d+ bytes/ })
})

test('who stops reading lets go of the source', async () => {
  const many = Buffer.concat(Array(20).fill(gzipSync(DATA)))
  const from = source(many, 50_000)
  for await (const _ of decompressed(from.bytes, 'gzip', 'the layer')) break
  while (!from.stopped && !from.ended) await new Promise((go) => setImmediate(go))
  assert.ok(from.stopped)
})

test("a source's own failure is passed on as it is", async () => {
  for (const kind of ['gzip', 'zstd'] as const) {
    async function* failing() {
      yield kind === 'gzip' ? gzipSync(DATA).subarray(0, 90_000) : ZSTD.subarray(0, 50)
      throw new DOMException('stopped', 'AbortError')
    }
    const read = async () => {
      for await (const _ of decompressed(failing(), kind, 'the layer'));
    }
    await assert.rejects(read(), { name: 'AbortError' })
  }
})
