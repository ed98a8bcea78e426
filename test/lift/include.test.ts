import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiftError } from '../../src/errors.js'
import { findIncluded, includedEntries } from '../../src/lift/include.js'
import { lift } from '../../src/lift/lift-image.js'
import { rootFiles } from '../../src/loader/files.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf } from '../support/elf-builder.js'
import { debianTree, ldSoCache, library, program, smallImage, type Tree } from '../support/small-image.js'

const tree: Tree = {
  '/etc/a.conf': 'a',
  '/etc/b.conf': 'b',
  '/etc/.hidden.conf': 'h',
  '/etc/x[1].conf': 'x',
  '/etc/real*': 'star',
  '/etc/device': { special: true },
  '/conf': { link: 'etc' },
  '/data/one': '1',
  '/data/deep/two': '2',
  '/data/link': { link: 'one' },
}

async function found(pattern: string): Promise<string[]> {
  return (await findIncluded(rootFiles(memoryRootFs(tree)), pattern)).map(({ path }) => path)
}

test('a path is itself, and a pattern the names that fit its last component', async () => {
  assert.deepEqual(await found('/etc/a.conf'), ['/etc/a.conf'])
  assert.deepEqual(await found('etc//./a.conf'), ['/etc/a.conf'])
  assert.deepEqual(await found('/etc/?.conf'), ['/etc/a.conf', '/etc/b.conf'])
  assert.deepEqual(await found('/etc/*.conf'), ['/etc/a.conf', '/etc/b.conf', '/etc/x[1].conf'])
})

test('a pattern shows hidden files only when it begins with a dot', async () => {
  assert.deepEqual(await found('/etc/.*.conf'), ['/etc/.hidden.conf'])
})

test('all characters but `*` and `?` stand for themselves', async () => {
  assert.deepEqual(await found('/etc/x[1].c*'), ['/etc/x[1].conf'])
})

test('a name that exists is no pattern', async () => {
  assert.deepEqual(await found('/etc/real*'), ['/etc/real*'])
})

test('a pattern keeps the links in front of it', async () => {
  assert.deepEqual(await found('/conf/a*'), ['/conf/a.conf'])
})

test('a pattern may stand in any part of a path, and links are kept in front of it and behind', async () => {
  assert.deepEqual(await found('/d*/deep/t?o'), ['/data/deep/two'])
  assert.deepEqual(await found('/*/one'), ['/data/one'])
  assert.deepEqual(await found('/con*/a.conf'), ['/conf/a.conf'])
  assert.deepEqual(await found('/data/*k'), ['/data/link'])
  assert.deepEqual(await found('/*/*.conf'), [
    ...['/conf/a.conf', '/conf/b.conf', '/conf/x[1].conf'],
    ...['/etc/a.conf', '/etc/b.conf', '/etc/x[1].conf'],
  ])
})

test('a star is any number of characters, and several stars share them', async () => {
  assert.deepEqual(await found('/etc/*a*.*c*f'), ['/etc/a.conf'])
  assert.deepEqual(await found('/etc/a.conf**'), ['/etc/a.conf'])
  assert.deepEqual(await found('/etc/*?a.conf*').catch(() => []), [])
})

test('a name that is not there is answered with the names near it, directories among them', async () => {
  const hint = (pattern: string) => found(pattern).then(String, (error: LiftError) => error.hint)
  assert.equal(await hint('/etc/real'), 'Did you mean /etc/real*?')
  assert.equal(await hint('/daat'), 'Did you mean /data?')
  assert.equal(await hint('/daat/deep/two'), 'Did you mean /data/deep/two?')
  assert.equal(await hint('/daat/shallow'), 'Did you mean /data?')
  assert.equal(await hint('/daat/*'), 'Did you mean /data?')
  assert.equal(await hint('/nothing-like-it'), undefined)
})

test('what is not there, or is neither file nor directory, is refused', async () => {
  for (const pattern of ['/etc/none', '/etc/none*', '/none/*', '/etc/device', '/etc/a.conf/*']) {
    await assert.rejects(
      found(pattern),
      (error) => error instanceof LiftError && error.code === 'file-not-found',
    )
  }
})

