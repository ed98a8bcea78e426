import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaints, library, liftFrom, program } from '../support/glibc-root.js'
import { buildCache, type CacheLine, type CacheOptions, hwcapEntry } from '../support/ld-so-cache-builder.js'

const V3 = '/r/glibc-hwcaps/x86-64-v3/liba.so'
const PLAIN: CacheLine = { name: 'liba.so', path: '/r/liba.so' }

/** A root whose program needs a library that lies in several places, with a cache of some entries. */
function cached(entries: readonly CacheLine[], options: CacheOptions = {}) {
  return {
    '/bin/p': program({ needed: ['liba.so'] }),
    '/r/liba.so': library(),
    '/s/liba.so': library(),
    [V3]: library(),
    '/etc/ld.so.cache': buildCache({ entries, ...options }),
  }
}

function lifted({ lift }: Awaited<ReturnType<typeof liftFrom>>): string[] {
  return lift.copies.filter(({ role }) => role === 'library').map(({ to }) => to)
}

test('a library that only the cache leads to is found in each format, and the cache goes with it', async () => {
  for (const format of ['old', 'new', 'combined'] as const) {
    const answer = await liftFrom(cached([PLAIN], { format }))
    assert.deepEqual(answer.found, ['/r/liba.so'])
    assert.equal(
      answer.lift.copies.some(({ to }) => to === '/etc/ld.so.cache'),
      true,
    )
    assert.deepEqual(complaints(answer), [])
  }
})

test('of several plain entries for one name the first one counts, even where its file is gone', async () => {
  const other = { name: 'liba.so', path: '/s/liba.so' }
  assert.deepEqual((await liftFrom(cached([other, PLAIN]))).found, ['/s/liba.so'])
  const gone = { name: 'liba.so', path: '/gone/liba.so' }
  assert.deepEqual((await liftFrom(cached([gone, PLAIN]))).tried['liba.so']?.slice(0, 2), [
    'ld.so.cache /gone/liba.so absent',
    'default /lib/x86_64-linux-gnu/liba.so absent',
  ])
})

test('entries of other ABIs are passed over', async () => {
  const foreign = [0x0003, 0x0803, 0x0a03, 0x0301].map((flags) => ({ ...PLAIN, path: '/s/liba.so', flags }))
  assert.deepEqual((await liftFrom(cached([...foreign, PLAIN]))).found, ['/r/liba.so'])
})

test('a file of another machine behind the cache is skipped, one that is no library stops the search', async () => {
  const tree = { ...cached([PLAIN]), '/usr/lib/liba.so': library() }
  const skipped = await liftFrom({ ...tree, '/r/liba.so': library({ machine: 183 }) })
  assert.deepEqual(skipped.found, ['/usr/lib/liba.so'])
  const stopped = await liftFrom({ ...tree, '/r/liba.so': 'INPUT(x)'.repeat(20) })
  assert.deepEqual(stopped.tried['liba.so'], ['ld.so.cache /r/liba.so not elf'])
})

test('a link loop behind the cache is passed over, and the default directories are asked', async () => {
  const tree = { ...cached([PLAIN]), '/r/liba.so': { link: 'liba.so' }, '/usr/lib/liba.so': library() }
  assert.deepEqual((await liftFrom(tree)).found, ['/usr/lib/liba.so'])
})

test('the path of an entry is taken as it is, without subdirectories for CPUs', async () => {
  const answer = await liftFrom(cached([PLAIN]))
  assert.deepEqual(lifted(answer), ['/r/liba.so'])
})

test('entries for better CPUs never replace the plain one, and come along', async () => {
  const entries = [{ ...PLAIN, path: V3, hwcap: hwcapEntry(0) }, PLAIN]
  const answer = await liftFrom(cached(entries, { hwcaps: ['x86-64-v3'] }))
  assert.deepEqual(answer.found, ['/r/liba.so'])
  assert.deepEqual(lifted(answer), [V3, '/r/liba.so'])
  const combined = await liftFrom(cached(entries, { hwcaps: ['x86-64-v3'], format: 'combined' }))
  assert.deepEqual(lifted(combined), ['/r/liba.so'])
})

test('a name with entries for better CPUs alone is found on them only', async () => {
  const only = [{ ...PLAIN, path: V3, hwcap: hwcapEntry(0) }]
  const answer = await liftFrom(cached(only, { hwcaps: ['x86-64-v3'] }))
  assert.deepEqual(answer.found, [])
  assert.deepEqual(complaints(answer), ['hwcaps-only'])
})

test('old entries for tls and platform directories are taken by loaders up to 2.36, others by none', async () => {
  const rows = [
    [1n << 63n, '/s/liba.so'],
    [(1n << 63n) | 2n, '/s/liba.so'],
    [2n, '/s/liba.so'],
    [1n << 50n, '/r/liba.so'],
    [4n, '/r/liba.so'],
  ] as const
  for (const [hwcap, expected] of rows) {
    const tree = cached([{ ...PLAIN, path: '/s/liba.so', hwcap }, PLAIN])
    assert.deepEqual((await liftFrom(tree, { loader: { version: '2.36' } })).found, [expected])
    assert.deepEqual((await liftFrom(tree, { loader: { version: '2.37' } })).found, ['/r/liba.so'])
  }
})

test('a cache that the loader ignores is as good as none', async () => {
  const whole = buildCache({ entries: [PLAIN] })
  const files = [
    buildCache({ entries: [PLAIN], endian: 'big' }),
    buildCache({ entries: [PLAIN], mark: 1 }),
    whole.subarray(0, 60),
    new Uint8Array(0),
    Buffer.from('not a cache at all'),
  ]
  for (const file of files) {
    const { missing, tried } = await liftFrom({ ...cached([]), '/etc/ld.so.cache': file })
    assert.deepEqual(missing, ['liba.so for /bin/p'])
    assert.equal(
      tried['liba.so']?.every((place) => place.startsWith('default')),
      true,
    )
  }
})

test('a directory or a dangling link in the place of the cache is no cache', async () => {
  for (const node of [{ directory: true }, { link: '/gone' }] as const) {
    assert.deepEqual((await liftFrom({ ...cached([]), '/etc/ld.so.cache': node })).missing, [
      'liba.so for /bin/p',
    ])
  }
})

test('the cache lies where the loader has it compiled in', async () => {
  const store = '/nix/store/abc-glibc/etc/ld.so.cache'
  const tree = { ...cached([]), [store]: buildCache({ entries: [PLAIN] }) }
  assert.deepEqual((await liftFrom(tree, { loader: { cachePath: store } })).found, ['/r/liba.so'])
  assert.deepEqual((await liftFrom(tree)).missing, ['liba.so for /bin/p'])
})

test('a big-endian loader reads a big-endian cache', async () => {
  const port = { machine: 22, endian: 'big' } as const
  const { found } = await liftFrom(
    {
      '/bin/p': program({ ...port, needed: ['liba.so'] }),
      '/r/liba.so': library(port),
      '/etc/ld.so.cache': buildCache({ entries: [{ ...PLAIN, flags: 0x0403 }], endian: 'big' }),
    },
    { loader: { elf: port } },
  )
  assert.deepEqual(found, ['/r/liba.so'])
})

test('the cache is not asked for a name with a slash', async () => {
  const { tried } = await liftFrom({
    '/bin/p': program({ needed: ['./liba.so'] }),
    '/r/liba.so': library(),
    '/etc/ld.so.cache': buildCache({ entries: [{ name: './liba.so', path: '/r/liba.so' }] }),
  })
  assert.deepEqual(tried, { './liba.so': ['path ./liba.so absent'] })
})
