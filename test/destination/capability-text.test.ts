import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capabilityText } from '../../src/destination/capability-text.js'

/** The attribute's value from its 32-bit words. */
function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) buffer.writeUInt32LE(value >>> 0, index * 4)
  return buffer
}

test('capabilities are told by number, with the sets that each is in', () => {
  const value = words(0x0200_0001, (1 << 13) | 1, 1 << 13, 1 << 8, 1 << 31)
  assert.deepEqual(capabilityText(value), { text: '= 0+ep 13+eip 40+ep 63+ei' })
  assert.deepEqual(capabilityText(words(0x0200_0000, 1 << 31, 0, 0, 0)), { text: '= 31+p' })
})

test('those of a namespace name its root', () => {
  assert.deepEqual(capabilityText(words(0x0300_0001, 2, 0, 0, 0, 100_000)), {
    text: '= 1+ep',
    rootId: 100_000,
  })
})

test('a value of another version or length is none', () => {
  for (const value of [
    words(0x0100_0001, 2, 0),
    words(0x0200_0001, 2, 0),
    words(0x0300_0001, 2, 0, 0, 0),
    words(),
  ])
    assert.equal(capabilityText(value), undefined)
})
