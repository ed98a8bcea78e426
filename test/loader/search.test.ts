import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../../src/loader/loader.js'
import { type Opener, searchList } from '../../src/loader/search.js'
import type { Trail } from '../../src/rootfs/follow.js'
import { atHand, waitingFor } from '../../src/rootfs/waiting.js'
import { complaints, library, liftFrom, program } from '../support/glibc-root.js'

const OLD = { version: '2.36' }
const HWCAPS = 'glibc-hwcaps'

function variants(answer: Awaited<ReturnType<typeof liftFrom>>): string[] {
  return answer.lift.copies.filter(({ role }) => role === 'library').map(({ to }) => to)
}

test('within one list an earlier directory beats a later one', async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/b:/a' }),
    '/a/liba.so': library(),
    '/b/liba.so': library(),
  })
  assert.deepEqual(found, ['/b/liba.so'])
})

test('the portable library is kept and its variants for better CPUs come along', async () => {
  const answer = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/r' }),
    '/r/liba.so': library(),
    [`/r/${HWCAPS}/x86-64-v2/liba.so`]: library(),
    [`/r/${HWCAPS}/x86-64-v4/liba.so`]: library(),
  })
  assert.deepEqual(answer.found, ['/r/liba.so'])
  const levels = [`/r/${HWCAPS}/x86-64-v2/liba.so`, `/r/${HWCAPS}/x86-64-v4/liba.so`]
  assert.deepEqual(variants(answer), [...levels, '/r/liba.so'])
  assert.deepEqual(complaints(answer), [])
})

test("variants are taken from default directories and LD_LIBRARY_PATH too, and from the loader's levels only", async () => {
  const places = ['/e', '/lib']
  const tree = Object.fromEntries(
    places.flatMap((place) => [
      [`${place}/lib${place.slice(1)}.so`, library()],
      [`${place}/${HWCAPS}/x86-64-v3/lib${place.slice(1)}.so`, library()],
      [`${place}/${HWCAPS}/power10/lib${place.slice(1)}.so`, library()],
    ]),
  )
  const answer = await liftFrom(
    { ...tree, '/bin/p': program({ needed: ['libe.so', 'liblib.so'] }) },
    { env: ['LD_LIBRARY_PATH=/e'] },
  )
  assert.deepEqual(variants(answer), [
    `/e/${HWCAPS}/x86-64-v3/libe.so`,
    '/e/libe.so',
    `/lib/${HWCAPS}/x86-64-v3/liblib.so`,
    '/lib/liblib.so',
  ])
})

test('a variant may need what the portable library does not', async () => {
  const answer = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/r' }),
    '/r/liba.so': library(),
    [`/r/${HWCAPS}/x86-64-v3/liba.so`]: library({ needed: ['libextra.so'] }),
    '/lib/libextra.so': library(),
  })
  assert.equal(variants(answer).includes('/lib/libextra.so'), true)
  assert.deepEqual(answer.found, ['/r/liba.so'])
})

test('a portable library of an earlier directory beats variants of later ones', async () => {
  const answer = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/r:/s' }),
    '/r/liba.so': library(),
    [`/s/${HWCAPS}/x86-64-v3/liba.so`]: library(),
  })
  assert.deepEqual(variants(answer), ['/r/liba.so'])
})

test('a library that exists only for some CPUs is lifted with a warning', async () => {
  const path = `/r/${HWCAPS}/x86-64-v3/liba.so`
  const answer = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/r' }),
    [path]: library(),
  })
  assert.deepEqual(answer.found, [])
  assert.deepEqual(variants(answer), [path])
  assert.deepEqual(complaints(answer), ['hwcaps-only'])
})

test('loaders up to 2.36 search tls and platform directories on every CPU, newer ones do not', async () => {
  const inside = ['tls/x86_64/x86_64', 'tls/x86_64', 'tls', 'x86_64/x86_64', 'x86_64'].map(
    (name) => `/r/${name}/liba.so`,
  )
  const tree: Record<string, ReturnType<typeof program>> = {
    '/bin/p': program({ needed: ['liba.so'], rpath: '/r' }),
    '/r/liba.so': library(),
    ...Object.fromEntries(inside.map((path) => [path, library()])),
  }
  assert.deepEqual((await liftFrom(tree, { loader: { version: '2.37' } })).found, ['/r/liba.so'])
  for (const path of inside) {
    assert.deepEqual((await liftFrom(tree, { loader: OLD })).found, [path])
    assert.deepEqual((await liftFrom(tree, { loader: { version: 'none' } })).found, [path])
    delete tree[path]
  }
})

test('a link loop ends the list it lies in, and the next source is asked', async () => {
  const tree = {
    '/bin/p': program({ needed: ['liba.so'], runpath: '/loop:/second' }),
    '/loop/liba.so': { link: 'liba.so' },
    '/second/liba.so': library(),
  }
  const answer = await liftFrom(tree)
  assert.deepEqual(answer.missing, ['liba.so for /bin/p'])
  assert.deepEqual(answer.tried['liba.so']?.slice(0, 2), [
    'runpath /loop/liba.so link loop',
    'default /lib/x86_64-linux-gnu/liba.so absent',
  ])
  const { found } = await liftFrom({ ...tree, '/usr/lib/liba.so': library() })
  assert.deepEqual(found, ['/usr/lib/liba.so'])
})

test('a directory that is a link loop itself does not end its list', async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/loop:/second' }),
    '/loop': { link: '/loop' },
    '/second/liba.so': library(),
  })
  assert.deepEqual(found, ['/second/liba.so'])
})

test('a link out of the root is taken from the root, whatever it says', async () => {
  const { found, missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', 'libb.so'], runpath: '/r' }),
    '/r/liba.so': { link: '../../../../../r/real.so' },
    '/r/real.so': library(),
    '/r/libb.so': { link: '../../../../../etc/passwd' },
  })
  assert.deepEqual(found, ['/r/liba.so'])
  assert.deepEqual(missing, ['libb.so for /bin/p'])
})

test('an endless list that has to be waited for is not gone through from its beginning for each directory', async () => {
  const directories = Array.from({ length: 2000 }, (_, index) => `/d${index}/`)
  const answers = new Map()
  let opened = 0
  const opener: Opener = {
    open: (path) => {
      opened++
      return atHand(answers, path, async () => ({ trail: TRAIL, candidate: { outcome: 'absent' } }))
    },
    subdirectories: () => [],
    exists: () => false,
    skips: () => true,
  }
  const attempts: Attempt[] = []
  await waitingFor(() => {
    attempts.length = 0
    return searchList({ rule: 'runpath', directories }, 'liba.so', opener, attempts)
  })
  assert.equal(attempts.length, directories.length)
  assert.ok(opened < 200 * directories.length, `${opened}`)
})

const TRAIL: Trail = { asked: '/', links: [], stones: [], end: undefined }
