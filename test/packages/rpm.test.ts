import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packageDatabase } from '../../src/packages/database.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { labels, opened, owned } from '../support/package-roots.js'
import { type RpmPackage, rpmDatabaseOf } from '../support/rpm-database.js'

const PLACE = '/usr/lib/sysimage/rpm/rpmdb.sqlite'
const tree = (packages: readonly RpmPackage[], pageSize?: number) => ({
  [PLACE]: rpmDatabaseOf(packages, pageSize),
})

test('the package that lists a file has it, with epoch, version, release and architecture', async () => {
  const bash = {
    name: 'bash',
    version: '5.2',
    release: '1.fc40',
    architecture: 'x86_64',
    files: ['/usr/bin/bash'],
  }
  const files = {
    ...tree([{ name: 'other' }, bash, { ...bash, name: 'ed', epoch: 2, files: ['/usr/bin/ed'] }]),
  }
  const found = await owned(await opened({ ...files, '/usr/bin/bash': 'x', '/usr/bin/ed': 'x' }), [
    '/usr/bin/bash',
    '/usr/bin/ed',
  ])
  assert.deepEqual(found, [
    {
      package: { name: 'bash', version: '5.2-1.fc40', architecture: 'x86_64', label: 'bash' },
      listed: '/usr/bin/bash',
    },
    {
      package: { name: 'ed', version: '2:5.2-1.fc40', architecture: 'x86_64', label: 'ed' },
      listed: '/usr/bin/ed',
    },
  ])
})

test('packages of one name are told apart as rpm prints them', async () => {
  const glibc = { name: 'glibc', version: '2.39', release: '2' }
  const files = tree([
    { ...glibc, architecture: 'x86_64', files: ['/lib64/libc.so.6'] },
    { ...glibc, architecture: 'i686', files: ['/lib/libc.so.6'] },
  ])
  const found = await labels(
    { ...files, '/lib64/libc.so.6': 'x', '/lib/libc.so.6': 'y' },
    '/lib64/libc.so.6',
    '/lib/libc.so.6',
  )
  assert.deepEqual(found, ['glibc-2.39-2.x86_64', 'glibc-2.39-2.i686'])
})

test('a link is not that of a package that has a directory in its place', async () => {
  const files = tree([
    { name: 'one', files: ['/lib'], modes: [0o040755] },
    { name: 'two', files: ['/lib'], modes: [0o120777] },
  ])
  assert.deepEqual(await labels({ ...files, '/lib': { link: 'usr/lib' } }, '/lib'), ['two'])
})

test('a package does not have what it was installed without', async () => {
  const files = tree([
    { name: 'left', files: ['/opt/x'], states: [2] },
    { name: 'there', files: ['/opt/x'], states: [0] },
  ])
  assert.deepEqual(await labels({ ...files, '/opt/x': 'x' }, '/opt/x'), ['there'])
})

for (const pageSize of [512, 4096, 65_536]) {
  test(`rows that are spread over pages of ${pageSize} bytes are read whole`, async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `/opt/some/directory/file-${index}`)
    const files = tree(
      [
        { name: 'small', files: ['/opt/x'] },
        { name: 'large', files: names },
      ],
      pageSize,
    )
    const content = { '/opt/x': 'x', '/opt/some/directory/file-2999': 'x' }
    assert.deepEqual(await labels({ ...files, ...content }, ...Object.keys(content)), ['small', 'large'])
  })
}

test('rows of every length near the end of a page are read whole', async () => {
  const pad = (length: number) => ({
    name: `n${length}`,
    version: 'v'.repeat(length),
    files: [`/opt/${length}`],
  })
  const lengths = Array.from({ length: 1200 }, (_, index) => index + 1)
  for (let start = 0; start < lengths.length; start += 60) {
    const part = lengths.slice(start, start + 60)
    const content = Object.fromEntries(part.map((length) => [`/opt/${length}`, 'x']))
    const found = await labels({ ...tree(part.map(pad)), ...content }, ...Object.keys(content))
    assert.deepEqual(
      found,
      part.map((length) => `n${length}`),
    )
  }
})

