import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Soon } from '../../src/bytes.js'
import { type Answers, atHand, waitingFor } from '../../src/rootfs/waiting.js'

/** Work that adds up answers for some keys, and how often it was run and each key asked for. */
function adding(keys: readonly string[], ask: (key: string) => Soon<number | undefined>) {
  const asked: string[] = []
  const answers: Answers<string, number | undefined> = new Map()
  let runs = 0
  const work = () => {
    runs++
    const get = (key: string) =>
      atHand(answers, key, () => {
        asked.push(key)
        return ask(key)
      })
    return keys.reduce((sum, key) => sum + (get(key) ?? 0), 0)
  }
  return { work, asked, runs: () => runs }
}

test('work that lacks nothing gives no promise', () => {
  const { work, asked } = adding(['a', 'b', 'a'], (key) => key.length)
  assert.equal(waitingFor(work), 3)
  assert.deepEqual(asked, ['a', 'b'])
})

test('work that lacks something starts again when that has come, and asks for nothing twice', async () => {
  const { work, asked, runs } = adding(['a', 'b', 'c', 'a'], async (key) => (key === 'b' ? undefined : 2))
  assert.equal(await waitingFor(work), 6)
  assert.deepEqual(asked, ['a', 'b', 'c'])
  assert.equal(runs(), 4)
})

test('two that lack the same wait for one answer', async () => {
  const { work, asked } = adding(['a'], async () => 1)
  assert.deepEqual(await Promise.all([waitingFor(work), waitingFor(work)]), [1, 1])
  assert.deepEqual(asked, ['a'])
})

test('what cannot be had is the error of the work', async () => {
  const { work } = adding(['a'], () => Promise.reject(new RangeError('no')))
  await assert.rejects(async () => waitingFor(work), RangeError)
  const broken = adding(['a'], () => {
    throw new RangeError('no')
  })
  assert.throws(() => waitingFor(broken.work), RangeError)
})
