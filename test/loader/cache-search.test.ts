import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entriesFor } from '../../src/loader/cache-search.js'
import type { LdSoCache } from '../../src/loader/ld-so-cache.js'

/** A cache whose entries have these names, and their places as paths. */
function cacheOf(...names: readonly string[]): LdSoCache {
  const entry = (place: number) => ({
    name: names[place]!,
    path: `${place}`,
    flags: 3,
    hwcapHigh: 0,
    hwcapLow: 0,
  })
  return { count: names.length, name: (place) => names[place]!, entry, hwcapNames: [] }
}

function places(cache: LdSoCache, name: string): string {
  return entriesFor(cache, name)
    .map(({ path }) => path)
    .join(' ')
}

test('entries are sorted downwards, runs of digits as numbers and after all other characters', () => {
  const names = ['libz.so.10', 'libz.so.9', 'libz.so', 'lib2.so', 'libA.so', 'liba10.so', 'liba9.so']
  const sorted = ['lib2.so', 'libz.so.10', 'libz.so.9', 'libz.so', 'liba10.so', 'liba9.so', 'libA.so']
  assert.deepEqual(
    sorted.map((name) => places(cacheOf(...sorted), name)),
    ['0', '1', '2', '3', '4', '5', '6'],
  )
  assert.equal(places(cacheOf(...sorted), 'libb.so'), '')
  assert.ok(names.some((name) => places(cacheOf(...names), name) === ''))
})

test('an entry that does not stand in its order is not found', () => {
  assert.equal(places(cacheOf('liba.so', 'libb.so', 'libc.so'), 'liba.so'), '')
  assert.equal(places(cacheOf('libc.so', 'libb.so', 'liba.so'), 'liba.so'), '2')
})

test('all neighbours of one name are met, in file order', () => {
  assert.equal(places(cacheOf('libb.so', 'liba.so', 'liba.so', 'liba.so', 'lib.so'), 'liba.so'), '1 2 3')
  assert.equal(places(cacheOf('liba.so', 'liba.so', 'liba.so'), 'liba.so'), '0 1 2')
})

test('numbers are compared by their value, so that leading zeros do not count', () => {
  assert.equal(places(cacheOf('liba.so.01'), 'liba.so.1'), '0')
})
