import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inContext, LiftError, reasonOf } from '../src/errors.js'

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

test('the reason of a failed system call is said without its code, its name and its path', () => {
  assert.throws(
    () => readFileSync('/does/not, exist/x'),
    (error) => reasonOf(error) === 'no such file or directory',
  )
  assert.equal(reasonOf(new Error('ENOSPC: no space left on device, write')), 'no space left on device')
  assert.equal(reasonOf(new Error("EACCES: permission denied, open 'a\nb'")), 'permission denied')
  assert.equal(reasonOf(new Error('it is a directory')), 'it is a directory')
  assert.equal(reasonOf('thrown text'), 'thrown text')
})

test('an error in context keeps its code, its next step and its cause', () => {
  const error = new LiftError('not-elf', '/etc/passwd is text', { hint: 'Name a program.' })
  const told = inContext(error, 'docker:demo')
  assert.ok(told instanceof LiftError)
  assert.deepEqual(
    [told.code, told.message, told.hint, told.cause],
    ['not-elf', 'docker:demo: /etc/passwd is text', 'Name a program.', error],
  )
})

test('wrong usage, trouble with writing and errors that nobody expected happen on no image', () => {
  for (const error of [
    new LiftError('usage', 'no name'),
    new LiftError('output', 'full'),
    new TypeError('loose'),
  ])
    assert.equal(inContext(error, 'docker:demo'), error)
})
