import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { compressionOf, decompressed } from '../../src/image/decompress.js'
import { zstdCutter } from '../../src/image/zstd-frames.js'
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

const REPEATED = 1
const COMPRESSED = 2
const KIND_AT = 1
const SIZE_AT = 3

function blockOf(kind: number, size: number, content: Uint8Array): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE((kind << KIND_AT) | (size << SIZE_AT), 0, 3)
  return Buffer.concat([header, content])
}

/** A frame that says a window of `2 ** log` bytes. */
function frameOf(log: number, blocks: readonly Uint8Array[]): Buffer {
  const last = Buffer.from(blocks.at(-1)!)
  last[0]! |= 1
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3]),
    ...blocks.slice(0, -1),
    last,
  ])
}

/** The same byte again and again, in so many blocks. */
function repeated(log: number, blocks: number, size: number): Buffer {
  return frameOf(log, Array(blocks).fill(blockOf(REPEATED, size, Buffer.from('A'))))
}

test('a window of 32 MiB is taken, which the best compression of layers needs', async () => {
  assert.deepEqual(await inflate(repeated(25, 2, 3)), Buffer.alloc(6, 'A'))
  await assert.rejects(inflate(repeated(26, 2, 3)), {
    message: /window of 67108864 bytes, and 33554432 is the most.* without --long and --ultra/,
  })
})

test('a block larger than 128 KiB, or than its window, is refused, of whatever kind', async () => {
  assert.equal((await inflate(repeated(21, 1, 128 << 10))).length, 128 << 10)
  assert.equal((await inflate(repeated(10, 1, 1024))).length, 1024)
  for (const [log, size] of [
    [21, (128 << 10) + 1],
    [21, (1 << 21) - 1],
    [10, 1025],
  ] as const)
    for (const kind of [0, REPEATED, COMPRESSED])
      await assert.rejects(inflate(frameOf(log, [blockOf(kind, size, Buffer.alloc(size))])), {
        code: 'unreadable',
        message: /a block in it is larger than \d+ bytes/,
      })
})

test('what a few bytes of zstd stand for comes a little at a time, however they come', async () => {
  const bomb = repeated(21, 4000, 128 << 10)
  for (const piece of [5, bomb.length]) {
    const before = process.memoryUsage().arrayBuffers
    for await (const _ of decompressed(source(bomb, piece).bytes, 'zstd', 'the layer')) break
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20)
  }
})

test('a decompressor is given zstd in pieces that make a little work each, and all of it', () => {
  const many = Buffer.concat(Array(5000).fill(repeated(10, 1, 0)))
  for (const [bytes, most] of [
    [repeated(21, 4000, 128 << 10), 16 * 4],
    [repeated(25, 4000, 1), 4 * 4],
    [many, 2048 * 10],
  ] as const) {
    for (const size of [7, bytes.length]) {
      const cut = zstdCutter()
      const pieces: Uint8Array[] = []
      for (let at = 0; at < bytes.length; at += size) pieces.push(...cut(bytes.subarray(at, at + size)))
      assert.deepEqual(Buffer.concat(pieces), bytes)
      // The first piece has the frame's header as well.
      for (const piece of pieces) assert.ok(piece.length > 0 && piece.length <= most + 6)
    }
  }
})

test('much work of zstd for little output can be interrupted', async () => {
  const stop = new AbortController()
  const bytes = repeated(25, 500, 1)
  let chunks = 0
  const read = async () => {
    for await (const _ of decompressed(source(bytes, bytes.length).bytes, 'zstd', 'x', stop.signal))
      if (chunks++ === 0) setImmediate(() => stop.abort())
  }
  await assert.rejects(read(), { name: 'AbortError' })
})

test('what a decompressor is given stays as it is', async () => {
  // Raw blocks of 100 kB: three pieces of one buffer.
  const block = (isLast: boolean) => {
    const header = (100_000 << 3) | (isLast ? 1 : 0)
    return [Uint8Array.of(header & 255, (header >> 8) & 255, header >> 16), DATA.subarray(0, 100_000)]
  }
  const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58)
  const blocks = Array.from({ length: 90 }, (_, index) => block(index === 89)).flat()
  const bytes = Buffer.concat([frame, ...blocks])
  const before = Buffer.from(bytes)
  assert.equal((await inflate(bytes, bytes.length)).length, 9_000_000)
  assert.deepEqual(bytes, before)
})

test('a few bytes of zstd that would be undone for minutes can be interrupted', async () => {
  // One block with 98047 sequences, all of the longest match there is, in tables of one symbol each (RFC 8878).
  const body = [8, 0x41, 255, 255, 255, 0b0101_0100, 0, 0, 52, 1]
  const header = (body.length << 3) | (2 << 1) | 1
  const bytes = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, header, 0, 0, ...body])
  const from = source(bytes, 100)
  const controller = new AbortController()
  const reason = new Error('enough')
  setTimeout(() => controller.abort(reason), 100)
  const all = async () => {
    for await (const _ of decompressed(from.bytes, 'zstd', 'the layer', controller.signal)) assert.fail()
  }
  await assert.rejects(all, reason)
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
