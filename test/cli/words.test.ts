import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSize } from '../../src/cli/print.js'
import { parseWords } from '../../src/cli/words.js'

test('words are a JSON array or text between blanks', () => {
  assert.deepEqual(parseWords('/bin/a  -x\ty'), ['/bin/a', '-x', 'y'])
  assert.deepEqual(parseWords('["/bin/a b", ""]'), ['/bin/a b', ''])
  assert.deepEqual(parseWords(''), [])
  assert.deepEqual(parseWords('[]'), [])
})

test('a JSON array of anything but strings is refused', () => {
  for (const text of ['[1]', '[', '[["a"]]', '["a"] x']) assert.throws(() => parseWords(text), text)
})

test('sizes have about three digits and never 1000 of a unit', () => {
  const sizes = [0, 999, 1000, 99_949, 99_950, 999_499, 999_500, 1_500_000_000]
  assert.deepEqual(sizes.map(formatSize), [
    '0 B',
    '999 B',
    '1.0 kB',
    '99.9 kB',
    '100 kB',
    '999 kB',
    '1.0 MB',
    '1.5 GB',
  ])
})
