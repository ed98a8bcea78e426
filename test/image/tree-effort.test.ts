import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effort } from '../../src/image/tree-effort.js'

test('links that names go through have a bound by their text', () => {
  const taken = effort()
  const target = 'd/../'.repeat(800)
  const follow = (times: number) => {
    for (let time = 0; time < times; time++) taken.addFollowed(target)
  }
  follow(10_000)
  assert.throws(() => follow(100_000), { code: 'limit', message: /go through links too often/ })
})

test('many members may lie below a link', () => {
  const taken = effort()
  for (let member = 0; member < 4_000_000; member++) taken.addFollowed('usr/lib')
})
