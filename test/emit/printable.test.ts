import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, printableJson, printableLines } from '../../src/emit/printable.js'

test('controls, line breaks and reordering characters are spelled out', () => {
  assert.equal(printable('a\u001b[31mb\n\r\t\u0000c'), 'a\\x1b[31mb\\n\\r\\t\\x00c')
  assert.equal(
    printable('\u009b\u202e\u2028\u2066\ufeff\u{e0041}'),
    '\\x9b\\u{202e}\\u{2028}\\u{2066}\\u{feff}\\u{e0041}',
  )
  assert.equal(printable('\ud800x'), '\\u{d800}x')
})

test('ordinary text of any language is left alone', () => {
  for (const text of ['libstdc++.so.6', 'žluťoučký kůň', '日本語', '😀', 'a b\\n'])
    assert.equal(printable(text), text)
})

test('in several lines what follows a line break is indented', () => {
  assert.equal(printableLines('a\nliftbin: b\u001b'), 'a\n  liftbin: b\\x1b')
})

test('JSON keeps its meaning', () => {
  const value = { 'k\u202e': ['\u0000\u001b\u007f\u009f\u2029\ufeff\u{e0041}\ud800é', 1, null] }
  for (const indent of [0, 2]) {
    const text = printableJson(value, indent)
    assert.deepEqual(JSON.parse(text), value)
    assert.match(text, /^[\n\u0020-\u007eé]*$/)
  }
})
