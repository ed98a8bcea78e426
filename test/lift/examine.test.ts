import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiftError } from '../../src/errors.js'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import { environmentOf } from '../../src/lift/environment.js'
import { type Examination, examine } from '../../src/lift/examine.js'
import { rootFiles } from '../../src/loader/files.js'
import { loadersOf } from '../../src/loader/index.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf } from '../support/elf-builder.js'
import { muslLoaderFile } from '../support/musl-root.js'
import { debianTree, glibcLoader, library, MUSL, program, type Tree } from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'

async function examineFile(tree: Tree, path: string, env: readonly string[] = []): Promise<Examination> {
  const files = rootFiles(memoryRootFs(tree))
  const examiner = { files, loaders: loadersOf(files), environment: environmentOf({ ...EMPTY_CONFIG, env }) }
  const trail = await files.trail(path, '/')
  assert.ok(trail.end?.kind === 'file')
  const { elf } = await files.read(trail.end)
  assert.ok(elf !== undefined)
  return examine(examiner, trail, trail.end, elf)
}

const kindsOf = ({ findings }: Examination) => findings.map(({ kind }) => kind)
const namesOf = ({ baseline }: Examination) => baseline?.objects.map(({ name }) => name)

test('a static program needs nothing, a static PIE neither', async () => {
  const fixed = await examineFile({ '/x': buildElf({ type: 'exec', dynamic: false }) }, '/x')
  const pie = await examineFile({ '/x': buildElf({ dtFlags1: 0x0800_0000 }) }, '/x')
  for (const { kind, baseline, findings } of [fixed, pie]) {
    assert.deepEqual([kind, baseline, findings], ['static', undefined, []])
  }
})

test('a program is loaded with the loader it asks for', async () => {
  const tree = debianTree({ '/usr/bin/x': program(['libc.so.6']) })
  const found = await examineFile(tree, '/bin/x')
  assert.equal(found.kind, 'program')
  assert.equal(found.loader?.dialect, 'glibc')
  assert.equal(found.interpreter?.end?.path, `${LIB}/ld-linux-x86-64.so.2`)
  assert.deepEqual(namesOf(found), [
    '/usr/bin/x',
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ])
})

test('a library is loaded as a program of its machine would load it', async () => {
  const tree = debianTree({ [`${LIB}/libz.so`]: library('libz.so', ['libc.so.6']) })
  const found = await examineFile(tree, `${LIB}/libz.so`)
  assert.deepEqual([found.kind, found.loader?.dialect], ['library', 'glibc'])
  assert.ok(namesOf(found)?.includes('/lib/x86_64-linux-gnu/libc.so.6'))
})

test('a library that asks for the C library of musl is loaded by musl, also beside a glibc', async () => {
  const tree = debianTree({
    '/usr/lib/ld-musl-x86_64.so.1': muslLoaderFile(),
    '/usr/lib/libm1.so': library('libm1.so', ['libc.musl-x86_64.so.1']),
    '/usr/lib/libg1.so': library('libg1.so', ['libc.so.6']),
  })
  assert.equal((await examineFile(tree, '/usr/lib/libm1.so')).loader?.dialect, 'musl')
  assert.equal((await examineFile(tree, '/usr/lib/libg1.so')).loader?.dialect, 'glibc')
})

test('a library in an image without any loader is a fault only when it needs something', async () => {
  assert.deepEqual(kindsOf(await examineFile({ '/a.so': library('a.so') }, '/a.so')), [])
  const needy = await examineFile({ '/a.so': library('a.so', ['libc.so.6']) }, '/a.so')
  assert.deepEqual([needy.kind, kindsOf(needy)], ['library', ['loader-missing']])
})

test('the loader itself is a loader', async () => {
  const found = await examineFile(debianTree(), `${LIB}/ld-linux-x86-64.so.2`)
  assert.deepEqual([found.kind, found.baseline], ['loader', undefined])
})

test('a klibc program brings its interpreter, which is no dynamic loader', async () => {
  const tree = {
    '/bin/x': buildElf({ type: 'exec', dynamic: false, interp: '/lib/klibc-abc.so' }),
    '/lib/klibc-abc.so': buildElf({ type: 'exec', dynamic: false }),
  }
  const found = await examineFile(tree, '/bin/x')
  assert.deepEqual(
    [found.kind, found.interpreter?.asked, found.findings.length],
    ['program', '/lib/klibc-abc.so', 0],
  )
  const alone = await examineFile({ '/bin/x': tree['/bin/x'] }, '/bin/x')
  assert.deepEqual(kindsOf(alone), ['loader-missing'])
})

