import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandOf } from '../../src/lift/command.js'
import { programOf } from '../support/lift-literal.js'

const startedWith = { entrypoint: ['-a'], cmd: ['b'] }
const programs = [programOf('/bin/x', { startedWith }), programOf('/bin/y')]

test('a container starts the first program, with the words that the source starts it with', () => {
  assert.deepEqual(commandOf({ programs }, {}), { entrypoint: ['/bin/x', '-a'], cmd: ['b'] })
  const [, plain] = programs
  assert.deepEqual(commandOf({ programs: [plain!] }, {}), { entrypoint: ['/bin/y'], cmd: [] })
})

test('another entrypoint stands without the words of the source, even an empty one', () => {
  assert.deepEqual(commandOf({ programs }, { entrypoint: ['/z'] }), { entrypoint: ['/z'], cmd: [] })
  assert.deepEqual(commandOf({ programs }, { entrypoint: [] }), { entrypoint: [], cmd: [] })
  assert.deepEqual(commandOf({ programs }, { entrypoint: ['/z'], cmd: ['c'] }), {
    entrypoint: ['/z'],
    cmd: ['c'],
  })
})

test('another CMD leaves the entrypoint as it is', () => {
  assert.deepEqual(commandOf({ programs }, { cmd: ['c'] }), { entrypoint: ['/bin/x', '-a'], cmd: ['c'] })
})

test('there is nothing to start where the first is a library, or where there is no program', () => {
  const nothing = { entrypoint: [], cmd: [] }
  const library = programOf('/lib/l.so', { kind: 'library', startedWith })
  assert.deepEqual(commandOf({ programs: [library] }, {}), nothing)
  assert.deepEqual(commandOf({ programs: [] }, {}), nothing)
})
