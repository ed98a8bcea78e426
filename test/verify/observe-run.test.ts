import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiftError } from '../../src/errors.js'
import type { LiftedProgram } from '../../src/lift/lift.js'
import { observeIn, observeRun } from '../../src/verify/observe-run.js'
import { buildElf } from '../support/elf-builder.js'
import { programOf } from '../support/lift-literal.js'
import { outcomeOf, sideOf } from '../support/sides.js'
import { debianTree, MUSL, program, smallImage } from '../support/small-image.js'

const LOG = '      7:\tcalling init: /a.so\n'
const startedWith = { entrypoint: ['-e'], cmd: ['c'] }
const programs: readonly LiftedProgram[] = [programOf('/usr/bin/x', { startedWith })]
const isUnsupported = (words: RegExp) => (error: unknown) =>
  error instanceof LiftError && error.code === 'unsupported' && words.test(`${error.message} ${error.hint}`)

test('the program is started as its image starts it, and its loader told to tell', async () => {
  const side = sideOf(() => outcomeOf('out', { stderr: `own\n${LOG}` }))
  const { trace, stdout, stderr, program: path } = await observeIn(side, { programs }, {})
  assert.deepEqual([trace, String(stdout), stderr, path], [LOG, 'out', 'own\n', '/usr/bin/x'])
  const [command] = side.commands
  assert.deepEqual([command?.argv, command?.env], [['/usr/bin/x', '-e', 'c'], { LD_DEBUG: 'files,libs' }])
})

test('words, input, environment, user and time of the options come in place of those of the image', async () => {
  const side = sideOf(() => outcomeOf('', { stderr: LOG }))
  const run = {
    args: ['-v'],
    stdin: 'in',
    env: { A: '1', LD_DEBUG: 'all' },
    user: '7',
    workdir: '/w',
    timeout: 3,
  }
  await observeIn(side, { programs }, { run })
  const { argv, stdin, env, user, workdir, timeout } = side.commands[0]!
  assert.deepEqual(
    [argv, String(stdin), env, user, workdir, timeout],
    [['/usr/bin/x', '-v'], 'in', { A: '1', LD_DEBUG: 'files,libs' }, '7', '/w', 3],
  )
})

test('a run that was ended from outside has told what it has told', async () => {
  const side = sideOf(() => outcomeOf('', { stderr: LOG, end: { kind: 'time-out' } }))
  const { trace, end } = await observeIn(side, { programs }, {})
  assert.deepEqual([trace, end], [LOG, { kind: 'time-out' }])
})

test('a program that does not start, or whose loader says nothing, has no trace', async () => {
  const end = { kind: 'not started', reason: 'Permission denied' } as const
  const unstarted = sideOf(() => outcomeOf('', { end }))
  await assert.rejects(observeIn(unstarted, { programs }, {}), isUnsupported(/Permission denied/))
  const silent = sideOf(() => outcomeOf('', { stderr: 'own\n' }))
  await assert.rejects(observeIn(silent, { programs }, {}), isUnsupported(/told nothing.*setuid.*strace/s))
})

test('what has no loader, or that of musl, is not run at all', async () => {
  const tree = debianTree({
    '/usr/bin/static': buildElf({ type: 'exec', dynamic: false }),
    '/usr/bin/m': program([], { interp: MUSL }),
    '/usr/lib/ld-musl-x86_64.so.1': buildElf({ soname: 'libc.musl-x86_64.so.1' }),
  })
  await assert.rejects(observeRun(smallImage(tree), 'static'), isUnsupported(/without a loader.*strace/s))
  await assert.rejects(observeRun(smallImage(tree), 'm'), isUnsupported(/musl.*strace/s))
})
