import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildElf } from '../support/elf-builder.js'
import { liftFromMusl, MUSL, muslLoaderFile, muslProgram } from '../support/musl-root.js'

const library = { elf: {} }

test('the directories searched last are /lib, /usr/local/lib and /usr/lib in this order', async () => {
  const { found, tried } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so', 'libb.so', 'libx.so'] }),
    '/lib/liba.so': library,
    '/usr/local/lib/liba.so': library,
    '/usr/local/lib/libb.so': library,
    '/usr/lib/libb.so': library,
  })
  assert.deepEqual(found, ['/lib/liba.so', '/usr/local/lib/libb.so'])
  assert.deepEqual(tried['libx.so'], [
    'default /lib/libx.so absent',
    'default /usr/local/lib/libx.so absent',
    'default /usr/lib/libx.so absent',
  ])
})

test('directories and the cache of glibc are not looked at', async () => {
  const { missing, tried } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so'] }),
    '/lib/x86_64-linux-gnu/liba.so': library,
    '/lib64/liba.so': library,
    '/usr/lib64/liba.so': library,
    '/etc/ld.so.conf': '/lib/x86_64-linux-gnu\n',
    '/etc/ld.so.cache': 'glibc-ld.so.cache1.1',
    '/etc/ld.so.preload': '/lib64/liba.so\n',
  })
  assert.deepEqual(missing, ['liba.so for /bin/p'])
  assert.equal(tried['liba.so']?.length, 3)
})

test("the C library's own names are the loader, whatever file has such a name", async () => {
  const names = ['libc.so', 'libc.so.6', 'libc.musl-x86_64.so.1', 'libpthread.so.0', 'librt.so.1']
  const needed = [...names, 'libm.so.6', 'libdl.so.2', 'libutil.so.1', 'libxnet.so.1', MUSL]
  const { found, reasons } = await liftFromMusl({
    '/bin/p': muslProgram({ needed, runpath: '/lib' }),
    '/lib/libc.so.6': library,
    '/lib/libm.so.6': library,
    '/lib/libc.musl-x86_64.so.1': { link: 'ld-musl-x86_64.so.1' },
  })
  assert.deepEqual(found, [])
  assert.deepEqual(reasons, {
    '/bin/p': ['/bin/p by asked'],
    [MUSL]: [`${MUSL} by builtin`, `${MUSL} by interpreter`, ...names, 'libm.so.6', 'libdl.so.2']
      .map((name) => (name.includes(' ') ? name : `${name} by builtin`))
      .concat('libutil.so.1 by builtin', 'libxnet.so.1 by builtin')
      .sort(),
  })
})

test("names that only resemble the C library's are searched", async () => {
  const needed = ['libcrypt.so.1', 'libresolv.so.2', 'libc', 'libmd.so.0', 'ld-linux-x86-64.so.2']
  const { missing } = await liftFromMusl({ '/bin/p': muslProgram({ needed }) })
  assert.deepEqual(
    missing,
    needed.map((name) => `${name} for /bin/p`),
  )
})

test('a loader that is a link is listed once at its name, with the link and the file', async () => {
  const { lift, found } = await liftFromMusl({
    [MUSL]: { link: 'x86_64-linux-musl/libc.so' },
    '/lib/x86_64-linux-musl/libc.so': muslLoaderFile(),
    '/bin/p': muslProgram({ needed: ['libc.so', 'libc.musl-x86_64.so.1'] }),
  })
  assert.deepEqual(found, [])
  assert.deepEqual(
    lift.entries.map(({ role, path, realPath }) => [role, path, realPath]),
    [
      ['program', '/bin/p', '/bin/p'],
      ['loader', MUSL, '/lib/x86_64-linux-musl/libc.so'],
      ['symlink', MUSL, MUSL],
    ],
  )
})

test('LD_LIBRARY_PATH of the image comes before RPATH and RUNPATH', async () => {
  for (const list of [{ rpath: '/r' }, { runpath: '/r' }]) {
    const tree = {
      '/bin/p': muslProgram({ needed: ['liba.so'], ...list }),
      '/r/liba.so': library,
      '/env/liba.so': library,
      '/lib/liba.so': library,
    }
    assert.deepEqual((await liftFromMusl(tree, { env: ['LD_LIBRARY_PATH=/none:/env'] })).found, [
      '/env/liba.so',
    ])
    assert.deepEqual((await liftFromMusl(tree)).found, ['/r/liba.so'])
  }
})

