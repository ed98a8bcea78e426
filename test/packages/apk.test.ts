import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packageDatabase } from '../../src/packages/database.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { dpkgTree, labels, opened, owned, paragraph, reduced } from '../support/package-roots.js'

const MUSL = `C:Q1pWlOuYzuD/rPYTTOxUh+xzSVVME=
P:musl
V:1.2.4-r2
A:x86_64
o:musl
D:x y
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1L5pUQtvPUiD4gV0rsIGAtgQXmuw=
R:libc.musl-x86_64.so.1
a:0:0:777
Z:Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=
F:usr
F:usr/share
M:0:0:1777
R:musl.txt

`
const BUSYBOX = `P:busybox
V:1.36.1-r2
F:
R:init
F:bin
R:busybox

`
const INSTALLED = '/lib/apk/db/installed'
const TREE = {
  [INSTALLED]: MUSL + BUSYBOX,
  '/lib/ld-musl-x86_64.so.1': 'x',
  '/lib/libc.musl-x86_64.so.1': { link: 'ld-musl-x86_64.so.1' },
  '/usr/share/musl.txt': 'x',
  '/bin/busybox': 'x',
  '/bin/sh': { link: '/bin/busybox' },
  '/init': 'x',
}

test('the package that lists a directory and a name in it has the file, with version and architecture', async () => {
  const found = await owned(await opened(TREE), ['/lib/ld-musl-x86_64.so.1', '/bin/busybox'])
  assert.deepEqual(found, [
    {
      package: { name: 'musl', version: '1.2.4-r2', architecture: 'x86_64', label: 'musl' },
      listed: '/lib/ld-musl-x86_64.so.1',
    },
    { package: { name: 'busybox', version: '1.36.1-r2', label: 'busybox' }, listed: '/bin/busybox' },
  ])
})

test('links that are listed have a package, links that a script made have none', async () => {
  assert.deepEqual(await labels(TREE, '/lib/libc.musl-x86_64.so.1', '/bin/sh', '/init'), [
    'musl',
    undefined,
    'busybox',
  ])
})

test('files behind a link to their directory are found', async () => {
  const tree = {
    '/usr/lib/apk/db/installed': MUSL,
    '/lib': { link: 'usr/lib' },
    '/usr/lib/ld-musl-x86_64.so.1': 'x',
  }
  assert.deepEqual(await labels(tree, '/usr/lib/ld-musl-x86_64.so.1'), ['musl'])
})

test('the reduced database keeps what is said of a package, and of its files those that are there', async () => {
  const files = await reduced(TREE, '/lib/libc.musl-x86_64.so.1')
  assert.deepEqual(files, {
    [INSTALLED]: `C:Q1pWlOuYzuD/rPYTTOxUh+xzSVVME=
P:musl
V:1.2.4-r2
A:x86_64
o:musl
D:x y
F:lib
R:libc.musl-x86_64.so.1
a:0:0:777
Z:Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=

`,
  })
})

test('a directory keeps its own line of rights', async () => {
  const files = await reduced(TREE, '/usr/share/musl.txt')
  assert.match(files[INSTALLED] ?? '', /\nF:usr\/share\nM:0:0:1777\nR:musl\.txt\n\n$/)
})

test('the reduced database lies where the image really has it', async () => {
  const tree = {
    '/usr/lib/apk/db/installed': MUSL,
    '/lib': { link: 'usr/lib' },
    '/usr/lib/ld-musl-x86_64.so.1': 'x',
  }
  const files = await reduced(tree, '/usr/lib/ld-musl-x86_64.so.1')
  assert.deepEqual(Object.keys(files), ['/usr/lib/apk/db/installed'])
})

test('a database reduced to nothing has no files', async () => {
  assert.deepEqual(await reduced({ ...TREE, '/opt/x': 'x' }, '/opt/x'), {})
})

test('an empty database is none, and does not hide another one', async () => {
  assert.equal(await packageDatabase(memoryRootFs({ [INSTALLED]: '\n' })), undefined)
  const both = await packageDatabase(memoryRootFs({ ...TREE, '/var/lib/dpkg/status': '' }))
  assert.equal(both?.kind, 'apk')
})

test('where there are two databases the one of dpkg counts', async () => {
  const { database } = await opened({ ...TREE, ...dpkgTree([paragraph('dpkg')], {}) })
  assert.equal(database.kind, 'dpkg')
})
