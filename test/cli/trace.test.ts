import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObservedRun } from '../../src/index.js'
import { LiftError } from '../../src/index.js'
import { runCli } from '../support/cli.js'

const LOG = '      7:\tcalling init: /a.so\n'

function observed(parts: Partial<ObservedRun> = {}): ObservedRun {
  return {
    program: '/usr/bin/x',
    trace: LOG,
    end: { kind: 'exit', code: 0 },
    stdout: Buffer.from('printed\n'),
    stderr: 'warned\u001b[2J\n',
    milliseconds: 120,
    runner: { name: 'docker', describe: 'containers of Docker', passedOver: [], notes: ['a note'] },
    ...parts,
  }
}

test("the answer is what the loader wrote, and how the run went is said on stderr without the program's output", async () => {
  const { status, out, err } = await runCli(['trace', 'dir:/', 'x'], { observed: observed() })
  assert.deepEqual([status, out], [0, LOG])
  assert.match(
    err,
    /^\/usr\/bin\/x ended with exit code 0 after 0\.12 s, run by docker: containers of Docker\n.*a note\n$/,
  )
})

test('what the program printed is shown with --verbose, and its errors where it failed, both made harmless', async () => {
  const verbose = await runCli(['trace', 'dir:/', 'x', '-v'], { observed: observed() })
  assert.match(verbose.err, /^ {2}printed\n {2}warned\\x1b\[2J\n/m)
  const failed = await runCli(['trace', 'dir:/', 'x'], {
    observed: observed({ end: { kind: 'exit', code: 3 } }),
  })
  assert.equal(failed.status, 0)
  assert.match(failed.err, /^ {2}warned\\x1b\[2J\n.*exit code 3/)
  assert.doesNotMatch(failed.err, /printed/)
  assert.equal((await runCli(['trace', 'dir:/', 'x', '-q'], { observed: observed() })).err, '')
})

test('a run that was ended at the time limit is exit 1, unless that is expected', async () => {
  const late = { observed: observed({ end: { kind: 'time-out' } }) }
  const { status, out, err } = await runCli(['trace', 'dir:/', 'x'], late)
  assert.deepEqual([status, out], [1, LOG])
  assert.match(err, /was still running at the time limit/)
  assert.equal((await runCli(['trace', 'dir:/', 'x', '--timeout-ok'], late)).status, 0)
  const loud = { observed: observed({ end: { kind: 'too much output' } }) }
  assert.equal((await runCli(['trace', 'dir:/', 'x', '--timeout-ok'], loud)).status, 1)
})

test('the words after -- and the options reach the run', async () => {
  const options = ['--env', 'A=b=c', '--user', '7', '--workdir', '/w', '--timeout', '5', '--runner', 'podman']
  const argv = ['trace', 'dir:/', 'x', ...options, '--', '-l', '--env', '/']
  const { calls } = await runCli(argv, { observed: observed() })
  const call = calls.find(({ to }) => to === 'observeRun')
  assert.ok(call?.to === 'observeRun')
  assert.equal(call.binary, 'x')
  const { run, runner } = call.options
  assert.deepEqual(
    [run, runner],
    [{ args: ['-l', '--env', '/'], env: { A: 'b=c' }, user: '7', workdir: '/w', timeout: 5 }, 'podman'],
  )
  const plain = (await runCli(['trace', 'dir:/', 'x'], { observed: observed() })).calls
  assert.ok(plain.some((one) => one.to === 'observeRun' && JSON.stringify(one.options.run) === '{}'))
})

test('wrong words are exit 2 before an image is opened, and no trace is exit 3', async () => {
  for (const argv of [
    ['trace', 'dir:/'],
    ['trace', 'dir:/', 'x', '--env', 'A'],
    ['trace', 'dir:/', 'x', '--runner', 'static'],
  ]) {
    const { status, out, calls } = await runCli(argv, { observed: observed() })
    assert.deepEqual([status, out, calls], [2, '', []], argv.join(' '))
  }
  const none = await runCli(['trace', 'dir:/', 'x'], { observed: new LiftError('unsupported', 'nothing') })
  assert.deepEqual([none.status, none.out], [3, ''])
})
