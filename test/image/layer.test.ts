import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bufferReader } from '../../src/bytes.js'
import { temporaryStore } from '../../src/image/blob-store.js'
import type { Digest } from '../../src/image/digest.js'
import { type LayerBlob, type LayerContext, openLayer } from '../../src/image/layer.js'
import { budgetOf } from '../../src/image/limits.js'
import { randomOf } from '../support/fuzz-random.js'
import { digestOf } from '../support/saved-image.js'
import { tarOf } from '../support/tar-builder.js'

const TAR = tarOf([
  { path: 'a', content: Buffer.from(randomOf(1).bytes(300_000)) },
  { path: 'b', content: 'last' },
])
const GZIP = gzipSync(TAR)

function context(more: Partial<LayerContext> = {}): LayerContext {
  return { store: temporaryStore(), budget: budgetOf({}, 'image'), ...more }
}

/** A blob that comes in pieces, as from a network. */
function streamed(bytes: Uint8Array, tar: Uint8Array = TAR, more: Partial<LayerBlob> = {}): LayerBlob {
  async function* stream() {
    for (let at = 0; at < bytes.length; at += 9999) yield bytes.subarray(at, at + 9999)
  }
  return { digest: digestOf(bytes), size: bytes.length, diffId: digestOf(tar), stream, ...more }
}

/** A blob that can also be read anywhere, as on a disk. */
function seekable(bytes: Uint8Array, more: Partial<LayerBlob> = {}): LayerBlob {
  return streamed(bytes, TAR, { reader: bufferReader(bytes), ...more })
}

async function refused(blob: LayerBlob, message: RegExp, code = 'unreadable'): Promise<void> {
  await assert.rejects(openLayer(blob, 'image: layer 1', context()), { code, message })
}

const WAYS = { streamed, seekable: (bytes: Uint8Array) => seekable(bytes) }

for (const [way, blobOf] of Object.entries(WAYS)) {
  test(`a ${way} layer has the same members and content, compressed or not`, async () => {
    for (const bytes of [TAR, GZIP]) {
      const { members, content } = await openLayer(blobOf(bytes), 'layer', context())
      assert.deepEqual(
        members.map(({ path, size }) => [path, size]),
        [
          ['a', 300_000],
          ['b', 4],
        ],
      )
      assert.equal(Buffer.from(await content.read(members[1]!.offset, 4)).toString(), 'last')
    }
  })

  test(`a ${way} layer that is not what its digests say is refused by name`, async () => {
    const other = digestOf(Buffer.from('other'))
    for (const bytes of [TAR, GZIP]) {
      const blob = blobOf(bytes)
      await refused(
        { ...blob, digest: other },
        /^image: layer 1 is not what its digest says: expected sha256:/,
      )
      await refused(
        { ...blob, diffId: other },
        /^image: layer 1(, uncompressed,)? is not what its digest says/,
      )
    }
  })

  test(`a ${way} layer that is cut off, or longer than was said, is refused by name`, async () => {
    for (const bytes of [TAR, GZIP]) {
      const { digest } = blobOf(bytes)
      const cut = bytes.subarray(0, bytes.length - 700)
      await refused({ ...blobOf(cut), digest }, /^image: layer 1/)
      await refused({ ...blobOf(Buffer.concat([bytes, Buffer.alloc(9)])), digest }, /^image: layer 1/)
    }
  })
}

test('a tar that lacks nothing but its end mark is read, as engines read it', async () => {
  const cut = TAR.subarray(0, TAR.length - 1024)
  const whole = await openLayer(streamed(TAR, TAR), 'layer', context())
  for (const bytes of [cut, gzipSync(cut)])
    assert.deepEqual((await openLayer(streamed(bytes, cut), 'layer', context())).members, whole.members)
})

test('a tar that stops within a member is refused by name, though its digests are right', async () => {
  const cut = TAR.subarray(0, 100)
  for (const bytes of [cut, gzipSync(cut)])
    await refused(streamed(bytes, cut), /^image: layer 1: the tar archive is damaged: it stops/)
})

test('an uncompressed layer that can be read anywhere is used where it lies', async () => {
  const store = { ...temporaryStore(), create: () => assert.fail('copied') }
  const { content } = await openLayer(seekable(TAR), 'layer', context({ store }))
  assert.equal(content.size, TAR.length)
})

test('what was kept is used, unless it is damaged', async () => {
  const forgotten: Digest[] = []
  for (const kept of [TAR, TAR.subarray(0, 5000)]) {
    const store = {
      ...temporaryStore(),
      find: async () => bufferReader(kept),
      forget: (digest: Digest) => void forgotten.push(digest),
    }
    const { members } = await openLayer(streamed(GZIP), 'layer', context({ store }))
    assert.equal(members.length, 2)
  }
  assert.deepEqual([...new Set(forgotten)], [digestOf(GZIP)])
})

test('nothing of a layer that is refused stays in the store', async () => {
  const steps: string[] = []
  const store = {
    ...temporaryStore(),
    create: () => ({
      append: () => {},
      commit: async () => assert.fail('committed'),
      abort: () => void steps.push('abort'),
    }),
    claim: async () => ({ [Symbol.dispose]: () => void steps.push('release') }),
  }
  const blob = streamed(GZIP, Buffer.from('other'))
  await assert.rejects(openLayer(blob, 'layer', context({ store })))
  assert.deepEqual(steps, ['abort', 'release'])
})

test('members and bytes count against the limits of the image', async () => {
  for (const limits of [{ entries: 1 }, { unpacked: 100_000 }])
    for (const bytes of [TAR, GZIP])
      await assert.rejects(
        openLayer(streamed(bytes), 'layer', context({ budget: budgetOf(limits, 'image') })),
        {
          code: 'limit',
        },
      )
})

test('members of what was kept count too, as they come', async () => {
  const store = {
    ...temporaryStore(),
    find: async () => bufferReader(TAR),
    create: () => assert.fail('anew'),
  }
  const budget = budgetOf({ entries: 1 }, 'image')
  await assert.rejects(openLayer(streamed(GZIP), 'layer', context({ store, budget })), { code: 'limit' })
})

test('an aborted signal ends it', async () => {
  const signal = AbortSignal.abort()
  await assert.rejects(openLayer(streamed(GZIP), 'layer', context({ signal })), { name: 'AbortError' })
})

test('the bytes taken in are told', async () => {
  let bytes = 0
  await openLayer(streamed(GZIP), 'layer', context({ onBytes: (count) => (bytes += count) }))
  assert.equal(bytes, GZIP.length)
})
