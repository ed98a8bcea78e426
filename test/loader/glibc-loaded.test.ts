import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaints, LOADER, library, liftFrom, program } from '../support/glibc-root.js'

test('an object needed by an absolute path answers to its soname later, but not to its file name', async () => {
  const tree = (soname: { soname?: string }) => ({
    '/bin/p': program({ needed: ['/opt/libz.so', 'libz.so'] }),
    '/opt/libz.so': library(soname),
  })
  assert.deepEqual((await liftFrom(tree({ soname: 'libz.so' }))).missing, [])
  assert.deepEqual((await liftFrom(tree({}))).missing, ['libz.so for /bin/p'])
})

test('a loaded object answers to the path it was opened by', async () => {
  const { lift } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', '/lib/liba.so'] }),
    '/lib/liba.so': library(),
  })
  const why = lift.entries.find(({ path }) => path === '/lib/liba.so')?.why
  assert.deepEqual(
    why?.map(({ name, rule }) => `${name} ${rule}`),
    ['/lib/liba.so already-loaded', 'liba.so default'],
  )
})

test('what a sibling has loaded satisfies an object that could not find it, which is fragile', async () => {
  const answer = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', 'libb.so'], runpath: '/r' }),
    '/r/liba.so': library(),
    '/r/libb.so': library({ needed: ['liba.so'] }),
  })
  assert.deepEqual(answer.found, ['/r/liba.so', '/r/libb.so'])
  assert.deepEqual(answer.missing, [])
  assert.deepEqual(complaints(answer), ['fragile'])
})

test('a loaded object answers to its soname without a search, whatever its file name', async () => {
  const { found, missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', 'libz.so.9'], rpath: '/r' }),
    '/r/liba.so': library({ soname: 'libz.so.9' }),
    '/r/libz.so.9': library({ soname: 'libz.so.9' }),
  })
  assert.deepEqual(found, ['/r/liba.so'])
  assert.deepEqual(missing, [])
})

test('what one requester has not found may be found by a later one, and then serves nobody before it', async () => {
  const { found, missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', 'libb.so'], rpath: '' }),
    '/lib/liba.so': library({ needed: ['libx.so'] }),
    '/lib/libb.so': library({ needed: ['libx.so'], runpath: '/x' }),
    '/x/libx.so': library(),
  })
  assert.deepEqual(missing, ['libx.so for /lib/liba.so'])
  assert.deepEqual(found, ['/lib/liba.so', '/lib/libb.so', '/x/libx.so'])
})

test("a library may need the program by the program's soname, but not by its path", async () => {
  const tree = (name: string) => ({
    '/bin/p': program({ needed: ['liba.so'], soname: 'the-program' }),
    '/lib/liba.so': library({ needed: [name] }),
  })
  assert.deepEqual((await liftFrom(tree('the-program'))).missing, [])
  assert.deepEqual((await liftFrom(tree('p'))).missing, ['p for /lib/liba.so'])
  const byPath = await liftFrom(tree('/bin/p'))
  assert.deepEqual(byPath.tried, { '/bin/p': ['path /bin/p executable'] })
})

test('the loader answers to PT_INTERP and to its soname without a search', async () => {
  const { found, missing } = await liftFrom({
    '/bin/p': program({ needed: ['ld-linux-x86-64.so.2', LOADER], rpath: '/r' }),
    '/r/ld-linux-x86-64.so.2': library({ soname: 'ld-linux-x86-64.so.2' }),
  })
  assert.deepEqual(found, [])
  assert.deepEqual(missing, [])
})

test('one file by two names is one object: links, hard links and other ways through the root', async () => {
  const twin = { ...library(), identity: 'one inode' }
  for (const second of [{ link: 'liba.so' }, { link: '/r/liba.so' }, twin]) {
    const { found, missing } = await liftFrom({
      '/bin/p': program({ needed: ['liba.so', 'libb.so', 'libb.so'], rpath: '/r' }),
      '/r/liba.so': twin,
      '/r/libb.so': second,
    })
    assert.deepEqual(found, ['/r/liba.so'])
    assert.deepEqual(missing, [])
  }
})

test('every name that one file is opened by is lifted, and told', async () => {
  const answer = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', 'libb.so'], rpath: '/r' }),
    '/r/liba.so': library(),
    '/r/libb.so': { link: 'liba.so' },
  })
  const copied = answer.lift.copies.filter(({ role }) => role === 'library').map(({ to }) => to)
  assert.deepEqual(copied, ['/r/liba.so', '/r/libb.so'])
  assert.equal(complaints(answer).includes('same-file-twice'), true)
})

test('two equal files are two objects', async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', 'libb.so'], rpath: '/r' }),
    '/r/liba.so': library(),
    '/r/libb.so': library(),
  })
  assert.deepEqual(found, ['/r/liba.so', '/r/libb.so'])
})

test('an empty name is the program itself, for whoever asks', async () => {
  const answer = await liftFrom({
    '/bin/p': program({ needed: ['', 'liba.so'] }),
    '/lib/liba.so': library({ needed: [''] }),
  })
  assert.deepEqual(answer.found, ['/lib/liba.so'])
  assert.deepEqual(answer.missing, [])
  assert.deepEqual(complaints(answer), [])
})