test('what comes with a directory lies below the path it is named by, links not followed', async () => {
  const files = rootFiles(memoryRootFs({ ...tree, '/alias': { link: 'data' } }))
  const [directory] = await findIncluded(files, '/alias')
  const places: string[] = []
  for await (const { at, entry } of includedEntries(files, directory!)) places.push(`${entry.kind} ${at}`)
  assert.deepEqual(places.sort(), [
    'directory /alias/deep',
    'file /alias/deep/two',
    'file /alias/one',
    'symlink /alias/link',
  ])
})

const plugins = debianTree({
  '/usr/bin/x': program(['libc.so.6']),
  '/opt/plugins/p.so': library('p.so', ['libdeep.so', 'libgone.so']),
  '/opt/plugins/readme': 'text',
  '/opt/plugins/cut.so': library('cut.so').slice(0, 100),
  '/opt/plugins/object.o': buildElf({ type: 'rel' }),
  '/opt/plugins/bsd': program([], { osabi: 9 }),
  '/srv/deep/libdeep.so': library('libdeep.so'),
  '/etc/ld.so.cache': ldSoCache([{ name: 'libdeep.so', path: '/srv/deep/libdeep.so' }]),
})

const liftWith = (...include: string[]) => lift(smallImage(plugins), ['x'], { include })

test('an included directory is copied whole, with the closures of what is ELF in it', async () => {
  const { copies, missing, findings } = await liftWith('/opt/plugins')
  const copy = copies.find(({ kind }) => kind === 'directory')
  assert.deepEqual([copy?.from, copy?.to, copy?.role], ['/opt/plugins', '/opt/plugins', 'data'])
  assert.ok(copies.some(({ to }) => to === '/srv/deep/libdeep.so'))
  assert.deepEqual(
    missing.map(({ name, neededBy }) => [name, neededBy]),
    [['libgone.so', '/opt/plugins/p.so']],
  )
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ['library-missing', 'cache-carried'],
  )
})

test('the cache is carried for a library that only something included needs', async () => {
  assert.ok((await liftWith('/opt/plugins/p.so')).copies.some(({ to }) => to === '/etc/ld.so.cache'))
  assert.ok(!(await liftWith()).copies.some(({ to }) => to === '/etc/ld.so.cache'))
})

test('a broken ELF file is told when it is named, and is data in a directory', async () => {
  const kinds = async (path: string) => (await liftWith(path)).findings.map(({ kind }) => kind)
  assert.deepEqual(await kinds('/opt/plugins/cut.so'), ['malformed-elf'])
  assert.ok(!(await kinds('/opt/plugins')).includes('malformed-elf'))
  assert.deepEqual(await kinds('/opt/plugins/readme'), [])
})

test('an included file keeps the path it is named by', async () => {
  const linked = debianTree({
    '/usr/bin/x': program(),
    '/etc/conf': { link: '/srv/conf.1' },
    '/srv/conf.1': 'c',
  })
  const { entries, copies } = await lift(smallImage(linked), ['x'], { include: ['/etc/conf'] })
  const entry = entries.find(({ role }) => role === 'data')
  assert.deepEqual([entry?.path, entry?.realPath], ['/etc/conf', '/srv/conf.1'])
  assert.deepEqual(entry?.why, [{ neededBy: '', name: '/etc/conf', rule: 'include' }])
  assert.ok(copies.some(({ to, realPath }) => to === '/etc/conf' && realPath === '/srv/conf.1'))
})

test('what is included is resolved again in the lifted tree, with the links of its directory', async () => {
  const own = { '/usr/bin/x': program(), '/app/bin/p': program(['liba.so.1'], { runpath: '$ORIGIN/../lib' }) }
  const linked = debianTree({
    ...own,
    '/app/lib/liba.so.1': { link: 'liba.so.1.2' },
    '/app/lib/liba.so.1.2': library('liba.so.1'),
    '/usr/bin/p': { link: '../../app/bin/p' },
  })
  const faults = async (include: string) =>
    (await lift(smallImage(linked), ['x'], { include: [include] })).findings.map(({ kind }) => kind)
  assert.deepEqual(await faults('/app'), [])
  assert.deepEqual(await faults('/app/bin/p'), [])
  assert.deepEqual(await faults('/usr/bin/p'), ['lift-differs'])
})
