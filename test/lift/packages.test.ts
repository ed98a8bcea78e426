import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIFT_FORMATS } from '../../src/emit/index.js'
import { LiftError } from '../../src/errors.js'
import type { Lift } from '../../src/lift/lift.js'
import { type LiftOptions, lift, liftTree } from '../../src/lift/lift-image.js'
import { dpkgTree, paragraph } from '../support/package-roots.js'
import { rpmDatabaseOf } from '../support/rpm-database.js'
import { debianTree, library, program, smallImage, type Tree } from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'
const DPKG = '/var/lib/dpkg'

/** Two packages that are needed, one that is not, and the one that says which distribution it is. */
const tree: Tree = debianTree({
  ...dpkgTree(
    [
      paragraph('base-files'),
      paragraph('libc6', { 'Multi-Arch': 'same', Version: '2.36-9' }),
      paragraph('unused'),
      paragraph('x'),
    ],
    {
      'base-files': ['/etc', '/etc/os-release', '/etc/debian_version', '/usr/lib/os-release'],
      'libc6:amd64': ['/lib/x86_64-linux-gnu/libc.so.6', '/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'],
      unused: ['/usr/bin/unused'],
      x: ['/usr/bin/x'],
    },
  ),
  '/etc/os-release': { link: '../usr/lib/os-release' },
  '/usr/lib/os-release': 'ID=debian\n',
  '/etc/debian_version': '12.4\n',
  '/usr/bin/unused': program(),
  '/usr/bin/x': program(['libc.so.6', 'libown.so']),
  [`${LIB}/libown.so`]: library('libown.so'),
  '/usr/bin/own': program(),
  '/lone': program([], { interp: '/opt/ld.so' }),
})

const REDUCED: LiftOptions = { packages: 'reduced' }
const liftOf = (binaries: readonly string[], options = REDUCED, more: Tree = {}) =>
  lift(smallImage({ ...tree, ...more }), binaries, options)
const packageOf = ({ entries }: Lift, path: string) => entries.find((entry) => entry.path === path)?.package
const generatedIn = ({ generated = [] }: Pick<Lift, 'generated'>) =>
  generated.map(({ path }) => path as string)
const textIn = ({ generated = [] }: Lift, path: string) =>
  Buffer.from(generated.find((file) => file.path === path)?.bytes ?? []).toString()

test('without the option nothing is said of packages', async () => {
  for (const options of [{}, { packages: 'none' } as const]) {
    const answer = await liftOf(['x'], options)
    assert.deepEqual([answer.packages, answer.generated], [undefined, undefined])
    assert.ok(!LIFT_FORMATS.json.emit(answer, {}).includes('package'))
  }
})

test('in a packed tree the paths that packages list lead to the files', async () => {
  const more = {
    ...dpkgTree([paragraph('x')], { x: ['/bin/x'] }),
    '/usr/bin/x': program(),
  }
  const { tree: made } = await liftTree(smallImage({ ...tree, ...more }), ['/usr/bin/x'], REDUCED)
  const bin = made.find(({ entry }) => entry.path === '/bin')?.entry
  assert.equal(bin?.kind === 'symlink' && bin.target, 'usr/bin')
  const { tree: bare } = await liftTree(smallImage({ ...tree, ...more }), ['/usr/bin/x'])
  assert.equal(
    bare.some(({ entry }) => entry.path === '/bin'),
    false,
  )
})

test('each file that a package has is said to be its, and the packages are counted', async () => {
  const answer = await liftOf(['x'])
  assert.equal(packageOf(answer, '/usr/bin/x'), 'x')
  assert.equal(packageOf(answer, '/lib/x86_64-linux-gnu/libc.so.6'), 'libc6:amd64')
  assert.equal(packageOf(answer, '/lib/x86_64-linux-gnu/libown.so'), undefined)
  assert.deepEqual(answer.packages, [
    { package: 'base-files', name: 'base-files', version: '1.0-1', architecture: 'amd64', files: 3 },
    { package: 'libc6:amd64', name: 'libc6', version: '2.36-9', architecture: 'amd64', files: 2 },
    { package: 'x', name: 'x', version: '1.0-1', architecture: 'amd64', files: 1 },
  ])
})

test('the JSON has the package of each file and the list of packages', async () => {
  const json = JSON.parse(LIFT_FORMATS.json.emit(await liftOf(['x']), {}))
  const program = json.files.find(({ path }: { path: string }) => path === '/usr/bin/x')
  assert.equal(program.package, 'x')
  assert.deepEqual(json.packages[1], {
    package: 'libc6:amd64',
    name: 'libc6',
    version: '2.36-9',
    architecture: 'amd64',
    files: 2,
  })
})

test('the new root gets the database of these packages and what says which distribution they are of', async () => {
  const answer = await liftOf(['x'])
  assert.deepEqual(generatedIn(answer), [
    `${DPKG}/status`,
    `${DPKG}/info/format`,
    `${DPKG}/info/base-files.list`,
    `${DPKG}/info/libc6:amd64.list`,
    `${DPKG}/info/x.list`,
  ])
  assert.doesNotMatch(textIn(answer, `${DPKG}/status`), /unused/)
  const release = answer.copies.filter(({ role }) => role === 'data').map(({ to }) => to as string)
  assert.deepEqual(release, ['/etc/debian_version', '/etc/os-release', '/usr/lib/os-release'])
})

