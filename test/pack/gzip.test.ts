import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { sha256 } from '../../src/image/digest.js'
import { gzipThreads } from '../../src/pack/gzip.js'
import { randomOf } from '../support/fuzz-random.js'
import { gathered } from '../support/packing.js'

/** Five blocks that compress a little. */
async function* blocks(): AsyncGenerator<Uint8Array> {
  const random = randomOf(1)
  for (let index = 0; index < 5; index++)
    yield Uint8Array.from({ length: 100_000 }, () => random.below(9 + index))
}

async function compressed(threads: number): Promise<Buffer> {
  await using gzip = gzipThreads(threads)
  return await gathered(gzip.compress(blocks()))
}

test('what was compressed is there again, in its order', async () => {
  assert.ok(gunzipSync(await compressed(2)).equals(await gathered(blocks())))
})

test('the bytes do not depend on the number of threads', async () => {
  const [one, four] = [await compressed(1), await compressed(4)]
  assert.ok(one.equals(four))
  assert.ok(one.length < 400_000)
})

test('the bytes are those of every other machine', async () => {
  assert.equal(
    sha256(await compressed(2)),
    'sha256:41544520923e8e9e00bc8db35eb86247f31696561d1d83f57817b057ddc8d549',
  )
})

test('the header tells no time and no system', async () => {
  const bytes = await compressed(1)
  assert.deepEqual([...bytes.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
})

test('an error in what is compressed is given on', async () => {
  await using gzip = gzipThreads(2)
  const failing = async function* () {
    yield new Uint8Array(10)
    throw new Error('the disk is gone')
  }
  await assert.rejects(gathered(gzip.compress(failing())), /the disk is gone/)
})