test("LD_LIBRARY_PATH of the host has no part in an image's answer", async (t) => {
  t.after(() => delete process.env.LD_LIBRARY_PATH)
  process.env.LD_LIBRARY_PATH = '/env'
  const tree = { '/bin/p': muslProgram({ needed: ['liba.so'] }), '/env/liba.so': library }
  assert.deepEqual((await liftFromMusl(tree)).missing, ['liba.so for /bin/p'])
})

test('RPATH and RUNPATH mean the same and are inherited', async () => {
  for (const list of [{ rpath: '/r' }, { runpath: '/r' }]) {
    const { found } = await liftFromMusl({
      '/bin/p': muslProgram({ needed: ['liba.so'], ...list }),
      '/r/liba.so': { elf: { needed: ['libb.so'] } },
      '/r/libb.so': { elf: { needed: ['libc2.so'] } },
      '/r/libc2.so': library,
    })
    assert.deepEqual(found, ['/r/liba.so', '/r/libb.so', '/r/libc2.so'])
  }
})

test('a RUNPATH between does not shield from the lists above it', async () => {
  const { found } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so'], rpath: '/r' }),
    '/r/liba.so': { elf: { needed: ['libb.so', 'libc2.so'], runpath: '/own' } },
    '/own/libb.so': library,
    '/r/libb.so': library,
    '/r/libc2.so': library,
  })
  assert.deepEqual(found, ['/r/liba.so', '/own/libb.so', '/r/libc2.so'])
})

test('of RPATH and RUNPATH in one object RUNPATH counts', async () => {
  const { found } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so'], rpath: '/r', runpath: '/u' }),
    '/r/liba.so': library,
    '/u/liba.so': library,
  })
  assert.deepEqual(found, ['/u/liba.so'])
})

test('the list of whoever loaded an object first is inherited, not that of others who need it', async () => {
  const { missing } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so', 'libb.so'] }),
    '/lib/liba.so': { elf: { needed: ['libx.so'] } },
    '/lib/libb.so': { elf: { needed: ['libx.so'], rpath: '/b' } },
    '/lib/libx.so': { elf: { needed: ['liby.so'] } },
    '/b/liby.so': library,
  })
  assert.deepEqual(missing, ['liby.so for /lib/libx.so'])
})

test('colons and line ends separate lists, and empty elements are skipped', async () => {
  const { found, tried } = await liftFromMusl(
    {
      '/bin/p': muslProgram({ needed: ['liba.so', 'libb.so', 'libx.so'], rpath: ':/r\n/s::' }),
      '/r/liba.so': library,
      '/s/libb.so': library,
      '/libx.so': library,
    },
    { env: ['LD_LIBRARY_PATH=::'] },
  )
  assert.deepEqual(found, ['/r/liba.so', '/s/libb.so'])
  assert.deepEqual(tried['libx.so']?.slice(0, 2), ['rpath /r/libx.so absent', 'rpath /s/libx.so absent'])
})

test('a semicolon separates nothing', async () => {
  const { tried } = await liftFromMusl(
    { '/bin/p': muslProgram({ needed: ['liba.so'] }), '/b/liba.so': library },
    { env: ['LD_LIBRARY_PATH=/a;/b'] },
  )
  assert.equal(tried['liba.so']?.[0], 'ld-library-path /a;/b/liba.so absent')
})

test('$ORIGIN of the program is where its file really lies', async () => {
  const { found } = await liftFromMusl({
    '/bin/p': { link: '../opt/app/bin/p' },
    '/opt/app/bin/p': muslProgram({ needed: ['liba.so'], runpath: '$ORIGIN/../lib' }),
    '/opt/app/lib/liba.so': library,
    '/lib/liba.so': library,
  })
  assert.deepEqual(found, ['/opt/app/bin/../lib/liba.so'])
})