test('the older place of the database is known, and a link to it', async () => {
  const database = rpmDatabaseOf([{ name: 'x', files: ['/opt/x'] }])
  assert.deepEqual(await labels({ '/var/lib/rpm/rpmdb.sqlite': database, '/opt/x': 'x' }, '/opt/x'), ['x'])
  const linked = {
    '/var/lib/rpm': { link: '../../usr/share/rpm' },
    '/usr/share/rpm/rpmdb.sqlite': database,
    '/opt/x': 'x',
  }
  assert.deepEqual(await labels(linked, '/opt/x'), ['x'])
})

for (const [name, form] of [
  ['Packages', 'Berkeley DB'],
  ['Packages.db', 'ndb'],
] as const) {
  test(`a database in the form of ${form} is not read, which is said`, async () => {
    await assert.rejects(packageDatabase(memoryRootFs({ [`/var/lib/rpm/${name}`]: 'x' })), {
      code: 'unsupported',
      message: new RegExp(`/var/lib/rpm/${name} .*${form}`),
    })
  })
}

test('changes that are not written back yet are not passed over in silence', async () => {
  const database = rpmDatabaseOf([{ name: 'x', files: ['/opt/x'] }])
  const at = (log: string) => memoryRootFs({ [PLACE]: database, [`${PLACE}-wal`]: log })
  await assert.rejects(packageDatabase(at('x')), { code: 'unsupported', message: /not in it yet/ })
  assert.equal((await packageDatabase(at('')))?.kind, 'rpm')
})

test('a database without packages is none', async () => {
  assert.equal(await packageDatabase(memoryRootFs({ [PLACE]: rpmDatabaseOf([]) })), undefined)
})

test('a database larger than any real one is refused', async () => {
  const huge = { size: 1 << 29, read: async () => assert.fail('it is read') }
  await assert.rejects(packageDatabase(memoryRootFs({ [PLACE]: { file: huge } })), { code: 'limit' })
})

test('a database whose pages go round in a circle is refused', async () => {
  const database = rpmDatabaseOf([{ name: 'a' }, { name: 'b' }])
  database.writeUInt32BE(2, 512 + 8)
  await assert.rejects(packageDatabase(memoryRootFs({ [PLACE]: database })), { code: 'unsupported' })
})

test('a table of tables that contains itself is refused', async () => {
  const database = rpmDatabaseOf([{ name: 'a' }])
  // Page 1 as an inner page without cells, whose last child is page 1.
  database[100] = 5
  database.writeUInt16BE(0, 103)
  database.writeUInt32BE(1, 108)
  await assert.rejects(packageDatabase(memoryRootFs({ [PLACE]: database })), { code: 'unsupported' })
})

test('rows that lie over each other are refused', async () => {
  const database = rpmDatabaseOf([{ name: 'long', files: ['/opt/x'] }, { name: 'b' }], 65_536)
  const end = 60_000
  const page = [1, 2, 3].map((index) => index * 65_536).find((start) => database[start] === 13)!
  const cell = page + database.readUInt16BE(page + 8)
  database.copy(database, page + end, cell, cell + 1000)
  database.writeUInt16BE(20_000, page + 3)
  for (let index = 0; index < 20_000; index++) database.writeUInt16BE(end, page + 8 + 2 * index)
  await assert.rejects(packageDatabase(memoryRootFs({ [PLACE]: database })), {
    code: 'unsupported',
    message: /over each other/,
  })
})

test('every byte of a database may be another: it is read or refused', async () => {
  const sound = rpmDatabaseOf([
    { name: 'a', files: ['/opt/a'] },
    { name: 'b', files: Array.from({ length: 40 }, (_, index) => `/opt/long/name/${index}`) },
  ])
  for (let at = 0; at < sound.length; at++) {
    for (const byte of [0, 0xff]) {
      const database = Buffer.from(sound)
      database[at] = byte
      await readOrRefused({ [PLACE]: database, '/opt/a': 'x', '/opt/long/name/7': 'x' })
    }
  }
})

async function readOrRefused(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  try {
    const rootfs = memoryRootFs(files)
    const database = await packageDatabase(rootfs)
    await database?.owners([(await rootfs.lstat('/opt/a'))!, (await rootfs.lstat('/opt/long/name/7'))!])
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'unsupported', String(error))
  }
}
