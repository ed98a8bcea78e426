import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../../src/lift/finding.js'
import { lift } from '../../src/lift/lift-image.js'
import { buildElf } from '../support/elf-builder.js'
import { debianTree, ldSoCache, library, program, smallImage, type Tree } from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'
const OPEN = '/lib/x86_64-linux-gnu'

async function liftX(tree: Tree, config: { env?: string[]; workingDir?: string } = {}) {
  return lift(smallImage(debianTree(tree), { config }), ['/usr/bin/x'])
}

async function messages(tree: Tree, kind: Finding['kind'], config = {}): Promise<string[]> {
  const { findings } = await liftX(tree, config)
  return findings.filter((one) => one.kind === kind).map(({ message }) => message)
}

test('a missing library has a row for each object that asks for it, with every place tried', async () => {
  const tree = {
    '/usr/bin/x': program(['liba.so', 'libz.so'], { rpath: '/opt' }),
    '/opt/liba.so': library('liba.so', ['libz.so']),
  }
  const { missing } = await liftX(tree)
  assert.deepEqual(
    missing.map(({ name, neededBy }) => `${name} ${neededBy}`),
    ['libz.so /usr/bin/x', 'libz.so /opt/liba.so'],
  )
  assert.deepEqual(missing[0]?.attempts[0], {
    rule: 'rpath',
    path: '/opt/libz.so',
    outcome: 'absent',
    listOf: '/usr/bin/x',
  })
  assert.deepEqual(
    missing[0]?.attempts.slice(1).map(({ path }) => path),
    [`${OPEN}/libz.so`, `${LIB}/libz.so`, '/lib/libz.so', '/usr/lib/libz.so'],
  )
})

test('a blocked library is missing and is not called not found', async () => {
  const tree = { '/usr/bin/x': program(['libz.so']), '/usr/lib/libz.so': 'INPUT ( libz.so.1 )'.repeat(5) }
  const { missing, findings } = await liftX(tree)
  assert.deepEqual(
    [missing.map(({ name }) => name), findings.map(({ kind }) => kind)],
    [['libz.so'], ['library-blocked']],
  )
})

test('only what could not be found alone and by private means is fragile', async () => {
  const pair = (rpathOfB: object, directory: string): Tree => ({
    '/usr/bin/x': program(['liba.so', 'libb.so'], { runpath: '/opt' }),
    [`${directory}/liba.so`]: library('liba.so'),
    '/opt/libb.so': library('libb.so', ['liba.so'], rpathOfB),
  })
  assert.deepEqual(await messages(pair({}, '/opt'), 'fragile'), [
    '/opt/libb.so could not find liba.so by itself; it works only because /opt/liba.so is loaded before',
  ])
  assert.deepEqual(await messages(pair({ runpath: '/opt' }, '/opt'), 'fragile'), [])
  assert.deepEqual(await messages(pair({}, LIB), 'fragile'), [])
})

test('a library that answers by its soname alone makes its user fragile', async () => {
  const tree = {
    '/usr/bin/x': program(['libother.so', 'libb.so']),
    [`${LIB}/libother.so`]: library('liba.so'),
    [`${LIB}/libb.so`]: library('libb.so', ['liba.so']),
  }
  assert.equal((await messages(tree, 'fragile')).length, 1)
})

test('a library without the default directories that leans on another one is fragile', async () => {
  const tree = {
    '/usr/bin/x': program(['liba.so', 'libb.so']),
    [`${LIB}/liba.so`]: library('liba.so'),
    [`${LIB}/libb.so`]: library('libb.so', ['liba.so'], { dtFlags1: 0x800 }),
  }
  assert.equal((await messages(tree, 'fragile')).length, 1)
})

test('the loader and preloaded libraries make nobody fragile', async () => {
  const tree = {
    '/etc/ld.so.preload': '/opt/libp.so',
    '/opt/libp.so': library('libp.so', ['ld-linux-x86-64.so.2']),
    '/usr/bin/x': program(['ld-linux-x86-64.so.2']),
  }
  assert.deepEqual(await messages(tree, 'fragile'), [])
})

test('the first of two libraries of one soname is used, and a version it lacks is a fault', async () => {
  const tree = {
    '/usr/bin/x': program(['libv.so'], {
      runpath: '/old:/new',
      versionsNeeded: [{ file: 'libv.so', versions: ['V_1', 'V_2'] }],
    }),
    '/old/libv.so': library('libv.so', [], { versionsDefined: ['V_1'] }),
    '/new/libv.so': library('libv.so', [], { versionsDefined: ['V_1', 'V_2'] }),
  }
  assert.deepEqual(await messages(tree, 'version-missing'), [
    '/old/libv.so does not define version V_2 (required by /usr/bin/x)',
  ])
  assert.ok((await liftX(tree)).entries.every(({ path }) => path !== '/new/libv.so'))
})

test('a weak version may be absent, and a library that is missing has no versions to miss', async () => {
  const versions = [{ name: 'V_2', weak: true }]
  const weak = {
    '/usr/bin/x': program(['libv.so'], { versionsNeeded: [{ file: 'libv.so', versions }] }),
    [`${LIB}/libv.so`]: library('libv.so', [], { versionsDefined: ['V_1'] }),
  }
  const gone = {
    '/usr/bin/x': program(['libv.so'], { versionsNeeded: [{ file: 'libv.so', versions: ['V_1'] }] }),
  }
  assert.deepEqual(await messages(weak, 'version-missing'), [])
  assert.deepEqual(await messages(gone, 'version-missing'), [])
})