test('$ORIGIN of a library is the directory it was opened in, links unresolved', async () => {
  const { found, missing } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so'], rpath: '/links' }),
    '/links/liba.so': { link: '/real/liba.so' },
    '/real/liba.so': { elf: { needed: ['libb.so', 'libc2.so'], runpath: '$ORIGIN/sub' } },
    '/links/sub/libb.so': library,
    '/real/sub/libc2.so': library,
  })
  assert.deepEqual(found, ['/links/liba.so', '/links/sub/libb.so'])
  assert.deepEqual(missing, ['libc2.so for /links/liba.so'])
})

test('a braced $ORIGIN is the same, and text may follow without a slash', async () => {
  const { found } = await liftFromMusl(
    {
      '/opt/p': muslProgram({ needed: ['liba.so', 'libb.so'], rpath: `\${ORIGIN}/x:$ORIGIN2` }),
      '/opt/x/liba.so': library,
      '/opt2/libb.so': library,
    },
    { program: '/opt/p' },
  )
  assert.deepEqual(found, ['/opt/x/liba.so', '/opt2/libb.so'])
})

test('any other $ makes the whole list void', async () => {
  for (const foreign of ['/r:$LIB', `/r:\${PLATFORM}/x`, '$ORIGIN:/r:$', '/r:a$$ORIGIN']) {
    const { missing, tried } = await liftFromMusl({
      '/bin/p': muslProgram({ needed: ['liba.so'], rpath: foreign }),
      '/r/liba.so': library,
    })
    assert.deepEqual(missing, ['liba.so for /bin/p'], foreign)
    assert.equal(tried['liba.so']?.length, 3, foreign)
  }
})

test('tokens in LD_LIBRARY_PATH and in names are plain text', async () => {
  const { missing, tried } = await liftFromMusl(
    {
      '/bin/p': muslProgram({ needed: ['$ORIGIN/liba.so', 'libb.so'] }),
      '/bin/liba.so': library,
      '/bin/libb.so': library,
    },
    { env: ['LD_LIBRARY_PATH=$ORIGIN'] },
  )
  assert.deepEqual(missing, ['$ORIGIN/liba.so for /bin/p', 'libb.so for /bin/p'])
  assert.equal(tried['libb.so']?.[0], 'ld-library-path $ORIGIN/libb.so absent')
})

test('a file for another machine ends the search and is what blocks', async () => {
  const foreign = { 'other machine': { machine: 183 }, 'other class': { class: 32, machine: 3 } } as const
  for (const [outcome, elf] of Object.entries(foreign)) {
    const { found, tried, findings } = await liftFromMusl({
      '/bin/p': muslProgram({ needed: ['liba.so'], rpath: '/r' }),
      '/r/liba.so': { elf },
      '/lib/liba.so': library,
    })
    assert.deepEqual(found, [])
    assert.deepEqual(tried['liba.so'], [`rpath /r/liba.so ${outcome}`])
    assert.equal(findings[0]?.kind, 'library-blocked')
  }
})

test('a file that cannot be mapped ends the search', async () => {
  const unusable = {
    'not elf': 'INPUT(-la)'.padEnd(100),
    'too short': '',
    directory: { directory: true },
    'special file': { special: true },
    'not loadable': { elf: { dynamic: false } },
  } as const
  for (const [outcome, node] of Object.entries(unusable)) {
    const { tried } = await liftFromMusl({
      '/bin/p': muslProgram({ needed: ['liba.so'], rpath: '/r' }),
      '/r/liba.so': node,
      '/lib/liba.so': library,
    })
    assert.deepEqual(tried['liba.so'], [`rpath /r/liba.so ${outcome}`])
  }
})

test('a loop of links ends the search of all lists', async () => {
  const { tried } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so'], rpath: '/none:/r' }),
    '/r/liba.so': { link: 'liba.so' },
    '/lib/liba.so': library,
  })
  assert.deepEqual(tried['liba.so'], ['rpath /none/liba.so absent', 'rpath /r/liba.so link loop'])
})

test('a dangling link, a file for a directory and a directory that is absent are passed over', async () => {
  const { found } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so'], rpath: '/none:/file:/r' }),
    '/file': 'text',
    '/r/liba.so': { link: 'nowhere' },
    '/lib/liba.so': library,
  })
  assert.deepEqual(found, ['/lib/liba.so'])
})

