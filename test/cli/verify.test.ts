import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { finding } from '../../src/lift/finding.js'
import { runCli, transcript } from '../support/cli.js'
import { matchesGolden } from '../support/golden.js'
import { caseOf, ranOf, variedVerification, verificationOf } from '../support/verification-literal.js'

async function asked(...argv: readonly string[]) {
  const { status, err, calls } = await runCli(['verify', 'dir:/', ...argv])
  assert.deepEqual([status, err], [0, ''])
  const call = calls.find(({ to }) => to === 'verify')
  assert.ok(call?.to === 'verify')
  return call
}

test('what stands after -- is for the program, options and all', async () => {
  const call = await asked('ls', 'cat', '-q', '--', '-l', '--', '--minimal')
  assert.deepEqual(call.binaries, ['ls', 'cat'])
  assert.deepEqual(call.options.cases, [{ args: ['-l', '--', '--minimal'] }])
  assert.equal(call.options.leaveOut, 'nothing')
})

test('without arguments nothing is said of cases, and with -- alone there are none', async () => {
  assert.equal((await asked('ls')).options.cases, undefined)
  assert.deepEqual((await asked('ls', '--')).options.cases, [{ args: [] }])
})

test('options reach the library', async () => {
  const more = [
    '--include',
    '/etc/x',
    '--runner',
    'static',
    '--timeout',
    '1.5',
    '--timeout-ok',
    '--minimal',
    '--ldd',
  ]
  const { options } = await asked('ls', ...more, '--ignore', '^a', '--ignore', '\\d+')
  const { include, runner, timeout, timeouts, leaveOut, ldd, ignore } = options
  assert.deepEqual([include, runner, timeout, timeouts], [['/etc/x'], 'static', 1.5, 'same'])
  assert.deepEqual(
    [leaveOut, ldd, ignore?.map(({ source }) => source)],
    ['each-library', 'where-missing', ['^a', '\\d+']],
  )
})

test('what a run needs besides libraries is chosen as for a lift', async () => {
  const { options } = await asked('ls', '--needs', 'likely', '--with', 'nss', '--without', 'fonts')
  const { needs, with: trusted, without } = options
  assert.deepEqual([needs, trusted, without], ['likely', ['nss'], ['fonts']])
})

test('cases come from files and from after --, and read the same input unless they say otherwise', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  try {
    const [cases, input] = [join(folder, 'cases'), join(folder, 'input')]
    writeFileSync(cases, 'ls -l\n{"stdin": "own"}\n')
    writeFileSync(input, 'shared')
    const { options } = await asked('ls', '--case', cases, '--stdin', input, '--', 'x')
    const stdin = Buffer.from('shared')
    assert.deepEqual(options.cases, [
      { args: ['x'], stdin },
      { name: 'ls -l', program: 'ls', args: ['-l'], stdin },
      { stdin: 'own' },
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('wrong usage of verify is exit 2, and nothing is opened', async () => {
  for (const argv of [
    ['dir:/'],
    ['dir:/', '--', 'x'],
    ['--', 'dir:/', 'ls'],
    ['dir:/', 'ls', '--ignore', '('],
    ['dir:/', 'ls', '--timeout', '0'],
    ['dir:/', 'ls', '--timeout', '1e9'],
    ['dir:/', 'ls', '--runner', 'magic'],
    ['dir:/', 'ls', '--format', 'xml'],
    ['dir:/', 'ls', '--case', '/nowhere'],
    ['dir:/', 'ls', '--stdin', '/nowhere'],
  ]) {
    const { status, out, calls } = await runCli(['verify', ...argv])
    assert.deepEqual([status, out, calls], [2, '', []], argv.join(' '))
  }
})

test('a verification with every verdict', async () => {
  const argv = ['verify', 'debian:bookworm', 'ls']
  matchesGolden('verify.txt', transcript(argv, await runCli(argv, { verification: variedVerification() })))
})

test('the exit status says whether the lift does the same, differs, or is not proven', async () => {
  const errors = [finding({ kind: 'library-missing', name: 'x', neededBy: '/y', attempts: [] })]
  for (const [parts, status] of [
    [{ verdict: 'same' }, 0],
    [{ verdict: 'differs' }, 4],
    [{ verdict: 'differs', findings: errors }, 4],
    [{ verdict: 'inconclusive' }, 1],
    [{ verdict: 'failed' }, 1],
    [{ verdict: 'not run' }, 1],
    [{ verdict: 'same', findings: errors }, 1],
  ] as const) {
    const verification = verificationOf({ cases: [caseOf('ls')], ...parts })
    assert.equal((await runCli(['verify', 'a', 'ls'], { verification })).status, status, parts.verdict)
  }
})

test('that nothing is run is fine where that is what was asked for', async () => {
  const verification = verificationOf({ verdict: 'not run' })
  assert.equal((await runCli(['verify', 'a', 'ls', '--runner', 'static'], { verification })).status, 0)
})

test('the option that makes a case conclusive is named', async () => {
  const running = ranOf('', { end: { kind: 'time-out' } })
  const late = caseOf('ls', { verdict: 'inconclusive', original: running, lifted: running })
  const volatile = caseOf('ls', {
    verdict: 'inconclusive',
    differences: [{ what: 'stdout', line: 1, expected: '1', actual: '2' }],
  })
  for (const [one, said] of [
    [late, /--timeout-ok/],
    [volatile, /--ignore/],
  ] as const) {
    const verification = verificationOf({ verdict: 'inconclusive', cases: [one] })
    assert.match((await runCli(['verify', 'a', 'ls'], { verification })).err, said)
    assert.equal((await runCli(['verify', 'a', 'ls', '-q'], { verification })).err, '')
  }
})
