import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootFiles } from '../../src/loader/files.js'
import { loadersOf } from '../../src/loader/index.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { compiledIn, loaderFile } from '../support/glibc-loader-file.js'
import { complaints, LOADER, liftFrom, program, rootOf, type Tree } from '../support/glibc-root.js'

/** The dialect of a program's loader, or what is wrong with it. */
async function dialectOf(tree: Tree, options: ElfOptions & { interp?: string } = {}): Promise<string> {
  const files = rootFiles(rootOf({ '/bin/p': program(options), ...tree }))
  const { end } = await files.trail('/bin/p', '/')
  assert.equal(end?.kind, 'file')
  const { elf } = await files.read(end)
  assert.notEqual(elf, undefined)
  const answer = await loadersOf(files).loaderFor(options.interp ?? LOADER, elf!, '/')
  if ('fault' in answer) return answer.fault
  return answer.installation.loader({ workingDir: '/', hwcaps: [], secure: false }).dialect
}

const withText = (text: string) => Buffer.concat([buildElf(), Buffer.from(`\0${text}\0`)])

test('the dialect of a loader is told by the content of its file, not by its name', async () => {
  assert.equal(await dialectOf({}), 'glibc')
  const musl = withText('/etc/ld-musl-x86_64.path')
  assert.equal(
    await dialectOf({ [LOADER]: { link: '/lib/ld-musl-x86_64.so.1' }, '/lib/ld-musl-x86_64.so.1': musl }),
    'musl',
  )
  const odd = { interp: '/opt/start' }
  assert.equal(await dialectOf({ '/opt/start': loaderFile() }, odd), 'glibc')
  assert.equal(await dialectOf({ '/opt/start': { link: LOADER } }, odd), 'glibc')
})

test('a loader without the marks of either dialect is unknown', async () => {
  assert.equal(await dialectOf({ [LOADER]: buildElf() }), 'unknown')
  assert.equal(await dialectOf({ [LOADER]: withText('uClibc\0/etc/ld.so.cache') }), 'unknown')
})

test('a loader for another system is unknown, and the system named', async () => {
  for (const [osabi, name] of [
    [9, 'FreeBSD'],
    [6, 'Solaris'],
  ] as const) {
    const file = Buffer.concat([buildElf({ osabi }), compiledIn()])
    assert.equal(await dialectOf({ [LOADER]: file }), 'unknown')
    const { findings } = await liftFrom({ '/bin/p': program(), [LOADER]: file })
    const fault = findings.find(({ kind }) => kind === 'loader-unknown')
    assert.equal(fault?.message.includes(name), true)
  }
})

test('a loader that is absent, or whose links lead nowhere, is missing', async () => {
  const interp = '/lib/gone.so'
  assert.equal(await dialectOf({}, { interp }), 'missing')
  assert.equal(await dialectOf({ [interp]: { link: 'nowhere' } }, { interp }), 'missing')
  assert.equal(await dialectOf({ [interp]: { link: interp } }, { interp }), 'missing')
})

test('what the kernel cannot take as a loader is unusable', async () => {
  for (const node of [{ directory: true }, { special: true }, 'text', ''] as const) {
    assert.equal(await dialectOf({ [LOADER]: node }), 'unusable')
  }
  assert.equal(await dialectOf({}, { interp: '' }), 'unusable')
  assert.equal(await dialectOf({}, { interp: `/${'a'.repeat(4095)}` }), 'unusable')
})

test('a loader of another machine, class or byte order than the program is unusable', async () => {
  for (const elf of [{ machine: 183 }, { class: 32, machine: 62 }, { endian: 'big', machine: 62 }] as const) {
    assert.equal(await dialectOf({ [LOADER]: loaderFile({ elf }) }), 'unusable')
  }
})

test('a relative interpreter starts at the working directory', async () => {
  const tree = { '/bin/p': program({ interp: 'ld.so', needed: ['gone.so'] }), '/srv/ld.so': loaderFile() }
  const inPlace = await liftFrom(tree, { workingDir: '/srv' })
  assert.deepEqual(inPlace.missing, ['gone.so for /bin/p'])
  assert.deepEqual(complaints(await liftFrom(tree)), ['loader-missing'])
})

test('a program whose loader cannot be used is lifted without libraries and told so', async () => {
  const rows: [Tree, string][] = [
    [{ [LOADER]: { link: '/gone' } }, 'loader-missing'],
    [{ [LOADER]: { directory: true } }, 'loader-unusable'],
    [{ [LOADER]: buildElf() }, 'loader-unknown'],
  ]
  for (const [tree, kind] of rows) {
    const answer = await liftFrom({ '/bin/p': program({ needed: ['liba.so'] }), ...tree })
    assert.deepEqual(answer.found, [])
    assert.deepEqual(complaints(answer), [kind])
  }
})

test('a loader whose compiled-in directories cannot be told searches /lib and /usr/lib', async () => {
  const { tried } = await liftFrom(
    { '/bin/p': program({ needed: ['gone.so'] }) },
    { loader: { lengths: 'absent' } },
  )
  assert.deepEqual(tried['gone.so'], ['default /lib/gone.so absent', 'default /usr/lib/gone.so absent'])
})

test('asking again gives the same answer, and programs of different classes get answers of their own', async () => {
  const files = rootFiles(rootOf({ '/lib/ld-linux.so.2': loaderFile({ elf: { class: 32, machine: 3 } }) }))
  const loaders = loadersOf(files)
  const read = async (options: ElfOptions) => {
    const rootfs = rootOf({ '/p': { elf: options } })
    const entry = await rootfs.lstat('/p')
    assert.equal(entry?.kind, 'file')
    return (await rootFiles(rootfs).read(entry)).elf!
  }
  const [wide, narrow] = [await read({}), await read({ class: 32, machine: 3 })]
  const first = await loaders.loaderFor(LOADER, wide, '/')
  assert.equal(await loaders.loaderFor(LOADER, wide, '/'), first)
  assert.equal('installation' in first, true)
  assert.equal('fault' in (await loaders.loaderFor(LOADER, narrow, '/')), true)
  assert.equal('installation' in (await loaders.loaderFor('/lib/ld-linux.so.2', narrow, '/')), true)
})
