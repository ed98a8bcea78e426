import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { Context } from '../../src/cli/context.js'
import { startProgress } from '../../src/cli/progress.js'

function terminal(isTTY: boolean, columns = 20): { context: Context; written: () => string } {
  let text = ''
  const err = {
    isTTY,
    columns,
    write: (more: string) => {
      text += more
      return true
    },
  }
  const signal = new AbortController().signal
  return {
    context: {
      out: err,
      err,
      env: {},
      signal,
      door: () => assert.fail('not needed'),
      wholeDoor: () => assert.fail('not needed'),
    },
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

test('elsewhere there is one line a step, where it was asked for, and else one a layer', () => {
  for (const [verbose, expected] of [
    [true, 'liftbin: opening\nliftbin: reading\n'],
    [false, 'liftbin: reading layer 1 of 2, 2 B\n'],
  ] as const) {
    const { context, written } = terminal(false)
    const progress = startProgress(context, { ...flags, verbose }, same)
    progress.step('opening')
    progress.layer({ layer: 1, layers: 2, taken: 1, size: 2 })
    progress.step('reading')
    progress.done()
    assert.equal(written(), expected)
  }
})

test('elsewhere a layer that has to be read has a line, once, and one that is there at once has none', () => {
  const { context, written } = terminal(false)
  const progress = startProgress(context, flags, same)
  for (const taken of [1000, 2000, 61_000_000])
    progress.layer({ layer: 2, layers: 3, taken, size: 61_000_000 })
  progress.layer({ layer: 1, layers: 3, taken: 5, size: 5 })
  progress.layer({ layer: 3, layers: 3, taken: 1, size: 1500 })
  assert.equal(written(), 'liftbin: reading layer 2 of 3, 61.0 MB\nliftbin: reading layer 3 of 3, 1.5 kB\n')
})

test('a layer on its way is drawn in place of the step, and the step again once it is there', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const { context, written } = terminal(true, 80)
  const progress = startProgress(context, flags, same)
  progress.step('opening')
  progress.layer({ layer: 2, layers: 5, taken: 12_300_000, size: 61_000_000 })
  t.mock.timers.tick(500)
  progress.step('reading')
  progress.layer({ layer: 2, layers: 5, taken: 61_000_000, size: 61_000_000 })
  t.mock.timers.tick(100)
  progress.done()
  progress.layer({ layer: 3, layers: 5, taken: 1, size: 2 })
  t.mock.timers.tick(1000)
  const lines = written().split('\r\u001b[K')
  assert.match(lines[1] ?? '', /^layer 2 of 5: 12\.3 of 61\.0 MB, .*\/s$/)
  assert.deepEqual([lines[0], ...lines.slice(2)], ['', 'reading', ''])
})
