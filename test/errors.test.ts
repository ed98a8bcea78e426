import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inContext, LiftError } from '../src/errors.js'

test('an error has a code, a message, and a hint and a cause where there are some', () => {
  const cause = new Error('below')
  const error = new LiftError('unreadable', 'cannot read x', { cause, hint: 'Try y.' })
  assert.deepEqual(
    [error.name, error.code, error.message, error.hint, error.cause],
    ['LiftError', 'unreadable', 'cannot read x', 'Try y.', cause],
  )
  const plain = new LiftError('usage', 'no')
  assert.equal(plain.hint, undefined)
  assert.equal('cause' in plain, false)
})

test('context goes before the message; code and hint stay, and the first error is the cause', () => {
  const first = new LiftError('not-elf', 'no magic', { hint: 'Look.' })
  const error = inContext(first, '/bin/x')
  assert.ok(error instanceof LiftError)
  assert.deepEqual(
    [error.code, error.message, error.hint, error.cause],
    ['not-elf', '/bin/x: no magic', 'Look.', first],
  )
  const bare = inContext(new LiftError('limit', 'much'), 'x')
  assert.equal(bare instanceof LiftError && bare.hint, undefined)
})

test('errors that are not ours are left alone', () => {
  const error = new TypeError('a bug')
  assert.equal(inContext(error, '/bin/x'), error)
})
