import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FORMATS } from '../../src/cli/program.js'
import { VERIFY_CHOICES } from '../../src/cli/verify-options.js'
import { VERSION } from '../../src/cli/version.js'
import {
  AUDIT_FORMATS,
  DESTINATIONS,
  FINDERS,
  LIFT_FORMATS,
  RUNNER_NAMES,
  SOURCES,
  VERIFY_FORMATS,
} from '../../src/index.js'
import { runCli, transcript } from '../support/cli.js'
import { matchesGolden } from '../support/golden.js'

test('the version is that of the package', () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  assert.equal(VERSION, (JSON.parse(manifest) as { version: string }).version)
})

test('the formats of the options are those of the library', () => {
  assert.deepEqual([...FORMATS.lift].sort(), Object.keys(LIFT_FORMATS).sort())
  assert.deepEqual([...FORMATS.audit].sort(), Object.keys(AUDIT_FORMATS).sort())
  assert.deepEqual(VERIFY_CHOICES, { format: Object.keys(VERIFY_FORMATS), runner: RUNNER_NAMES })
})

test('the help names every source of the library', async () => {
  const { out } = await runCli(['--help'])
  for (const { describe } of Object.values(SOURCES)) assert.ok(out.includes(`  ${describe}\n`), describe)
})

test('the help of build names every destination of the library', async () => {
  const { out } = await runCli(['help', 'build'])
  for (const { describe } of Object.values(DESTINATIONS)) assert.ok(out.includes(`  ${describe}\n`), describe)
})

test('the helps of lift and build name every finder of the library', async () => {
  for (const command of ['lift', 'build']) {
    const { out } = await runCli(['help', command])
    const listed = /Finders, [^\n]*:\n((?: {2}[^\n]*\n)+)/.exec(out)?.[1]
    assert.deepEqual(listed?.trim().split(/,\s+/).sort(), Object.keys(FINDERS).sort(), command)
  }
})

test('help and version are answers on stdout', async () => {
  for (const argv of [['--help'], ['--version'], ['help', 'why'], ['lift', '--help'], ['audit', '-h']]) {
    const { status, out, err, calls } = await runCli(argv)
    assert.deepEqual([status, err, calls], [0, '', []], argv.join(' '))
    assert.notEqual(out, '')
  }
})

test('help for a command that is none is wrong usage, and says so', async () => {
  const { status, out, err } = await runCli(['help', 'nothing'])
  assert.deepEqual([status, out], [2, ''])
  assert.equal(err, "liftbin: unknown command 'nothing'\n  liftbin --help shows how.\n")
})

const HELPS = [
  ['--help'],
  ...['lift', 'why', 'audit', 'build', 'verify', 'trace'].map((name) => ['help', name]),
]

test('the help of each command', async () => {
  for (const argv of HELPS)
    matchesGolden(`${argv.join('-').replace(/^--/, '')}.txt`, transcript(argv, await runCli(argv)))
})

test('no line of a help is wider than a terminal', async () => {
  for (const argv of HELPS) {
    const { out } = await runCli(argv)
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line)
  }
})

test('lift is the command where none is named', async () => {
  const [named, unnamed] = await Promise.all([runCli(['lift', 'dir:/', 'ls']), runCli(['dir:/', 'ls'])])
  assert.deepEqual(unnamed.out, named.out)
  assert.equal(unnamed.status, 0)
  assert.match(unnamed.out, /^FROM /m)
})

test('an image that is named like a command is lifted by naming the command', async () => {
  const { calls } = await runCli(['lift', 'why', 'ls'])
  assert.equal(calls[0]?.to === 'openImage' && calls[0].reference, 'why')
})

test('options may stand before, between and after the arguments', async () => {
  const options = ['--platform', 'linux/arm64']
  for (const argv of [
    ['dir:/', 'ls', ...options, '-q'],
    ['dir:/', ...options, 'ls', '--quiet'],
    ['-q', 'lift', ...options, 'dir:/', 'ls'],
    ['lift', 'dir:/', 'ls', '-q', ...options],
  ]) {
    const { status, err, calls } = await runCli(argv)
    assert.deepEqual([status, err], [0, ''], argv.join(' '))
    assert.equal(calls[0]?.to === 'openImage' && calls[0].options.platform, 'linux/arm64')
  }
})

test('a platform may be an architecture alone, by any of its names, for every command', async () => {
  for (const argv of [
    ['dir:/', 'ls'],
    ['why', 'dir:/', 'ls', 'libc.so.6'],
    ['audit', 'dir:/'],
  ]) {
    for (const platform of ['arm64', 'aarch64', 'linux/aarch64', 'ARM64,linux/arm64']) {
      const { calls } = await runCli([...argv, '--platform', platform])
      assert.equal(calls[0]?.to === 'openImage' && calls[0].options.platform, 'linux/arm64', platform)
    }
  }
})

test('wrong usage is exit 2 with a message and nothing on stdout', async () => {
  const wrong = [
    [],
    ['dir:/'],
    ['lift'],
    ['why', 'dir:/', 'ls'],
    ['why', 'dir:/', 'ls', 'libc.so.6', 'more'],
    ['audit'],
    ['dir:/', 'ls', '--fromat', 'json'],
    ['dir:/', 'ls', '-f', 'yaml'],
    ['dir:/', 'ls', '--platform', 'linux'],
    ['dir:/', 'ls', '--platform', ''],
    ['dir:/', 'ls', '--platform', 'linux/amd64,'],
    ['why', 'dir:/', 'ls', 'libc.so.6', '--platform', 'linux/amd64,linux/arm64'],
    ['audit', 'dir:/', '--platform', 'linux/amd64', '--platform', 'linux/arm64'],
    ['dir:/', 'ls', '--entrypoint', '["a", 1]'],
    ['dir:/', 'ls', '--cmd', '["a"'],
    ['dir:/', 'ls', '--stage', 'a b'],
    ['dir:/', 'ls', '--user', 'a b'],
    ['dir:/', 'ls', '--env', 'A'],
    ['dir:/', 'ls', '--label', 'A'],
    ['dir:/', 'ls', '--output'],
  ]
  for (const argv of wrong) {
    const { status, out, err } = await runCli(argv)
    assert.deepEqual([status, out], [2, ''], argv.join(' '))
    assert.match(err, /^liftbin: /, argv.join(' '))
  }
})

test('a misspelt option is answered with the right one', async () => {
  assert.match((await runCli(['dir:/', 'ls', '--outptu', 'x'])).err, /--output/)
})
