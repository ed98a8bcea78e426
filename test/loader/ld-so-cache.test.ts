import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CacheEntry, type LdSoCache, parseLdSoCache } from '../../src/loader/ld-so-cache.js'
import { buildCache, type CacheOptions, entriesOf, hwcapEntry } from '../support/ld-so-cache-builder.js'

const ENTRIES = [
  { name: 'libb.so.2', path: '/b/libb.so.2' },
  { name: 'liba.so.1', path: '/a/liba.so.1', flags: 0x0003 },
  { name: 'liba.so.1', path: '/b/liba.so.1' },
]
const FORMATS = ['old', 'new', 'combined'] as const
const ORDERS = ['little', 'big'] as const

function pathsIn(cache: LdSoCache | undefined): Record<string, string[]> {
  const paths: Record<string, string[]> = {}
  for (const { name, path } of entriesOf(cache)) paths[name] = [...(paths[name] ?? []), path]
  return paths
}

function named(cache: LdSoCache | undefined, wanted: string): readonly CacheEntry[] {
  return entriesOf(cache).filter(({ name }) => name === wanted)
}

const PATHS = { 'libb.so.2': ['/b/libb.so.2'], 'liba.so.1': ['/a/liba.so.1', '/b/liba.so.1'] }

test('each format is read in each byte order, and entries of one name keep their order', () => {
  for (const format of FORMATS) {
    for (const endian of ORDERS) {
      const cache = parseLdSoCache(buildCache({ entries: ENTRIES, format, endian }), endian)
      assert.deepEqual(pathsIn(cache), PATHS, `${format} ${endian}`)
      const flags = named(cache, 'liba.so.1').map((entry) => entry.flags)
      assert.deepEqual(flags, [0x0003, 0x0303])
    }
  }
})

test('the new part of a combined cache counts, wherever its alignment puts it', () => {
  const other = { name: 'liba.so.1', path: '/new/liba.so.1' }
  for (const count of [1, 2]) {
    for (const alignment of [4, 8] as const) {
      const entries = Array.from({ length: count }, () => other)
      const bytes = Buffer.from(buildCache({ entries, format: 'combined', alignment }))
      // The old part is made to hold another flag, so that the two differ.
      bytes.writeUInt32LE(0x0003, 16)
      const read = named(parseLdSoCache(bytes, 'little'), 'liba.so.1')
      assert.deepEqual(
        read.map(({ flags }) => flags),
        entries.map(() => 0x0303),
      )
    }
  }
})

test('a cache of the other byte order is none', () => {
  for (const endian of ORDERS) {
    const other = endian === 'little' ? 'big' : 'little'
    assert.equal(parseLdSoCache(buildCache({ entries: ENTRIES, endian }), other), undefined)
    assert.equal(
      parseLdSoCache(buildCache({ entries: ENTRIES, endian, format: 'combined' }), other),
      undefined,
    )
  }
})

test('a cache without a mark of its byte order is read, one that is marked as invalid is not', () => {
  const marked = (mark: number) => parseLdSoCache(buildCache({ entries: ENTRIES, mark }), 'little')
  assert.deepEqual(pathsIn(marked(0)), PATHS)
  assert.deepEqual(pathsIn(marked(0xfc | 2)), PATHS)
  assert.equal(marked(1), undefined)
  assert.equal(marked(3), undefined)
})

test('the hwcap field is read as two halves, and names of levels from the extension', () => {
  for (const endian of ORDERS) {
    const options: CacheOptions = {
      endian,
      hwcaps: ['x86-64-v2', 'x86-64-v3'],
      entries: [{ name: 'liba.so', path: '/v3/liba.so', hwcap: hwcapEntry(1, 3) }],
    }
    const cache = parseLdSoCache(buildCache(options), endian)
    assert.deepEqual(cache?.hwcapNames, ['x86-64-v2', 'x86-64-v3'])
    const [entry] = named(cache, 'liba.so')
    assert.deepEqual([entry?.hwcapHigh, entry?.hwcapLow], [0x40000003, 1])
  }
})