test('a soname is no name: the same library under another name is searched again', async () => {
  const { found, missing } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so', 'libz.so.9'] }),
    '/lib/liba.so': { elf: { soname: 'libz.so.9' } },
  })
  assert.deepEqual(found, ['/lib/liba.so'])
  assert.deepEqual(missing, ['libz.so.9 for /bin/p'])
})

test('a name that was found once is found for everybody', async () => {
  const { found } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so', 'libb.so'] }),
    '/lib/liba.so': { elf: { needed: ['libx.so'], rpath: '/a' } },
    '/lib/libb.so': { elf: { needed: ['libx.so'], rpath: '/b' } },
    '/a/libx.so': library,
    '/b/libx.so': library,
  })
  assert.deepEqual(found, ['/lib/liba.so', '/lib/libb.so', '/a/libx.so'])
})

test('an object opened by a path answers to no name until a search finds the same file', async () => {
  const { found, missing } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['/opt/liba.so', 'liba.so', 'libb.so'] }),
    '/opt/liba.so': library,
    '/lib/libb.so': { elf: { needed: ['liba.so'], rpath: '/opt' } },
  })
  assert.deepEqual(found, ['/opt/liba.so', '/lib/libb.so'])
  assert.deepEqual(missing, ['liba.so for /bin/p'])
  const later = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['/opt/liba.so', 'libb.so', 'libc2.so'] }),
    '/opt/liba.so': library,
    '/lib/libb.so': { elf: { needed: ['liba.so'], rpath: '/opt' } },
    '/lib/libc2.so': { elf: { needed: ['liba.so'] } },
  })
  assert.deepEqual(later.missing, [])
})

test('two names of one file are one object, and both names are kept', async () => {
  const { found, lift } = await liftFromMusl({
    '/bin/p': muslProgram({ needed: ['liba.so', 'libb.so', 'libh.so'] }),
    '/lib/liba.so': { elf: {}, identity: 'one' },
    '/lib/libb.so': { link: 'liba.so' },
    '/lib/libh.so': { elf: {}, identity: 'one' },
  })
  assert.deepEqual(found, ['/lib/liba.so'])
  const opened = lift.entries.filter(({ role }) => role === 'library').map(({ path }) => path)
  assert.deepEqual(opened, ['/lib/liba.so', '/lib/libb.so', '/lib/libh.so'])
})

test('a second C library is dropped and the loader serves in its place', async () => {
  for (const defines of [{ hashStyle: 'gnu' as const }, { hashStyle: 'sysv' as const }]) {
    const { found, missing, reasons, findings } = await liftFromMusl({
      '/bin/p': muslProgram({ needed: ['/gnu/libc.so.6', 'liba.so'] }),
      '/gnu/libc.so.6': { elf: { ...defines, defines: ['stdin', '__libc_start_main'], needed: ['libg.so'] } },
      '/lib/liba.so': library,
    })
    assert.deepEqual([found, missing], [['/lib/liba.so'], []])
    assert.deepEqual(reasons['/gnu/libc.so.6'], ['/gnu/libc.so.6 by path'])
    assert.deepEqual(findings, [])
  }
})

test("the loader's own file opened by a path is the loader", async () => {
  const { found, reasons, findings } = await liftFromMusl({
    [MUSL]: { link: 'musl/libc.so' },
    '/lib/musl/libc.so': muslLoaderFile(),
    '/bin/p': muslProgram({ needed: ['libc.so', '/lib/musl/libc.so'] }),
  })
  assert.deepEqual([found, findings], [[], []])
  assert.deepEqual(reasons['/lib/musl/libc.so'], ['/lib/musl/libc.so by path'])
})

test('a library with only one of the two marks of a C library is an ordinary one', async () => {
  for (const name of ['stdin', '__libc_start_main']) {
    const { found } = await liftFromMusl({
      '/bin/p': muslProgram({ needed: ['liba.so'] }),
      '/lib/liba.so': { elf: { defines: [name, 'other'] } },
    })
    assert.deepEqual(found, ['/lib/liba.so'])
  }
})