test('each way in which a loader is of no use has its own kind', async () => {
  const asks = { '/x': program([], { interp: '/ld.so' }) }
  const cases: readonly (readonly [Tree, string])[] = [
    [asks, 'loader-missing'],
    [{ ...asks, '/ld.so': { link: 'ld.so' } }, 'loader-missing'],
    [{ ...asks, '/ld.so': { directory: true } }, 'loader-unusable'],
    [{ ...asks, '/ld.so': 'text '.repeat(20) }, 'loader-unusable'],
    [{ ...asks, '/ld.so': buildElf({ machine: 183 }) }, 'loader-unusable'],
    [{ ...asks, '/ld.so': buildElf({ class: 32, machine: 3 }) }, 'loader-unusable'],
    [{ ...asks, '/ld.so': buildElf() }, 'loader-unknown'],
    [{ '/x': program([], { interp: '' }) }, 'loader-unusable'],
  ]
  for (const [tree, kind] of cases) {
    const found = await examineFile(tree, '/x')
    assert.deepEqual([found.kind, kindsOf(found)], ['program', [kind]])
  }
})

test('programs for another system are refused by its name', async () => {
  const refused = async (bytes: Uint8Array, words: RegExp) =>
    assert.rejects(examineFile({ '/x': bytes }, '/x'), (error) => {
      assert.ok(error instanceof LiftError)
      assert.equal(error.code, 'unsupported')
      assert.match(error.message, words)
      return true
    })
  await refused(program([], { osabi: 9 }), /for FreeBSD/)
  await refused(program([], { interp: '/system/bin/linker64' }), /for Android/)
  await refused(program([], { interp: '/apex/com.android.runtime/bin/linker64' }), /for Android/)
})

test('a file with a set-id bit or capabilities is also loaded as one that gains privilege', async () => {
  const tree = (metadata: { mode?: number; xattrs?: ReadonlyMap<string, Uint8Array> }) =>
    debianTree({ '/x': { file: program(['libs.so']), ...metadata }, '/opt/libs.so': library('libs.so') })
  const env = ['LD_LIBRARY_PATH=/opt']
  const xattrs = (name: string) => new Map([[name, new Uint8Array(20)]])
  for (const metadata of [{ mode: 0o4755 }, { mode: 0o2755 }, { xattrs: xattrs('security.capability') }]) {
    const { baseline, secure } = await examineFile(tree(metadata), '/x', env)
    assert.equal(baseline?.edges[0]?.resolution.found?.name, '/opt/libs.so')
    assert.equal(secure?.edges[0]?.resolution.found, undefined)
  }
  for (const metadata of [{}, { xattrs: xattrs('user.note') }])
    assert.equal((await examineFile(tree(metadata), '/x', env)).secure, undefined)
})

test('there is a variant for each CPU level, and none where nothing is specific to a CPU', async () => {
  const x = { '/x': program(['libh.so']), [`${LIB}/libh.so`]: library('libh.so') }
  const variant = { [`${LIB}/glibc-hwcaps/x86-64-v3/libh.so`]: library('libh.so') }
  const found = await examineFile(debianTree({ ...x, ...variant }), '/x')
  const open = (place: string) => `/lib/x86_64-linux-gnu/${place}libh.so`
  assert.deepEqual(
    found.variants.map(({ objects }) => objects[1]?.name),
    [open(''), open('glibc-hwcaps/x86-64-v3/'), open('glibc-hwcaps/x86-64-v3/')],
  )
  assert.deepEqual((await examineFile(debianTree(x), '/x')).variants, [])
})

test('a musl program has neither CPU levels nor a cache', async () => {
  const tree = {
    '/x': program(['libz.so'], { interp: MUSL }),
    [MUSL]: muslLoaderFile(),
    '/lib/libz.so': library('libz.so'),
    '/lib/glibc-hwcaps/x86-64-v3/libz.so': library('libz.so'),
  }
  const found = await examineFile(tree, '/x')
  assert.deepEqual([found.variants.length, found.loader?.configuration.length], [0, 0])
  assert.deepEqual(namesOf(found), ['/x', '/lib/libz.so'])
})

test('a loader without an execute bit is told, since the kernel starts none', async () => {
  const shut = { [`${LIB}/ld-linux-x86-64.so.2`]: { file: glibcLoader(), mode: 0o644 } }
  const found = await examineFile(debianTree({ '/usr/bin/x': program(), ...shut }), '/usr/bin/x')
  assert.deepEqual(kindsOf(found), ['not-executable'])
  assert.equal(found.baseline?.objects.length, 1)
})

test('a relative PT_INTERP depends on the working directory', async () => {
  const interp = 'lib64/ld-linux-x86-64.so.2'
  const found = await examineFile(debianTree({ '/usr/bin/x': program([], { interp }) }), '/usr/bin/x')
  assert.deepEqual(kindsOf(found), ['relative-path'])
})
