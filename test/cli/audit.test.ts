import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { finding } from '../../src/lift/finding.js'
import { runCli, transcript } from '../support/cli.js'
import { matchesGolden } from '../support/golden.js'
import { auditOf, binaryOf } from '../support/lift-literal.js'

const lost = {
  name: 'liblost.so.1',
  neededBy: '/usr/bin/x',
  attempts: [{ rule: 'default', path: '/lib/liblost.so.1', outcome: 'absent' }],
} as const
const audit = auditOf([
  binaryOf('/usr/bin/x', { missing: [lost], findings: [finding({ kind: 'library-missing', ...lost })] }),
  binaryOf('/usr/bin/y', { kind: 'static' }),
])

test('an audit with something missing', async () => {
  const argv = ['audit', 'debian:bookworm']
  matchesGolden('audit.txt', transcript(argv, await runCli(argv, { audit })))
})

test('binaries are all of the image unless some are named', async () => {
  for (const binaries of [[], ['ls', '/bin/cat']]) {
    const { calls } = await runCli(['audit', 'dir:/', ...binaries])
    assert.deepEqual(calls[1]?.to === 'audit' && calls[1].binaries, binaries)
  }
})

test('an audit without faults is exit 0, one with faults exit 1', async () => {
  assert.equal((await runCli(['audit', 'dir:/'], { audit: auditOf([binaryOf('/x')]) })).status, 0)
  assert.equal((await runCli(['audit', 'dir:/'], { audit })).status, 1)
})

test('the tree is coloured on a terminal, but not in a file, and JSON never', async () => {
  const colour = '\u001b['
  assert.ok((await runCli(['audit', 'dir:/'], { audit, terminal: true })).out.includes(colour))
  assert.ok(!(await runCli(['audit', 'dir:/', '-f', 'json'], { audit, terminal: true })).out.includes(colour))
  const directory = mkdtempSync(join(tmpdir(), 'liftbin-'))
  try {
    await runCli(['audit', 'dir:/', '-o', join(directory, 'tree')], { audit, terminal: true })
    assert.ok(!readFileSync(join(directory, 'tree'), 'utf8').includes(colour))
  } finally {
    rmSync(directory, { recursive: true })
  }
})
