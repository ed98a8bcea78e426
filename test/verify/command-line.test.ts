import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinWords, splitWords } from '../../src/verify/command-line.js'

test('words are split at blanks, and quotes and backslashes keep them together', () => {
  for (const [line, words] of [
    ['', []],
    ['  ls\t-l  /a ', ['ls', '-l', '/a']],
    [`sh -c 'a "b" \\n'`, ['sh', '-c', 'a "b" \\n']],
    ['"a \\"b\\" \\$c \\d"', ['a "b" $c \\d']],
    ["a\\ b''c", ['a bc']],
    [`'' ""`, ['', '']],
  ] as const)
    assert.deepEqual(splitWords(line), words, line)
})

test('a quote that is not closed is no command line', () => {
  for (const line of ["a 'b", 'a "b', 'a "b\\"', "a'"]) assert.equal(splitWords(line), undefined, line)
})

test('words that were joined are split into the same words', () => {
  const words = ['ls', '', 'a b', "it's", '"', '\\', '$x', 'ü', '--a=b']
  assert.deepEqual(splitWords(joinWords(words)), words)
})
