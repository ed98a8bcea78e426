import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaints, library, liftFrom, program } from '../support/glibc-root.js'

test('an empty element is the working directory, and the file is opened by its bare name', async () => {
  const tree = { '/srv/liba.so': library(), '/bin/p': program({ needed: ['liba.so'] }) }
  for (const value of [':/x', '/x:', '/x::/y', '/x;']) {
    const answer = await liftFrom(tree, { env: [`LD_LIBRARY_PATH=${value}`], workingDir: '/srv' })
    assert.deepEqual(answer.found, ['liba.so'])
    assert.deepEqual(complaints(answer), ['relative-path'])
  }
})

test('an empty LD_LIBRARY_PATH is no list, not the working directory', async () => {
  const tree = { '/liba.so': library(), '/bin/p': program({ needed: ['liba.so'] }) }
  assert.deepEqual((await liftFrom(tree, { env: ['LD_LIBRARY_PATH='] })).missing, ['liba.so for /bin/p'])
})

test('a relative element starts at the working directory and is worth a warning', async () => {
  const tree = { '/srv/sub/liba.so': library(), '/bin/p': program({ needed: ['liba.so'], runpath: 'sub' }) }
  const answer = await liftFrom(tree, { workingDir: '/srv' })
  assert.deepEqual(answer.found, ['sub/liba.so'])
  assert.deepEqual(complaints(answer), ['relative-path'])
  assert.deepEqual((await liftFrom(tree)).missing, ['liba.so for /bin/p'])
})

test('elements stay text except that trailing slashes become one and repetitions go', async () => {
  const { tried } = await liftFrom(
    { '/bin/p': program({ needed: ['gone.so'], runpath: '/a//:/a:/b/../c/.://d:/' }) },
    { loader: { directories: ['/lib/', '/usr/lib/'] } },
  )
  assert.deepEqual(tried['gone.so']?.slice(0, 4), [
    'runpath /a/gone.so absent',
    'runpath /b/../c/./gone.so absent',
    'runpath //d/gone.so absent',
    'runpath /gone.so absent',
  ])
})

test('".." in an element is walked: it needs the directory before it and means the parent of a link\'s target', async () => {
  const options = { needed: ['liba.so'], runpath: '/t/plugins/../lib' }
  const tree = { '/bin/p': program(options), '/t/lib/liba.so': library() }
  assert.deepEqual((await liftFrom(tree)).missing, ['liba.so for /bin/p'])
  const present = { ...tree, '/t/plugins': { directory: true } } as const
  assert.deepEqual((await liftFrom(present)).found, ['/t/plugins/../lib/liba.so'])
  const linked = { ...tree, '/t/plugins': { link: '/opt/deep' }, '/opt/deep': { directory: true } } as const
  assert.deepEqual((await liftFrom(linked)).missing, ['liba.so for /bin/p'])
})

test('an absolute link on the way is taken from the root, and stays in the open path', async () => {
  const { found, lift } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/opt/current/lib' }),
    '/opt/current': { link: '/opt/v2' },
    '/opt/v2/lib/liba.so': { link: '/opt/v2/lib/liba.so.1' },
    '/opt/v2/lib/liba.so.1': library(),
  })
  assert.deepEqual(found, ['/opt/current/lib/liba.so'])
  const paths = lift.entries.filter(({ role }) => role === 'library' || role === 'symlink')
  assert.deepEqual(
    paths.map(({ path, realPath }) => `${path} ${realPath}`),
    [
      '/opt/current /opt/current',
      '/opt/current/lib/liba.so /opt/v2/lib/liba.so.1',
      '/opt/v2/lib/liba.so /opt/v2/lib/liba.so',
    ],
  )
})
