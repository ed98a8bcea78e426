import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { Context } from '../../src/cli/context.js'
import { startProgress } from '../../src/cli/progress.js'

function terminal(isTTY: boolean): { context: Context; written: () => string } {
  let text = ''
  const err = {
    isTTY,
    columns: 20,
    write: (more: string) => {
      text += more
      return true
    },
  }
  const signal = new AbortController().signal
  return {
    context: { out: err, err, env: {}, signal, door: () => assert.fail('not needed') },
    written: () => text,
  }
}
const flags = { color: true, progress: true }
const same = (text: string) => text

test('on a terminal a short run draws nothing', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const { context, written } = terminal(true)
  const progress = startProgress(context, flags, same)
  progress.step('opening')
  t.mock.timers.tick(499)
  progress.done()
  t.mock.timers.tick(5000)
  assert.equal(written(), '')
})

test('on a terminal a long run draws its latest step in one line and takes it away', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const { context, written } = terminal(true)
  const progress = startProgress(context, flags, same)
  progress.step('opening')
  progress.step('reading')
  t.mock.timers.tick(500)
  progress.step('a step whose words are too long')
  t.mock.timers.tick(100)
  progress.done()
  progress.step('late')
  t.mock.timers.tick(5000)
  assert.equal(written(), '\r\u001b[Kreading\r\u001b[Ka step whose words…\r\u001b[K')
})

test('nothing is drawn where it was not wanted', () => {
  for (const unwanted of [{ quiet: true }, { progress: false }]) {
    const { context, written } = terminal(true)
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    const progress = startProgress(context, { ...flags, verbose: true, ...unwanted }, same)
    progress.step('opening')
    mock.timers.tick(5000)
    mock.timers.reset()
    assert.equal(written(), '')
  }
})
