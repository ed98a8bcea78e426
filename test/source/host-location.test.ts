import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseHostLocation } from '../../src/source/host-location.js'

let folder: string

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-location-'))
  mkdirSync(join(folder, 'a:b'))
  writeFileSync(join(folder, 'a:b/c:1'), '')
  writeFileSync(join(folder, 'a'), '')
})

after(() => rmSync(folder, { recursive: true }))

test('the longest beginning that exists is the path', () => {
  const cases = {
    'a:b/c:1:app:2': ['a:b/c:1', 'app:2'],
    'a:b/c:1': ['a:b/c:1', undefined],
    'a:b:': ['a:b', undefined],
    'a:x': ['a', 'x'],
  }
  for (const [text, [path, name]] of Object.entries(cases))
    assert.deepEqual(parseHostLocation(join(folder, text)), { path: join(folder, path!), name })
})

test('of what does not exist the path ends before the first colon', () => {
  assert.deepEqual(parseHostLocation('/nowhere/x:app:2'), { path: '/nowhere/x', name: 'app:2' })
  assert.deepEqual(parseHostLocation('/nowhere/x'), { path: '/nowhere/x', name: undefined })
  assert.deepEqual(parseHostLocation(':x'), { path: ':x', name: undefined })
})
