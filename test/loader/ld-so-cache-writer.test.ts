import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entriesFor } from '../../src/loader/cache-search.js'
import { type CacheEntry, isExtension, parseLdSoCache } from '../../src/loader/ld-so-cache.js'
import { reducedCache } from '../../src/loader/ld-so-cache-writer.js'
import { buildCache, hwcapEntry } from '../support/ld-so-cache-builder.js'

const NAMES = ['libz.so.1', 'libq.so.2', 'libc.so.6', 'libb.so.10', 'libb.so.9']
const HWCAPS = ['x86-64-v2', 'x86-64-v3', 'x86-64-v4']
const LINES = [
  { name: 'libq.so.2', path: '/lib/glibc-hwcaps/x86-64-v4/libq.so.2', hwcap: hwcapEntry(2) },
  { name: 'libq.so.2', path: '/lib/glibc-hwcaps/x86-64-v3/libq.so.2', hwcap: hwcapEntry(1) },
  ...NAMES.map((name) => ({ name, path: `/lib/${name}` })),
]

function reduced(
  endian: 'little' | 'big',
  isKept: (entry: CacheEntry) => boolean,
  format: 'new' | 'combined' = 'new',
) {
  const whole = parseLdSoCache(buildCache({ entries: LINES, hwcaps: HWCAPS, endian, format }), endian)
  assert.ok(whole !== undefined)
  const all = Array.from({ length: whole.count }, (_, index) => whole.entry(index))
  const bytes = reducedCache(whole, endian, all.filter(isKept))
  return bytes === undefined ? undefined : { bytes, all, cache: parseLdSoCache(bytes, endian) }
}

for (const endian of ['little', 'big'] as const) {
  test(`a reduced cache of ${endian} endian holds the kept entries in their order and nothing else`, () => {
    const made = reduced(endian, ({ name }) => name !== 'libc.so.6')
    assert.ok(made?.cache !== undefined)
    const { cache } = made
    const got = Array.from({ length: cache.count }, (_, index) => cache.entry(index))
    const levelled = (entry: CacheEntry, names: readonly string[]) => ({
      ...entry,
      hwcapLow: isExtension(entry) ? names[entry.hwcapLow] : entry.hwcapLow,
    })
    assert.deepEqual(
      got.map((entry) => levelled(entry, cache.hwcapNames)),
      made.all.filter(({ name }) => name !== 'libc.so.6').map((entry) => levelled(entry, HWCAPS)),
    )
    assert.equal(Buffer.from(made.bytes).includes('libc.so.6'), false)
  })

  test(`a cache of ${endian} endian is not for loaders of the other byte order`, () => {
    const made = reduced(endian, () => true)
    assert.ok(made !== undefined)
    assert.equal(parseLdSoCache(made.bytes, endian === 'little' ? 'big' : 'little'), undefined)
  })
}

test('every kept name is found by bisection', () => {
  const made = reduced('little', ({ path }) => !path.includes('hwcaps'))
  assert.ok(made?.cache !== undefined)
  for (const name of NAMES) {
    assert.deepEqual(
      entriesFor(made.cache, name).map(({ path }) => path),
      [`/lib/${name}`],
    )
  }
})

test('levels that no kept entry needs are left out, and the others keep their order', () => {
  const made = reduced('little', ({ path }) => !path.includes('v3'))
  assert.deepEqual(made?.cache?.hwcapNames, ['x86-64-v4'])
  const plain = reduced('little', ({ path }) => !path.includes('hwcaps'))
  assert.deepEqual(plain?.cache?.hwcapNames, [])
})

test('of a cache in both formats the new one is made', () => {
  const made = reduced('little', ({ path }) => !path.includes('hwcaps'), 'combined')
  assert.equal(Buffer.from(made?.bytes ?? []).toString('latin1', 0, 17), 'glibc-ld.so.cache')
})

test('where no entry is kept there is no cache', () => {
  assert.equal(
    reduced('little', () => false),
    undefined,
  )
})

test('an entry of a subdirectory that the cache does not name is left out', () => {
  const entries = [...LINES, { name: 'libx.so', path: '/lib/x/libx.so', hwcap: hwcapEntry(9) }]
  const whole = parseLdSoCache(buildCache({ entries, hwcaps: HWCAPS, endian: 'little' }), 'little')
  assert.ok(whole !== undefined)
  const all = Array.from({ length: whole.count }, (_, index) => whole.entry(index))
  const bytes = reducedCache(whole, 'little', all)
  assert.ok(bytes !== undefined)
  assert.equal(parseLdSoCache(bytes, 'little')?.count, LINES.length)
})
