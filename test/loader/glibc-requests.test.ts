import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaints, library, liftFrom, program } from '../support/glibc-root.js'
import { buildCache } from '../support/ld-so-cache-builder.js'

const NODEFLIB = 0x800
const PIE = 0x0800_0000

test('an object that wants no default library finds nothing in default directories', async () => {
  const { missing, tried } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], dtFlags1: PIE | NODEFLIB }),
    '/lib/liba.so': library(),
  })
  assert.deepEqual(missing, ['liba.so for /bin/p'])
  assert.deepEqual(tried['liba.so'], [])
})

test('an object that wants no default library takes from the cache what lies below no default directory', async () => {
  const tree = (path: string) => ({
    '/bin/p': program({ needed: ['liba.so'], dtFlags1: PIE | NODEFLIB }),
    [path]: library(),
    '/etc/ld.so.cache': buildCache({ entries: [{ name: 'liba.so', path }] }),
  })
  assert.deepEqual((await liftFrom(tree('/opt/liba.so'))).found, ['/opt/liba.so'])
  assert.deepEqual((await liftFrom(tree('/usr/lib/deep/liba.so'))).missing, ['liba.so for /bin/p'])
})

test('that an object wants no default library says nothing about its dependencies', async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/r', dtFlags1: PIE | NODEFLIB }),
    '/r/liba.so': library({ needed: ['libb.so'] }),
    '/lib/libb.so': library(),
  })
  assert.deepEqual(found, ['/r/liba.so', '/lib/libb.so'])
})

test('a filtee and an auxiliary library are loaded, with what they need', async () => {
  for (const kind of ['filter', 'auxiliary'] as const) {
    const { found, missing } = await liftFrom({
      '/bin/p': program({ needed: ['liba.so'], rpath: '/r' }),
      '/r/liba.so': library({ dependencies: [{ kind, name: 'libf.so' }] }),
      '/r/libf.so': library({ needed: ['libg.so'] }),
      '/r/libg.so': library(),
    })
    assert.deepEqual([...found].sort(), ['/r/liba.so', '/r/libf.so', '/r/libg.so'])
    assert.deepEqual(missing, [])
  }
})

test('an auxiliary library may be absent, a filtee may not', async () => {
  const tree = (kind: 'filter' | 'auxiliary') => ({
    '/bin/p': program({ needed: ['liba.so'] }),
    '/lib/liba.so': library({ dependencies: [{ kind, name: 'libf.so' }] }),
  })
  const auxiliary = await liftFrom(tree('auxiliary'))
  assert.deepEqual(auxiliary.missing, [])
  assert.deepEqual(complaints(auxiliary), [])
  const filter = await liftFrom(tree('filter'))
  assert.deepEqual(filter.missing, ['libf.so for /lib/liba.so'])
  assert.deepEqual(complaints(filter), ['library-missing'])
})

test('a dependency of an auxiliary library may not be absent', async () => {
  const { missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'] }),
    '/lib/liba.so': library({ dependencies: [{ kind: 'auxiliary', name: 'libf.so' }] }),
    '/lib/libf.so': library({ needed: ['libg.so'] }),
  })
  assert.deepEqual(missing, ['libg.so for /lib/libf.so'])
})

test("LD_PRELOAD of the image comes before /etc/ld.so.preload, both before the program's own libraries", async () => {
  const tree = {
    '/bin/p': program({ needed: ['liba.so'] }),
    '/lib/liba.so': library(),
    '/lib/libe1.so': library(),
    '/opt/libe2.so': library(),
    '/lib/libf.so': library({ needed: ['libg.so'] }),
    '/lib/libg.so': library(),
    '/etc/ld.so.preload': 'libf.so\n',
  }
  const { found } = await liftFrom(tree, { env: ['LD_PRELOAD=libe1.so:/opt/libe2.so'] })
  const order = ['/lib/libe1.so', '/opt/libe2.so', '/lib/libf.so', '/lib/liba.so', '/lib/libg.so']
  assert.deepEqual(found, order)
})

