import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differencesOf, endText } from '../../src/verify/compare.js'
import { outcomeOf } from '../support/sides.js'

const TIMED_OUT = { end: { kind: 'time-out' } } as const

test('what is the same differs in nothing', () => {
  assert.deepEqual(differencesOf(outcomeOf('a\n'), outcomeOf('a\n'), []), [])
})

test('a difference is shown from the first line on that differs, in a few lines', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`)
  const other = lines.with(2, 'LINE 3\n')
  assert.deepEqual(differencesOf(outcomeOf(lines.join('')), outcomeOf(other.join('')), []), [
    {
      what: 'stdout',
      line: 3,
      expected: 'line 3\nline 4\nline 5\nline 6\nline 7',
      actual: 'LINE 3\nline 4\nline 5\nline 6\nline 7',
    },
  ])
})

test('each stream and the end are compared on their own', () => {
  const crash = outcomeOf('', { end: { kind: 'exit', code: 139 }, stderr: 'ouch' })
  assert.deepEqual(differencesOf(outcomeOf('fine'), crash, []), [
    { what: 'end', expected: 'exit code 0', actual: 'exit code 139 (SIGSEGV)' },
    { what: 'stdout', line: 1, expected: 'fine', actual: '' },
    { what: 'stderr', line: 1, expected: '', actual: 'ouch' },
  ])
})

test('an end without a line break is another output', () => {
  const [difference] = differencesOf(outcomeOf('a\nb\n'), outcomeOf('a\nb'), [])
  assert.deepEqual(difference, { what: 'stdout', line: 2, expected: 'b\n', actual: 'b' })
})

test('bytes that are no text are compared as bytes', () => {
  const [one, other] = [0x80, 0x81].map((byte) => ({ ...outcomeOf(), stdout: Buffer.of(byte) }))
  assert.equal(differencesOf(one!, other!, []).length, 1)
  assert.deepEqual(differencesOf(one!, one!, []), [])
})

test('what a pattern matches is no difference, in any line and as often as it comes', () => {
  const [one, other] = ['1', '22'].map((n) => outcomeOf(`pid ${n}\npid ${n}\n`, { stderr: `at ${n}` }))
  assert.deepEqual(differencesOf(one!, other!, [/^pid \d+$/, /\d+/y]), [])
  assert.deepEqual(
    differencesOf(one!, other!, [/^pid \d+$/]).map(({ what }) => what),
    ['stderr'],
  )
})

test('of two that were cut off at the time limit, one may have come further', () => {
  const [short, long, else_] = ['a\n', 'a\nb\n', 'x\n'].map((text) => outcomeOf(text, TIMED_OUT))
  assert.deepEqual(differencesOf(short!, long!, []), [])
  assert.deepEqual(differencesOf(long!, short!, []), [])
  assert.equal(differencesOf(long!, else_!, []).length, 1)
  assert.equal(differencesOf(outcomeOf('a\n'), outcomeOf('a\nb\n'), []).length, 1)
})

test('every end has words', () => {
  assert.equal(endText({ kind: 'exit', code: 3 }), 'exit code 3')
  assert.equal(endText({ kind: 'exit', code: 137 }), 'exit code 137 (SIGKILL)')
  assert.equal(endText({ kind: 'time-out' }), 'still running at the time limit')
  assert.equal(endText({ kind: 'not started', reason: 'no' }), 'not started: no')
  assert.equal(endText({ kind: 'too much output' }), 'too much output')
})