test('filters and auxiliaries have no effect', async () => {
  const { found, missing } = await liftFromMusl({
    '/bin/p': muslProgram({
      dependencies: [
        { kind: 'filter', name: 'libf.so' },
        { kind: 'auxiliary', name: 'liba.so' },
      ],
      audit: 'libu.so',
    }),
    '/lib/liba.so': library,
    '/lib/libu.so': library,
  })
  assert.deepEqual([found, missing], [[], []])
})

test('LD_PRELOAD comes first, split at blanks and colons, searched without the lists of the program', async () => {
  const { found, findings } = await liftFromMusl(
    {
      '/bin/p': muslProgram({ needed: ['liba.so'], rpath: '/r' }),
      '/lib/liba.so': library,
      '/lib/lib1.so': library,
      '/lib/lib2.so': library,
      '/r/lib3.so': library,
    },
    { env: ['LD_PRELOAD=lib1.so:/lib/lib2.so lib3.so'] },
  )
  assert.deepEqual(found, ['/lib/lib1.so', '/lib/lib2.so', '/lib/liba.so'])
  const lost = findings.filter(({ kind }) => kind === 'preload-missing')
  assert.equal(lost.length, 1)
})

test('a program that gains privilege at start loses LD_LIBRARY_PATH and its own $ORIGIN', async () => {
  const { findings } = await liftFromMusl(
    {
      '/bin/p': {
        ...muslProgram({ needed: ['liba.so', 'libo.so', 'libr.so'], rpath: '$ORIGIN/../o' }),
        mode: 0o4755,
      },
      '/env/liba.so': library,
      '/o/libo.so': library,
      '/lib/libr.so': { elf: { needed: ['libl.so'], rpath: '$ORIGIN/x' } },
      '/lib/x/libl.so': library,
    },
    { env: ['LD_LIBRARY_PATH=/env'] },
  )
  const lost = findings.flatMap((one) => (one.kind === 'secure-mode' ? [one.name] : []))
  assert.deepEqual(lost, ['liba.so', 'libo.so'])
})

test('a relative name starts at the working directory of the image', async () => {
  const { reasons, findings } = await liftFromMusl(
    { '/bin/p': muslProgram({ needed: ['sub/liba.so'] }), '/srv/sub/liba.so': library },
    { workingDir: '/srv' },
  )
  assert.deepEqual(reasons['/srv/sub/liba.so'], ['sub/liba.so by path'])
  assert.ok(findings.some(({ kind }) => kind === 'relative-path'))
})

test("what a link calls glibc's loader is musl's when its file is", async () => {
  const { found, lift } = await liftFromMusl({
    '/lib64/ld-linux-x86-64.so.2': { link: MUSL },
    '/bin/p': muslProgram({ interp: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6', 'liba.so'] }),
    '/lib/liba.so': library,
  })
  assert.deepEqual(found, ['/lib/liba.so'])
  assert.ok(lift.entries.some(({ path, role }) => role === 'loader' && path.startsWith('/lib64/')))
})

test('a library is resolved by the loader that its C library has', async () => {
  const { found } = await liftFromMusl(
    { '/lib/liba.so': { elf: { needed: ['libc.so', 'libb.so'] } }, '/usr/lib/libb.so': { file: buildElf() } },
    { program: '/lib/liba.so' },
  )
  assert.deepEqual(found, ['/usr/lib/libb.so'])
})

test('an empty name is found nowhere, and nothing is opened for it', async () => {
  const { missing, tried } = await liftFromMusl({ '/bin/p': muslProgram({ needed: [''] }) })
  assert.deepEqual(missing, [' for /bin/p'])
  assert.deepEqual(tried[''], [])
})

test('a path of 512 bytes or more is passed over in a search', async () => {
  const long = (length: number) =>
    `/${'d'.repeat(200)}/${'e'.repeat(200)}/${'f'.repeat(length - '///'.length - 400 - '/liba.so'.length)}`
  const tree = (directory: string) => ({
    '/bin/p': muslProgram({ needed: ['liba.so'], rpath: `${directory}:/r` }),
    [`${directory}/liba.so`]: library,
    '/r/liba.so': library,
  })
  const fits = long(511)
  assert.deepEqual((await liftFromMusl(tree(fits))).found, [`${fits}/liba.so`])
  assert.deepEqual((await liftFromMusl(tree(long(512)))).found, ['/r/liba.so'])
})
