import assert from 'node:assert/strict'
import { test } from 'node:test'
import { separate } from '../../src/verify/loader-log.js'

const apart = (text: string) => separate(Buffer.from(text))

test("the loader's lines are taken out of what a program prints", () => {
  const { log, own } = apart(
    'begin\n      4711:\t\n      4711:\tfile=libc.so.6 [0];  needed by x [0]\nmiddle\n      4711:\t  trying file=/a\nend',
  )
  assert.deepEqual(log, [
    '      4711:\t',
    '      4711:\tfile=libc.so.6 [0];  needed by x [0]',
    '      4711:\t  trying file=/a',
  ])
  assert.equal(own, 'begin\nmiddle\nend')
})

test('a line that the program has not ended stands in front of one of the loader', () => {
  const { log, own } = apart('asks: 5         1:\tcalling init: /a.so\nanswer\n')
  assert.deepEqual(log, ['         1:\tcalling init: /a.so'])
  assert.equal(own, 'asks: 5answer\n')
})

test("a line of the program's that looks nearly so stays its own", () => {
  const text = '12:\tsome table\n12: calling init: /a\n:\tfile=x\n'
  assert.deepEqual(apart(text), { log: [], own: text })
})

test('what a terminal would obey is no line of the loader', () => {
  assert.deepEqual(apart('      1:\tcalling init: /a\u001b[2J\n      1:\tcalling init: /b\r\n').log, [])
})