test('a variant and its baseline are both told and both lifted', async () => {
  const tree = {
    '/usr/bin/x': program(['libh.so']),
    [`${LIB}/libh.so`]: library('libh.so'),
    [`${LIB}/glibc-hwcaps/x86-64-v2/libh.so`]: library('libh.so'),
    [`${LIB}/glibc-hwcaps/x86-64-v3/libh.so`]: library('libh.so', ['libfast.so']),
    [`${LIB}/libfast.so`]: library('libfast.so'),
  }
  const { entries, findings } = await liftX(tree)
  const libraries = entries.filter(({ role }) => role === 'library').map(({ path }) => path)
  assert.deepEqual(libraries, [
    `${OPEN}/glibc-hwcaps/x86-64-v2/libh.so`,
    `${OPEN}/glibc-hwcaps/x86-64-v3/libh.so`,
    `${OPEN}/libfast.so`,
    `${OPEN}/libh.so`,
  ])
  assert.deepEqual(
    findings.map((one) => one.kind === 'hwcaps-variant' && one.path),
    [`${OPEN}/glibc-hwcaps/x86-64-v2/libh.so`, `${OPEN}/glibc-hwcaps/x86-64-v3/libh.so`],
  )
})

test('a variant that only the cache knows is lifted too', async () => {
  const tree = {
    '/usr/bin/x': program(['libh.so']),
    '/opt/libh.so': library('libh.so'),
    '/opt/glibc-hwcaps/x86-64-v3/libh.so': library('libh.so'),
    '/etc/ld.so.cache': ldSoCache([
      { name: 'libh.so', path: '/opt/glibc-hwcaps/x86-64-v3/libh.so', hwcaps: 'x86-64-v3' },
      { name: 'libh.so', path: '/opt/libh.so' },
    ]),
  }
  const { copies } = await liftX(tree)
  const opened = copies.map(({ to }) => to).filter((to) => to.startsWith('/opt'))
  assert.deepEqual(opened, ['/opt/glibc-hwcaps/x86-64-v3/libh.so', '/opt/libh.so'])
})

test('a library for some CPUs only is missing on the others', async () => {
  const tree = {
    '/usr/bin/x': program(['libh.so']),
    [`${LIB}/glibc-hwcaps/x86-64-v3/libh.so`]: library('libh.so'),
  }
  const { missing, findings } = await liftX(tree)
  assert.deepEqual(
    missing.map(({ name }) => name),
    ['libh.so'],
  )
  assert.equal(findings.filter(({ kind }) => kind === 'library-missing').length, 0)
  assert.equal(findings.filter(({ kind }) => kind === 'hwcaps-only').length, 1)
})

test('preloaded libraries come with what they need, each list by its name', async () => {
  const tree = {
    '/usr/bin/x': program(),
    '/etc/ld.so.preload': '# two\n/opt/one.so:/opt/two.so\n',
    '/opt/one.so': library('one.so', ['libdeep.so']),
    '/opt/two.so': library('two.so'),
    [`${LIB}/libdeep.so`]: library('libdeep.so'),
    [`${LIB}/libenv.so`]: library('libenv.so'),
  }
  const { entries } = await liftX(tree, { env: ['LD_PRELOAD=libenv.so'] })
  const reasons = entries.flatMap(({ path, why }) =>
    why.map(({ rule, neededBy }) => `${path} ${rule} ${neededBy}`),
  )
  for (const expected of [
    '/opt/one.so preload /etc/ld.so.preload',
    '/opt/two.so preload /etc/ld.so.preload',
    `${OPEN}/libenv.so preload LD_PRELOAD`,
    `${OPEN}/libdeep.so default /opt/one.so`,
    '/etc/ld.so.preload configuration /lib64/ld-linux-x86-64.so.2',
  ]) {
    assert.ok(reasons.includes(expected), expected)
  }
})

test('a preloaded library that is absent is no missing library', async () => {
  const { missing } = await liftX({ '/usr/bin/x': program(), '/etc/ld.so.preload': '/opt/none.so' })
  assert.deepEqual(missing, [])
})

test('what a relative path means is told with the working directory of the image', async () => {
  const tree = { '/usr/bin/x': program(['lib/libr.so']), '/srv/app/lib/libr.so': library('libr.so') }
  const [message] = await messages(tree, 'relative-path', { workingDir: '/srv/app' })
  assert.match(message!, /depends on the working directory; \/srv\/app is assumed/)
  const [atRoot] = await messages({ ...tree, '/lib/libr.so': library('libr.so') }, 'relative-path')
  assert.match(atRoot!, /; \/ is assumed/)
})

test('two libraries of equal content are two files', async () => {
  const tree = {
    '/usr/bin/x': program(['libone.so', 'libtwo.so']),
    [`${LIB}/libone.so`]: buildElf(),
    [`${LIB}/libtwo.so`]: buildElf(),
  }
  assert.deepEqual(await messages(tree, 'same-file-twice'), [])
})

test('a set-id program that finds the same with privilege is told of its mode alone', async () => {
  const tree = { '/usr/bin/x': { file: program(['libc.so.6']), mode: 0o6755 } }
  const { findings } = await liftX(tree)
  assert.deepEqual(
    findings.map(({ message }) => message.split(';')[0]),
    ['/usr/bin/x has mode 6755'],
  )
})
