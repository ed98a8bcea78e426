import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePathStat } from '../../src/source/container-archive.js'

function parsed(stat: object) {
  return parsePathStat(
    Buffer.from(JSON.stringify({ name: 'x', size: 1, linkTarget: '', ...stat })).toString('base64'),
  )
}

test("the bits of Go's os.FileMode become a kind and the twelve permission bits", () => {
  const cases = [
    [0o644, 'file', 0o644],
    [2 ** 23 + 0o755, 'file', 0o4755],
    [2 ** 22 + 0o755, 'file', 0o2755],
    [2 ** 31 + 2 ** 20 + 0o777, 'directory', 0o1777],
    [2 ** 27 + 0o777, 'symlink', 0o777],
    [2 ** 26 + 2 ** 21 + 0o666, 'special', 0o666],
    [2 ** 26 + 0o660, 'special', 0o660],
    [2 ** 25 + 0o600, 'special', 0o600],
    [2 ** 24 + 0o600, 'special', 0o600],
  ] as const
  for (const [goMode, kind, mode] of cases) {
    const stat = parsed({ mode: goMode })
    assert.deepEqual([stat?.kind, stat?.mode], [kind, mode], goMode.toString(8))
  }
})

test('where a link leads is kept, an empty text is none', () => {
  assert.equal(parsed({ mode: 2 ** 27, linkTarget: '/usr/lib' })?.leadsTo, '/usr/lib')
  assert.equal(parsed({ mode: 0 })?.leadsTo, undefined)
})

test('a time is kept in whole seconds, a date that is none is left out', () => {
  const times = {
    '2001-09-09T01:46:40.999999999Z': 1_000_000_000,
    '2001-09-09T03:46:40+02:00': 1_000_000_000,
    '0001-01-01T00:00:00Z': 0,
    yesterday: undefined,
  }
  for (const [mtime, seconds] of Object.entries(times))
    assert.equal(parsed({ mode: 0, mtime })?.mtime, seconds)
  assert.equal(parsed({ mode: 0, mtime: 7 })?.mtime, undefined)
})

test('a header that is missing or malformed says nothing', () => {
  for (const header of [
    undefined,
    '',
    '!',
    Buffer.from('{"mode":"x"}').toString('base64'),
    Buffer.from('null').toString('base64'),
  ]) {
    assert.equal(parsePathStat(header), undefined)
  }
})