test('the names of levels in a combined cache are never found, as by the loader', () => {
  const cache = parseLdSoCache(
    buildCache({ format: 'combined', hwcaps: ['x86-64-v3'], entries: ENTRIES }),
    'little',
  )
  assert.deepEqual(cache?.hwcapNames, [])
  assert.deepEqual(pathsIn(cache), PATHS)
})

test('what has no magic, or less than a header, is no cache', () => {
  const files = ['', 'ld.so-1.7.0', 'ld.so-1.7.0\0\0\0\0', 'glibc-ld.so.cache1.1', 'glibc-ld.so.cache1.2']
  for (const text of [...files, '/lib\n/usr/lib\n'.repeat(20)]) {
    assert.equal(parseLdSoCache(Buffer.from(text), 'little'), undefined, text)
  }
})

test('a table of entries that leaves the file makes the whole cache none, however many it claims', () => {
  for (const count of [4, 1000, 0x0fff_ffff, 0xffff_ffff]) {
    const fresh = buildCache({ entries: ENTRIES, count })
    assert.equal(parseLdSoCache(fresh.subarray(0, 48 + 3 * 24), 'little'), undefined)
    const old = buildCache({ entries: ENTRIES, count, format: 'old' })
    assert.equal(parseLdSoCache(old.subarray(0, 16 + 3 * 12), 'little'), undefined)
  }
})

test('a cache cut anywhere is none, or has only entries that were there', () => {
  for (const format of FORMATS) {
    const whole = buildCache({ entries: ENTRIES, format, hwcaps: format === 'new' ? ['x86-64-v3'] : [] })
    for (let length = 0; length < whole.length; length++) {
      for (const [name, paths] of Object.entries(
        pathsIn(parseLdSoCache(whole.subarray(0, length), 'little')),
      )) {
        assert.deepEqual(
          paths.filter((path) => !PATHS[name as keyof typeof PATHS].includes(path)),
          [],
        )
      }
    }
  }
})

test('an entry whose name or path lies outside of the file, or does not end, is left out', () => {
  const bytes = Buffer.from(buildCache({ entries: ENTRIES }))
  bytes.writeUInt32LE(0xffff_fff0, 48 + 4)
  bytes.writeUInt32LE(bytes.length, 48 + 24 + 8)
  assert.deepEqual(pathsIn(parseLdSoCache(bytes, 'little')), { 'liba.so.1': ['/b/liba.so.1'] })
  const unended = buildCache({ entries: [ENTRIES[0]!] })
  const end = unended.length - 1
  assert.deepEqual(pathsIn(parseLdSoCache(unended.subarray(0, end), 'little')), {})
})

test('a text of more than a path holds is left out', () => {
  const entries = [{ name: 'liba.so', path: `/${'a'.repeat(5000)}` }]
  assert.deepEqual(pathsIn(parseLdSoCache(buildCache({ entries }), 'little')), {})
})

test('an extension that leaves the file, is unaligned or has no magic gives no names, and spares the entries', () => {
  const options = { entries: ENTRIES, hwcaps: ['x86-64-v3'] }
  const at = Buffer.from(buildCache(options)).readUInt32LE(32)
  const broken: [number, number][] = [
    [32, 0xffff_fff0],
    [32, at + 1],
    [32, 0],
    [at, 0xeaa4_2175],
    [at + 8, 2],
    [at + 16, 0xffff_fff0],
    [at + 16, at + 23],
    [at + 20, 0xffff_fff0],
    [at + 4, 0],
  ]
  for (const [offset, value] of broken) {
    const bytes = Buffer.from(buildCache(options))
    bytes.writeUInt32LE(value, offset)
    const cache = parseLdSoCache(bytes, 'little')
    assert.deepEqual(cache?.hwcapNames, [], `${offset} ${value}`)
    assert.deepEqual(pathsIn(cache), PATHS)
  }
})

test('entries are read as they are asked for, each once', () => {
  const bytes = Buffer.from(buildCache({ entries: ENTRIES }))
  const cache = parseLdSoCache(bytes, 'little')!
  assert.equal(cache.count, 3)
  const first = cache.entry(0)
  const second = parseLdSoCache(Buffer.from(bytes), 'little')!.name(1)
  bytes.fill(0)
  assert.equal(cache.entry(0), first)
  assert.equal(cache.name(0), 'libb.so.2')
  assert.notEqual(cache.name(1), second)
})
