import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../../src/cli/program.js'
import type { LiftOptions, Missing } from '../../src/index.js'
import { contextOf, runCli, transcript } from '../support/cli.js'
import { matchesGolden } from '../support/golden.js'
import { lsLift } from '../support/lift-literal.js'

const chain = [
  { path: '/usr/bin/ls', name: '/usr/bin/ls', rule: 'program' },
  { path: '/lib/x86_64-linux-gnu/libselinux.so.1', name: 'libselinux.so.1', rule: 'ld.so.cache' },
  { path: '/lib/x86_64-linux-gnu/libpcre2-8.so.0', name: 'libpcre2-8.so.0', rule: 'ld.so.cache' },
] as const
const lost: Missing = {
  name: 'liblost.so.1',
  neededBy: '/usr/bin/ls',
  attempts: [{ rule: 'default', path: '/lib/liblost.so.1', outcome: 'absent' }],
}

test('the chain to a library', async () => {
  const argv = ['why', 'debian:bookworm', 'ls', 'libpcre2-8.so.0']
  matchesGolden('why.txt', transcript(argv, await runCli(argv, { chains: [chain] })))
})

test('a missing library is shown with who asks for it, and is exit 1', async () => {
  const argv = ['why', 'debian:bookworm', 'ls', 'liblost.so.1']
  matchesGolden(
    'why-missing.txt',
    transcript(argv, await runCli(argv, { lift: lsLift({ missing: [lost] }) })),
  )
})

test('a library that nothing needs is exit 3 with near names', async () => {
  const { status, out, err } = await runCli(['why', 'dir:/', 'ls', 'libpcre2.so'])
  assert.deepEqual([status, out], [3, ''])
  assert.match(err, /libpcre2-8\.so\.0/)
})

test('faults that concern other libraries do not change the exit status', async () => {
  const { status } = await runCli(['why', 'dir:/', 'ls', 'libpcre2-8.so.0'], {
    chains: [chain],
    lift: lsLift({ missing: [lost] }),
  })
  assert.equal(status, 0)
})

test('what no header brings in is looked for among what most runs need, then among what one may need', async () => {
  const asked: (string | undefined)[] = []
  const step = { path: '/etc/passwd', name: '/etc/passwd', rule: 'need:nss' }
  const reason = { confidence: 'possible', reason: 'looks up users' }
  const { context, written } = contextOf({})
  const door = {
    ...(await context.wholeDoor()),
    lift: async (_image: unknown, _binaries: unknown, { needs }: LiftOptions = {}) => {
      asked.push(needs)
      return lsLift()
    },
    why: () => (asked.at(-1) === 'possible' ? [[chain[0], { ...step, ...reason }]] : []),
  }
  const argv = ['why', 'dir:/', 'ls', '/etc/passwd']
  assert.equal(await run(argv, { ...context, wholeDoor: async () => door }), 0)
  assert.deepEqual(asked, ['none', 'likely', 'possible'])
  assert.equal(written.out, '/usr/bin/ls\n└─ /etc/passwd [need:nss, possible: looks up users]\n')
})
