import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootFiles } from '../../src/loader/files.js'
import { type MuslSystemPath, readMuslSystemPath, splitMuslList } from '../../src/loader/ld-musl-path.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { liftFromMusl, MUSL, muslLoaderFile, muslProgram } from '../support/musl-root.js'

const DEFAULT = ['/lib', '/usr/local/lib', '/usr/lib']

async function read(
  tree: Readonly<Record<string, MemoryNode>>,
  interpreter = MUSL,
  loader = muslLoaderFile(),
): Promise<MuslSystemPath> {
  return readMuslSystemPath(rootFiles(memoryRootFs(tree)), loader, interpreter)
}

test('without a path file the default directories count', async () => {
  assert.deepEqual(await read({}), { directories: DEFAULT })
})

test('the path file replaces the default directories', async () => {
  const { directories, file } = await read({ '/etc/ld-musl-x86_64.path': '/opt/lib:/srv/a b\n/x\n' })
  assert.deepEqual(directories, ['/opt/lib', '/srv/a b', '/x'])
  assert.equal(file?.asked, '/etc/ld-musl-x86_64.path')
})

test('an empty path file leaves no directory at all', async () => {
  assert.deepEqual((await read({ '/etc/ld-musl-x86_64.path': '' })).directories, [])
  assert.deepEqual((await read({ '/etc/ld-musl-x86_64.path': '\n' })).directories, [])
})

test('the path file of another architecture is not read', async () => {
  const tree = { '/etc/ld-musl-aarch64.path': '/a', '/etc/ld-musl-armhf.path': '/b' }
  assert.deepEqual((await read(tree)).directories, DEFAULT)
  assert.deepEqual((await read(tree, MUSL, muslLoaderFile('aarch64'))).directories, ['/a'])
  assert.deepEqual((await read(tree, '/lib/other.so', muslLoaderFile('armhf'))).directories, ['/b'])
})

test('the path file lies beside the directory that the interpreter is named in, links unresolved', async () => {
  const tree = {
    '/opt/m/lib': { link: '/lib' },
    '/opt/m/etc/ld-musl-x86_64.path': '/a',
    '/etc/ld-musl-x86_64.path': '/b',
  }
  assert.deepEqual((await read(tree, '/opt/m/lib/ld-musl-x86_64.so.1')).directories, ['/a'])
  assert.deepEqual((await read(tree)).directories, ['/b'])
  assert.deepEqual((await read(tree, '/ld.so')).directories, ['/b'])
  assert.deepEqual((await read(tree, 'opt/m/lib/ld.so')).directories, ['/b'])
})

test('a path file that is a link is followed inside of the root', async () => {
  const { directories, file } = await read({
    '/etc/ld-musl-x86_64.path': { link: '../../usr/share/path' },
    '/usr/share/path': '/a',
  })
  assert.deepEqual(directories, ['/a'])
  assert.equal(file?.links.length, 1)
})

test('a path file that dangles is none; one that cannot be read leaves no directory', async () => {
  const path = '/etc/ld-musl-x86_64.path'
  assert.deepEqual((await read({ [path]: { link: 'nowhere' } })).directories, DEFAULT)
  assert.deepEqual((await read({ [path]: { directory: true } })).directories, [])
  assert.deepEqual((await read({ [path]: { link: path } })).directories, [])
  assert.deepEqual((await read({ '/etc': 'a file' })).directories, [])
})

test('the path file ends at its first NUL', async () => {
  assert.deepEqual((await read({ '/etc/ld-musl-x86_64.path': '/a:/b\0c:/d' })).directories, ['/a', '/b'])
})

test('a list has no empty element, and blanks belong to its elements', () => {
  assert.deepEqual(splitMuslList(':/a:: /b \n\n/c:'), ['/a', ' /b ', '/c'])
})

test('the path file moves where libraries are found, and is part of what the program needs', async () => {
  const { found, missing, lift } = await liftFromMusl({
    '/etc/ld-musl-x86_64.path': '/opt/lib\n',
    '/bin/p': muslProgram({ needed: ['liba.so', 'libb.so'] }),
    '/opt/lib/liba.so': { elf: {} },
    '/lib/liba.so': { elf: {} },
    '/lib/libb.so': { elf: {} },
  })
  assert.deepEqual([found, missing], [['/opt/lib/liba.so'], ['libb.so for /bin/p']])
  assert.ok(lift.copies.some(({ to }) => to === '/etc/ld-musl-x86_64.path'))
})

test('with an empty path file only the lists of the objects are left', async () => {
  const { found, tried } = await liftFromMusl({
    '/etc/ld-musl-x86_64.path': '',
    '/bin/p': muslProgram({ needed: ['liba.so', 'libb.so', 'libc.so'], rpath: '/r' }),
    '/r/liba.so': { elf: {} },
    '/lib/libb.so': { elf: {} },
  })
  assert.deepEqual(found, ['/r/liba.so'])
  assert.deepEqual(tried, { 'libb.so': ['rpath /r/libb.so absent'] })
})
