import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetOf, DEFAULT_LIMITS, type Described } from '../../src/image/limits.js'

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
  const add = (path: string) => budget.addEntry({ path, target: '' })
  add('/abc')
  add('/éa')
  assert.throws(() => add('/éab'), refusal(/^image has a name of more than 4 bytes/))
  assert.throws(() => add('/a'), refusal(/^image has more than 3 files/))
})

const PLAIN: Described = { path: 'a', target: '' }
const LARGE: Readonly<Record<string, Partial<Described>>> = {
  names: { path: 'a'.repeat(4095) },
  'link texts': { target: 'a'.repeat(4095) },
  'values of attributes': { xattrs: new Map([['user.a', new Uint8Array(65_536)]]) },
  'attributes without a value': {
    xattrs: new Map(Array.from({ length: 100 }, (_, at) => [`${at}`, new Uint8Array(0)])),
  },
  'pieces of sparse files': { sparse: { size: 0, pieces: Array(1000).fill({ offset: 0, length: 0 }) } },
}

for (const [what, large] of Object.entries(LARGE))
  test(`${what} of all members together are bounded by what memory they take`, () => {
    const budget = budgetOf(undefined, 'image')
    const add = (count: number) => {
      for (let at = 0; at < count; at++) budget.addEntry({ ...PLAIN, ...large })
    }
    add(1000)
    assert.throws(() => add(200_000), {
      code: 'limit',
      message: /^image has names and attributes of more than/,
    })
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