test('files of which none is from a package bring no database along', async () => {
  const answer = await liftOf(['/usr/bin/own'], REDUCED, {
    [`${DPKG}/info/libc6:amd64.list`]: '/nowhere\n',
  })
  assert.deepEqual([answer.packages, answer.generated], [[], []])
  assert.ok(!answer.copies.some(({ to }) => to.includes('release')))
})

test('packages of files in a whole directory count', async () => {
  const more = { '/usr/share/data/deep/a': 'x', [`${DPKG}/info/unused.list`]: '/usr/share/data/deep/a\n' }
  const answer = await liftOf(['x'], { ...REDUCED, include: ['/usr/share/data'] }, more)
  assert.ok(answer.packages?.some(({ package: label, files }) => label === 'unused' && files === 1))
  assert.equal(textIn(answer, `${DPKG}/info/unused.list`), '/usr/share/data/deep/a\n')
})

test('a database that the user includes stays as it is', async () => {
  const whole = await liftOf(['x'], { ...REDUCED, include: [DPKG] })
  assert.deepEqual(generatedIn(whole), [])
  const status = await liftOf(['x'], { ...REDUCED, include: [`${DPKG}/status`] })
  assert.ok(!generatedIn(status).includes(`${DPKG}/status`))
  assert.ok(generatedIn(status).includes(`${DPKG}/info/x.list`))
})

test('the tree of an image has the generated files, in directories as the image has them', async () => {
  const { tree: entries, ...answer } = await liftTree(
    smallImage({ ...tree, [DPKG]: { directory: true, mode: 0o750, uid: 7, gid: 8 } }),
    ['x'],
    REDUCED,
  )
  const at = (path: string) => entries.find(({ entry }) => entry.path === path)
  const status = at(`${DPKG}/status`)
  assert.deepEqual(status?.bytes, answer.generated?.[0]?.bytes)
  assert.equal(status?.entry.kind === 'file' && status.entry.size, status?.bytes?.length)
  const { mode, uid, gid } = at(DPKG)!.entry
  assert.deepEqual([mode, uid, gid], [0o750, 7, 8])
  const paths = entries.map(({ entry }) => entry.path)
  assert.deepEqual(paths, [...paths].sort())
  assert.ok(paths.includes('/etc/os-release') && paths.includes('/usr/lib/os-release'))
})

test('a database that is not read is a warning, and the answer stays', async () => {
  const answer = await lift(
    smallImage(debianTree({ '/usr/bin/x': program(), '/var/lib/rpm/Packages': 'x' })),
    ['x'],
    REDUCED,
  )
  assert.deepEqual(
    answer.findings.map(({ kind }) => kind),
    ['packages-unreadable'],
  )
  assert.deepEqual([answer.packages, answer.generated], [[], []])
})

test('a database that can only be read gives the packages, and a warning that scanners will not see them', async () => {
  const database = rpmDatabaseOf([{ name: 'x', files: ['/usr/bin/x'] }])
  const files = debianTree({ '/usr/bin/x': program(), '/var/lib/rpm/rpmdb.sqlite': database })
  const answer = await lift(smallImage(files), ['x'], REDUCED)
  assert.deepEqual(
    answer.packages?.map(({ name }) => name),
    ['x'],
  )
  assert.deepEqual(answer.generated, [])
  assert.deepEqual(
    answer.findings.map(({ kind }) => kind),
    ['packages-not-carried'],
  )
})

test('an image without a database has no packages, which is no fault', async () => {
  const answer = await lift(smallImage(debianTree({ '/usr/bin/x': program() })), ['x'], REDUCED)
  assert.deepEqual([answer.packages, answer.generated, answer.findings], [[], [], []])
})

test('an engine that fails while packages are looked up gives no answer', async () => {
  const image = smallImage(tree)
  const rootfs = {
    ...image.rootfs,
    list: async () => {
      throw new LiftError('engine-failed', 'it is gone')
    },
  }
  await assert.rejects(lift({ ...image, rootfs }, ['x'], REDUCED), { code: 'engine-failed' })
})

test('a Dockerfile writes the database after the files', async () => {
  const text = LIFT_FORMATS.dockerfile.emit(await liftOf(['x']), {})
  const lines = text.split('\n')
  const status = lines.indexOf('COPY <<"EOF" /var/lib/dpkg/status')
  assert.ok(status > lines.findIndex((line) => line.includes('/usr/bin/x') && line.startsWith('COPY')))
  assert.equal(
    lines[status - 2],
    '# what scanners read, reduced to the 3 packages that these files are from; here-documents take Docker 23 or later,',
  )
  assert.ok(lines.indexOf('ENTRYPOINT ["/usr/bin/x"]') > status)
})
