import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { checkSize, type Digest, digestOf, hasherFor, sha256, verifyDigest } from '../../src/image/digest.js'

const HELLO = Buffer.from('hello')
const SHA512 = `sha512:${createHash('sha512').update(HELLO).digest('hex')}` as Digest

test('only whole, lower-case digests of registered algorithms are digests', () => {
  const good = sha256(HELLO)
  for (const text of [good, SHA512]) assert.equal(digestOf(text), text)
  const bad = [
    good.toUpperCase(),
    good.slice(0, -1),
    `${good}0`,
    `${good}\n`,
    good.slice(7),
    `md5:${'0'.repeat(32)}`,
  ]
  for (const text of [...bad, 'sha256:../../../etc/passwd', '', 7, null, undefined, [good], {}])
    assert.equal(digestOf(text), undefined, String(text))
})

test('bytes in pieces have the digest of the whole', () => {
  const hasher = hasherFor(sha256(HELLO))
  for (const byte of HELLO) hasher.update(Uint8Array.of(byte))
  assert.equal(hasher.check('x'), sha256(HELLO))
})

test('a digest of either algorithm is checked, and what differs is named with both digests', async () => {
  for (const digest of [sha256(HELLO), SHA512]) {
    await verifyDigest(bufferReader(HELLO), digest, 'the blob')
    await assert.rejects(
      verifyDigest(bufferReader(Buffer.from('hellO')), digest, 'the blob'),
      (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`^the blob is not what its digest says: expected ${digest}, got sha`),
        )
        return (error as { code?: string }).code === 'unreadable'
      },
    )
  }
})

test('bytes longer than one read are all in the digest', async () => {
  const large = Buffer.alloc(3 << 20, 'abc')
  await verifyDigest(bufferReader(large), sha256(large), 'large')
  const changed = Buffer.from(large)
  changed[changed.length - 1] = 0
  await assert.rejects(verifyDigest(bufferReader(changed), sha256(large), 'large'))
})

test('another size than was said is named with both', () => {
  checkSize(3, 3, 'the blob')
  assert.throws(() => checkSize(4, 3, 'the blob'), {
    code: 'unreadable',
    message: 'the blob has 4 bytes where 3 were said',
  })
})
