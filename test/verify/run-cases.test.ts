import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import type { Outcome } from '../../src/verify/outcome.js'
import { type Comparing, planCases, runCase } from '../../src/verify/run-cases.js'
import type { Command } from '../../src/verify/runner.js'
import { programOf } from '../support/lift-literal.js'
import { outcomeOf, sideOf } from '../support/sides.js'

const ls = programOf('/usr/bin/ls', { asked: 'ls', startedWith: { entrypoint: ['-a'], cmd: ['/'] } })
const cat = programOf('/usr/bin/cat')
const roots = { original: memoryRootFs({}), lifted: memoryRootFs({}), libraryDirectories: [] }

function comparing(
  original: () => Outcome,
  lifted: () => Outcome,
  parts: Partial<Comparing> = {},
): Comparing {
  const sides = { original: sideOf(original), lifted: sideOf(lifted) }
  return { ...sides, roots, ignore: [], timeouts: 'inconclusive', ...parts }
}

async function judged(original: () => Outcome, lifted: () => Outcome, parts: Partial<Comparing> = {}) {
  const [planned] = planCases([{ args: [] }], [ls], 30)
  const result = await runCase(planned!, comparing(original, lifted, parts))
  return { verdict: result.verdict, reason: result.reason, in: result.differences.map(({ what }) => what) }
}

test('a case runs the program it names, else each of them', () => {
  const names = (program?: string) =>
    planCases([{ args: ['x'], ...(program === undefined ? {} : { program }) }], [ls, cat], 30).map(
      ({ name }) => name,
    )
  assert.deepEqual(names(), ['ls x', '/usr/bin/cat x'])
  assert.deepEqual(names('ls'), ['ls x'])
  assert.deepEqual(names('/usr/bin/ls'), ['ls x'])
  assert.throws(() => names('dir'), { code: 'usage', message: /"dir"/ })
})

test('without arguments a program is started as its image starts it', () => {
  assert.deepEqual(
    planCases([{}], [ls, cat], 30).map(({ args }) => args),
    [['-a', '/'], []],
  )
  assert.deepEqual(
    planCases([{ args: [] }], [ls], 30).map(({ args }) => args),
    [[]],
  )
})

test('both are given the same', async () => {
  const [planned] = planCases(
    [{ args: ['x'], stdin: 'in', env: { A: 'b' }, user: '7', timeout: 3 }],
    [cat],
    30,
  )
  const [original, lifted] = [sideOf(() => outcomeOf('')), sideOf(() => outcomeOf(''))]
  await runCase(planned!, { ...comparing(outcomeOf, outcomeOf), original, lifted })
  const expected: Command = {
    argv: ['/usr/bin/cat', 'x'],
    stdin: Buffer.from('in'),
    env: { A: 'b' },
    user: '7',
    timeout: 3,
    signal: undefined,
  }
  assert.deepEqual(original.commands, [expected])
  assert.deepEqual(lifted.commands, [expected])
})

test('the same is the same, and another exit code differs', async () => {
  assert.equal(
    (
      await judged(
        () => outcomeOf('a'),
        () => outcomeOf('a'),
      )
    ).verdict,
    'same',
  )
  const failing = () => outcomeOf('a', { end: { kind: 'exit', code: 1 } })
  assert.deepEqual(await judged(() => outcomeOf('a'), failing), {
    verdict: 'differs',
    reason: undefined,
    in: ['end'],
  })
})

test('what the original does not do twice alike proves nothing', async () => {
  let runs = 0
  const varied = () => outcomeOf(`${++runs}`)
  const { verdict, in: differs } = await judged(varied, () => outcomeOf('x'))
  assert.deepEqual([verdict, differs], ['inconclusive', ['stdout']])
})

test('what the original does twice alike differs, though something else varies', async () => {
  let runs = 0
  const varied = () => outcomeOf(`${++runs}`)
  const lifted = () => outcomeOf('x', { stderr: 'ouch' })
  assert.deepEqual(await judged(varied, lifted), { verdict: 'differs', reason: undefined, in: ['stderr'] })
})

test('two that run on prove nothing, unless that is as it should be', async () => {
  const running = () => outcomeOf('up', { end: { kind: 'time-out' } })
  assert.equal((await judged(running, running)).verdict, 'inconclusive')
  assert.equal((await judged(running, running, { timeouts: 'same' })).verdict, 'same')
  assert.equal((await judged(running, () => outcomeOf('up'), { timeouts: 'same' })).verdict, 'differs')
})

test('an original that does not start has failed, whatever the lift does', async () => {
  const dead = () => outcomeOf('', { end: { kind: 'not started', reason: 'Exec format error' } })
  const { verdict, reason } = await judged(dead, () => outcomeOf('a'))
  assert.deepEqual([verdict, reason], ['failed', 'the original does not start: Exec format error'])
  assert.equal((await judged(() => outcomeOf('a'), dead)).verdict, 'differs')
})

test('neither is left running when the other one cannot be run', async () => {
  let isOver = false
  const original = {
    ...sideOf(() => outcomeOf()),
    run: async () => {
      await new Promise((done) => setTimeout(done, 20))
      isOver = true
      return outcomeOf('')
    },
  }
  const lifted = sideOf(() => {
    throw new Error('no')
  })
  const [planned] = planCases([{ args: [] }], [ls], 30)
  await assert.rejects(runCase(planned!, { ...comparing(outcomeOf, outcomeOf), original, lifted }), /no/)
  assert.equal(isOver, true)
})
