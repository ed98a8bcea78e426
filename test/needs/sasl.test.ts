import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsOf } from '../support/need-subject.js'

const library = { path: '/usr/lib/libldap.so.2', soname: 'libldap.so.2' } as const
const tree = { '/usr/lib/sasl2/libplain.so': 'x' }
const asked = (confidence: 'likely' | 'possible', parts: object) =>
  needsOf('sasl', confidence, { imports: ['sasl_client_init'], tree, ...parts })

test('a program that authenticates likely needs modules of SASL, one whose libraries may do so possibly', async () => {
  assert.ok((await asked('likely', {})).includes('/usr/lib/sasl2'))
  assert.deepEqual(await asked('likely', { library }), [])
  assert.ok((await asked('possible', { library })).includes('/usr/lib/sasl2'))
})

test('what asks nothing of SASL needs none', async () => {
  for (const confidence of ['likely', 'possible'] as const)
    assert.deepEqual(await asked(confidence, { imports: ['sasl_errstring'] }), [])
})
