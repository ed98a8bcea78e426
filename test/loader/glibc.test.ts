import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaints, library, liftFrom, program, type Tree } from '../support/glibc-root.js'
import { buildCache } from '../support/ld-so-cache-builder.js'

const cacheOf = (path: string) => buildCache({ entries: [{ name: 'liba.so', path }] })

/** A library in each place there is, with the program that looks for it. */
function everywhere(lists: { rpath?: string; runpath?: string }): Record<string, Tree[string]> {
  const places = ['/r', '/e', '/u', '/cached', '/lib', '/usr/lib']
  return {
    '/bin/p': program({ needed: ['liba.so'], ...lists }),
    '/etc/ld.so.cache': cacheOf('/cached/liba.so'),
    ...Object.fromEntries(places.map((place) => [`${place}/liba.so`, library()])),
  }
}

async function foundIn(tree: Record<string, Tree[string]>, places: readonly string[]): Promise<string[]> {
  const order: string[] = []
  for (const _ of places) {
    const { found } = await liftFrom(tree, { env: ['LD_LIBRARY_PATH=/e'] })
    const [path = 'nothing'] = found
    order.push(path)
    delete tree[path]
  }
  return order
}

test('RPATH comes before LD_LIBRARY_PATH, that before the cache, the default directories come last', async () => {
  const places = ['/r/liba.so', '/e/liba.so', '/cached/liba.so', '/lib/liba.so', '/usr/lib/liba.so']
  assert.deepEqual(await foundIn(everywhere({ rpath: '/r' }), places), places)
})

test('LD_LIBRARY_PATH comes before RUNPATH, RUNPATH before the cache', async () => {
  const places = ['/e/liba.so', '/u/liba.so', '/cached/liba.so', '/lib/liba.so']
  assert.deepEqual(await foundIn(everywhere({ rpath: '/r', runpath: '/u' }), places), places)
})

test('each place tried is told with the rule it comes from', async () => {
  const { tried } = await liftFrom(
    {
      '/bin/p': program({ needed: ['liba.so'], runpath: '/u' }),
      '/etc/ld.so.cache': cacheOf('/cached/liba.so'),
    },
    { env: ['LD_LIBRARY_PATH=/e'] },
  )
  assert.deepEqual(tried['liba.so'], [
    'ld-library-path /e/liba.so absent',
    'runpath /u/liba.so absent',
    'ld.so.cache /cached/liba.so absent',
    'default /lib/x86_64-linux-gnu/liba.so absent',
    'default /usr/lib/x86_64-linux-gnu/liba.so absent',
    'default /lib/liba.so absent',
    'default /usr/lib/liba.so absent',
  ])
})

test('ld.so.conf is never read: a directory it names counts only through the cache', async () => {
  const tree = {
    '/bin/p': program({ needed: ['liba.so'] }),
    '/etc/ld.so.conf': '/conf\ninclude /etc/ld.so.conf.d/*.conf\n',
    '/etc/ld.so.conf.d/a.conf': '/conf\n',
    '/conf/liba.so': library(),
  }
  assert.deepEqual((await liftFrom(tree)).missing, ['liba.so for /bin/p'])
  const stale = { ...tree, '/etc/ld.so.cache': buildCache({ entries: [{ name: 'b', path: '/conf/b' }] }) }
  assert.deepEqual((await liftFrom(stale)).missing, ['liba.so for /bin/p'])
  const { found } = await liftFrom({ ...tree, '/etc/ld.so.cache': cacheOf('/conf/liba.so') })
  assert.deepEqual(found, ['/conf/liba.so'])
})

test('without any cache the multiarch directories are still searched, since the loader has them compiled in', async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', 'libb.so'] }),
    '/lib/x86_64-linux-gnu/liba.so': library(),
    '/usr/lib/x86_64-linux-gnu/libb.so': library(),
  })
  assert.deepEqual(found, ['/lib/x86_64-linux-gnu/liba.so', '/usr/lib/x86_64-linux-gnu/libb.so'])
})

test('only the directories of this very loader are default ones', async () => {
  const tree = { '/bin/p': program({ needed: ['liba.so'] }), '/usr/lib64/liba.so': library() }
  assert.deepEqual((await liftFrom(tree)).missing, ['liba.so for /bin/p'])
  const fedora = { directories: ['/lib64/', '/usr/lib64/'], lib: 'lib64' }
  assert.deepEqual((await liftFrom(tree, { loader: fedora })).found, ['/usr/lib64/liba.so'])
})

test('a library that exists only under another file name than the one asked for is missing', async () => {
  const { missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so.1'] }),
    '/lib/liba.so.1.2.3': library({ soname: 'liba.so.1' }),
  })
  assert.deepEqual(missing, ['liba.so.1 for /bin/p'])
})

test('a name with a slash is opened as it is, from the root or the working directory, and searched nowhere', async () => {
  const tree = {
    '/bin/p': program({ needed: ['/opt/liba.so', 'sub/libb.so', './libc2.so'], runpath: '/r' }),
    '/opt/liba.so': library(),
    '/srv/sub/libb.so': library(),
    '/r/libc2.so': library(),
  }
  const answer = await liftFrom(tree, { workingDir: '/srv' })
  assert.deepEqual(answer.found, ['/opt/liba.so', 'sub/libb.so'])
  assert.deepEqual(answer.tried, { './libc2.so': ['path ./libc2.so absent'] })
  assert.equal(complaints(answer).includes('relative-path'), true)
})
