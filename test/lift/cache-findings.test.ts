import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configuredDirectories } from '../../src/lift/ld-so-conf.js'
import { lift } from '../../src/lift/lift-image.js'
import { rootFiles } from '../../src/loader/files.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf } from '../support/elf-builder.js'
import { muslLoaderFile } from '../support/musl-root.js'
import {
  debianTree,
  ldSoCache,
  library,
  MUSL,
  program,
  smallImage,
  type Tree,
} from '../support/small-image.js'

const x = { '/usr/bin/x': program(['libz.so']) }
const stored = { '/etc/ld.so.conf': '/opt/z\n', '/opt/z/libz.so': library('libz.so') }

async function directoriesOf(tree: Tree) {
  const { findings, missing } = await lift(smallImage(debianTree({ ...x, ...tree })), ['x'])
  assert.equal(missing.length, 1)
  return findings.flatMap((one) => (one.kind === 'no-cache' ? [one.directory] : []))
}

test('a library that only ld.so.conf leads to is missing, and ldconfig is advised', async () => {
  assert.deepEqual(await directoriesOf(stored), ['/opt/z'])
  const stale = ldSoCache([{ name: 'liba.so', path: '/opt/z/liba.so' }])
  assert.deepEqual(await directoriesOf({ ...stored, '/etc/ld.so.cache': stale }), ['/opt/z'])
})

test('ldconfig is not advised for what the cache lists already', async () => {
  const listed = ldSoCache([{ name: 'libz.so', path: '/gone/libz.so' }])
  assert.deepEqual(await directoriesOf({ ...stored, '/etc/ld.so.cache': listed }), [])
})

test('ldconfig is not advised where it would list nothing for this loader', async () => {
  for (const bytes of [buildElf({ class: 32, machine: 3 }), buildElf({ machine: 183 }), program(), 'text']) {
    assert.deepEqual(await directoriesOf({ ...stored, '/opt/z/libz.so': bytes }), [])
  }
})

test('ldconfig does not help a program that shuts the default directories out', async () => {
  const shut = {
    '/usr/bin/x': program(['libz.so'], { dtFlags1: 0x800 }),
    '/usr/lib/libz.so': library('libz.so'),
  }
  assert.deepEqual(await directoriesOf({ ...shut, '/etc/ld.so.conf': '/usr/lib\n' }), [])
  assert.deepEqual(await directoriesOf({ ...shut, ...stored }), ['/opt/z'])
})

test('musl knows no ld.so.conf', async () => {
  const musl = { '/usr/bin/x': program(['libz.so'], { interp: MUSL }), [`/usr${MUSL}`]: muslLoaderFile() }
  assert.deepEqual(await directoriesOf({ ...musl, ...stored }), [])
})

const configured = (tree: Tree) => configuredDirectories(rootFiles(memoryRootFs(tree)))

test('ld.so.conf is read in order, with its includes where they stand', async () => {
  const tree = {
    '/etc/ld.so.conf':
      '# first\n/a # one\n\n  /b/  \ninclude ld.so.conf.d/*.conf /more/x.conf\nhwcap 0 no\n/c=libc6\n/a\n',
    '/etc/ld.so.conf.d/2.conf': '/two\n',
    '/etc/ld.so.conf.d/1.conf': '/one\nrelative\n',
    '/etc/ld.so.conf.d/3.txt': '/three\n',
    '/more/x.conf': '/x y,z\n',
  }
  assert.deepEqual(await configured(tree), ['/a', '/b', '/one', '/two', '/x y,z', '/c'])
})

test('no ld.so.conf names no directory, and includes that match nothing do no harm', async () => {
  assert.deepEqual(await configured({}), [])
  assert.deepEqual(await configured({ '/etc/ld.so.conf': 'include nothing/*.conf\ninclude\n/a\n' }), ['/a'])
})

test('files that include each other are read once', async () => {
  const tree = { '/etc/ld.so.conf': '/a\ninclude b.conf\n', '/etc/b.conf': '/b\ninclude ld.so.conf\n/c\n' }
  assert.deepEqual(await configured(tree), ['/a', '/b', '/c'])
})

test('a file of a mebibyte and more is no configuration', async () => {
  assert.deepEqual(await configured({ '/etc/ld.so.conf': `/a\n#${'x'.repeat(1024 * 1024)}\n` }), [])
})
