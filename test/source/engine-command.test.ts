import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCommand, startCommand } from '../../src/source/engine-command.js'

const ENV = { PATH: '/usr/bin:/bin' }

test('a command whose stream nobody uses may end, fail or be stopped', async () => {
  for (const body of ['exit 0', 'echo no storage >&2; exit 125', 'exec <&-; sleep 0.05; exit 1']) {
    const { ended } = await startCommand('sh', ['-c', body], ENV)
    assert.equal((await ended).ok, body === 'exit 0')
  }
  const { ended, stop } = await startCommand('sleep', ['60'], ENV)
  stop()
  assert.equal((await ended).ok, false)
  await turn()
})

test('a command that does not exist is told from one that fails', async () => {
  const { ended, stop } = await startCommand('liftbin-no-such-command', [], ENV)
  stop()
  assert.equal((await ended).isInstalled, false)
  assert.equal((await runCommand('sh', ['-c', 'exit 7'], ENV)).isInstalled, true)
  await turn()
})

/** Lets the events of streams arrive, which fail the test where nobody listens to them. */
function turn(): Promise<void> {
  return new Promise((done) => setTimeout(done, 20))
}