test('LD_PRELOAD is split at blanks and colons', async () => {
  const tree = {
    '/bin/p': program(),
    '/lib/liba.so': library(),
    '/lib/libb.so': library(),
    '/lib/libc2.so': library(),
  }
  const { found } = await liftFrom(tree, { env: ['LD_PRELOAD= liba.so  libb.so:libc2.so:'] })
  assert.deepEqual(found, ['/lib/liba.so', '/lib/libb.so', '/lib/libc2.so'])
})

test('/etc/ld.so.preload is split at white space and colons, and # starts a comment', async () => {
  const { found } = await liftFrom({
    '/bin/p': program(),
    '/lib/liba.so': library(),
    '/lib/libb.so': library(),
    '/lib/libc2.so': library(),
    '/lib/libd.so': library(),
    '/lib/libn.so': library(),
    '/etc/ld.so.preload': '# libn.so\nliba.so\tlibb.so:libc2.so # libn.so\n\n  libd.so',
  })
  assert.deepEqual(found, ['/lib/liba.so', '/lib/libb.so', '/lib/libc2.so', '/lib/libd.so'])
})

test("a preloaded object is searched with the program's lists and replaces what has the same soname", async () => {
  const { found, missing } = await liftFrom({
    '/bin/p': program({ needed: ['libz.so'], runpath: '/r' }),
    '/r/liba.so': library({ soname: 'libz.so' }),
    '/lib/libz.so': library({ soname: 'libz.so' }),
    '/etc/ld.so.preload': 'liba.so',
  })
  assert.deepEqual(found, ['/r/liba.so'])
  assert.deepEqual(missing, [])
})

test('a preloaded object that is absent is worth a warning and nothing more', async () => {
  const answer = await liftFrom({ '/bin/p': program(), '/etc/ld.so.preload': '/opt/gone.so' })
  assert.deepEqual(answer.missing, [])
  assert.deepEqual(complaints(answer), ['preload-missing'])
})

test('the list of preloaded objects is lifted with them', async () => {
  const { lift } = await liftFrom({
    '/bin/p': program(),
    '/etc/ld.so.preload': 'liba.so',
    '/lib/liba.so': library(),
  })
  const copied = lift.copies.map(({ to }) => to)
  assert.deepEqual(copied, ['/bin/p', '/etc/ld.so.preload', '/lib/liba.so', '/lib64/ld-linux-x86-64.so.2'])
})

test("audit modules of the program are found by the program's lists; those of libraries have no effect", async () => {
  const tree = {
    '/bin/p': program({ needed: ['liba.so'], audit: 'libm.so:/gone.so', depaudit: 'libn.so', runpath: '/r' }),
    '/lib/liba.so': library({ audit: '/r/libx.so' }),
    '/r/libm.so': library({ needed: ['libo.so'] }),
    '/r/libn.so': library(),
    '/r/libx.so': library(),
    '/lib/libo.so': library(),
  }
  const answer = await liftFrom(tree)
  assert.deepEqual(answer.found, ['/lib/liba.so', '/r/libm.so', '/lib/libo.so', '/r/libn.so'])
  assert.deepEqual(complaints(answer), ['audit-missing'])
  assert.deepEqual((await liftFrom(tree, { loader: { version: 'none' } })).found, ['/lib/liba.so'])
})

test("what an audit module needs is searched in the program's RPATH", async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ audit: '/m/libm.so', rpath: '/r' }),
    '/m/libm.so': library({ needed: ['libo.so'] }),
    '/r/libo.so': library(),
  })
  assert.deepEqual(found, ['/m/libm.so', '/r/libo.so'])
})

test('audit modules of LD_AUDIT are loaded by every glibc, with what they need', async () => {
  const tree = {
    '/bin/p': program(),
    '/opt/libaudit.so': library({ needed: ['liba.so'] }),
    '/lib/liba.so': library(),
  }
  for (const loader of [{ version: '2.36' }, {}]) {
    const answer = await liftFrom(tree, { env: ['LD_AUDIT=/opt/libaudit.so:libgone.so'], loader })
    assert.deepEqual(answer.found, ['/opt/libaudit.so', '/lib/liba.so'])
    assert.deepEqual(complaints(answer), ['audit-missing'])
  }
})
