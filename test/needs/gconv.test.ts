import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf, type SubjectParts } from '../support/need-subject.js'

const CONVERTS: SubjectParts = { imports: ['iconv_open'] }

test('modules that convert are likely for a program that does nothing else, and possible for others', async () => {
  const iconv = { ...CONVERTS, path: '/usr/bin/iconv' } as const
  assert.deepEqual(await needsOf('gconv', 'likely', iconv), ['/usr/lib/gconv'])
  assert.deepEqual(await needsOf('gconv', 'likely', { ...CONVERTS, path: '/usr/bin/iconvconfig' }), [])
  assert.deepEqual(await needsOf('gconv', 'possible', CONVERTS), ['/usr/lib/gconv'])
})

test('what converts nothing needs none, nor does what is linked to musl', async () => {
  assert.deepEqual(await allNeedsOf('gconv', { imports: ['iconv'], path: '/usr/bin/iconv' }), [])
  assert.deepEqual(await allNeedsOf('gconv', { ...CONVERTS, dialect: 'musl' }), [])
})
