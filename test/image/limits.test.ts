import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetOf, DEFAULT_LIMITS } from '../../src/image/limits.js'

const GIB = 2 ** 30

function refusal(message: RegExp) {
  return { code: 'limit', message, hint: /raise the limit by --max-/ }
}

test('members of all layers together have a limit', () => {
  const budget = budgetOf({ entries: 10 }, 'image')
  budget.addEntries(6)
  budget.addEntries(4)
  assert.throws(() => budget.addEntries(1), refusal(/^image has more than 10 files/))
})

test('a member counts, and its name has a limit in bytes', () => {
  const budget = budgetOf({ entries: 3, path: 4 }, 'image')
  budget.addEntry('/abc')
  budget.addEntry('/éa')
  assert.throws(() => budget.addEntry('/éab'), refusal(/^image has a name of more than 4 bytes/))
  assert.throws(() => budget.addEntry('/a'), refusal(/^image has more than 3 files/))
})

test('bytes of all layers together have a limit', () => {
  const budget = budgetOf({ unpacked: 100 }, 'image')
  budget.addBytes(60, 60, 60)
  budget.addBytes(40, 40, 40)
  assert.throws(() => budget.addBytes(1, 1, 1), refusal(/^image unpacks to more than 100 bytes/))
})

test('a layer may not grow beyond the ratio once it is large', () => {
  const budget = budgetOf({ ratio: 100 }, 'image')
  budget.addBytes(1000, GIB, 1)
  budget.addBytes(1000, 2 * GIB, GIB / 50)
  assert.throws(() => budget.addBytes(1, 2 * GIB, GIB / 50 - 1), refusal(/grows more than 100-fold/))
})

test('limits that are not changed are the default ones', () => {
  const budget = budgetOf({ ratio: 2 }, 'image')
  budget.addEntries(DEFAULT_LIMITS.entries)
  assert.throws(() => budget.addEntries(1), { code: 'limit' })
})
