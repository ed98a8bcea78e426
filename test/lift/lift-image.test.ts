import assert from 'node:assert/strict'
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { audit } from '../../src/audit/audit-image.js'
import { LIFT_FORMATS } from '../../src/emit/index.js'
import type { Image } from '../../src/image/image.js'
import type { Lift, Role } from '../../src/lift/lift.js'
import { lift } from '../../src/lift/lift-image.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf } from '../support/elf-builder.js'
import {
  debianTree,
  GLIBC,
  glibcLoader,
  type ImageParts,
  ldSoCache,
  library,
  program,
  smallImage,
  type Tree,
} from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'
const OPEN = '/lib/x86_64-linux-gnu'

/** Two programs with much in common, and one of every thing that makes a tree hard to copy. */
const busy = debianTree({
  '/usr/bin/x': program(['liba.so', 'libc.so.6'], { runpath: '$ORIGIN/../../opt/x/lib' }),
  '/opt/x/lib/liba.so': { link: 'liba.so.1' },
  '/opt/x/lib/liba.so.1': library('liba.so', ['libcached.so']),
  '/usr/bin/y': program(['libh.so', 'libc.so.6', 'libplain.so']),
  '/usr/bin/s': '#!/usr/bin/env -S z -x\n',
  '/usr/bin/env': program(['libc.so.6']),
  '/usr/bin/z': { link: '/etc/alternatives/z' },
  '/etc/alternatives/z': { link: '/usr/bin/z.real' },
  '/usr/bin/z.real': { file: program(['libplain.so', 'libc.so.6']), mode: 0o4755 },
  '/srv/cached/libcached.so': library('libcached.so', ['libc.so.6']),
  [`${LIB}/libh.so`]: library('libh.so'),
  [`${LIB}/glibc-hwcaps/x86-64-v3/libh.so`]: library('libh.so', ['libplain.so']),
  [`${LIB}/libplain.so`]: { link: 'libplain.so.2.1' },
  [`${LIB}/libplain.so.2.1`]: library('libplain.so', ['libc.so.6']),
  '/etc/ld.so.cache': ldSoCache([{ name: 'libcached.so', path: '/srv/cached/libcached.so' }]),
  '/etc/ld.so.preload': '/opt/p/libp.so',
  '/opt/p/libp.so': library('libp.so', ['libc.so.6']),
})

const liftOf = (tree: Tree, binaries: readonly string[], parts?: ImageParts, include?: readonly string[]) =>
  lift(smallImage(tree, parts), binaries, include === undefined ? {} : { include })

const toOf = ({ copies }: Lift) => copies.map(({ to }) => to)
const pathsOf = ({ entries }: Lift, ...roles: Role[]) =>
  entries.filter(({ role }) => roles.length === 0 || roles.includes(role)).map(({ path }) => path)

test('the same image gives the same answer, byte for byte', async () => {
  const answer = async () => JSON.stringify(await liftOf(busy, ['x', 'y', 's']))
  assert.equal(await answer(), await answer())
})

test('the order of the binaries changes neither the files nor what is said of them', async () => {
  const [first, second] = [await liftOf(busy, ['x', 'y', 's']), await liftOf(busy, ['s', 'y', 'x', 'x'])]
  assert.deepEqual(second.entries, first.entries)
  assert.deepEqual(second.copies, first.copies)
  assert.deepEqual(second.findings, first.findings)
})

test('a file has one role, whichever of its uses is met first', async () => {
  const tree = {
    '/x': program(['libb.so'], { rpath: '/opt' }),
    '/y': program(),
    [GLIBC]: glibcLoader(),
    '/opt/liba.so': library('liba.so', ['libb.so'], { rpath: '/opt' }),
    '/opt/libb.so': library('libb.so'),
  }
  const rolesOf = async (binaries: readonly string[], include: readonly string[]) => {
    const { entries, copies } = await liftOf(tree, binaries, {}, include)
    return [entries, copies].flatMap((rows) => rows.map((row) => JSON.stringify(row)))
  }
  const whole = await rolesOf([GLIBC, '/x'], ['/opt/liba.so', '/opt/libb.so', '/x'])
  assert.deepEqual(await rolesOf(['/x', GLIBC], ['/x', '/opt/libb.so', '/opt/liba.so']), whole)
  const included = await rolesOf(['/y'], ['/opt/liba.so', '/opt/libb.so'])
  assert.deepEqual(await rolesOf(['/y'], ['/opt/libb.so', '/opt/liba.so']), included)
})

test('the files of several binaries are those of each', async () => {
  const single = await Promise.all(['x', 'y', 's'].map((one) => liftOf(busy, [one])))
  const union = await liftOf(busy, ['x', 'y', 's'])
  assert.deepEqual(toOf(union), [...new Set(single.flatMap(toOf))].sort())
  assert.deepEqual(new Set(pathsOf(union)), new Set(single.flatMap((one) => pathsOf(one))))
})

test('a library that two programs miss through the same object is missing once', async () => {
  const tree = debianTree({
    '/usr/bin/x': program(['liba.so']),
    '/usr/bin/y': program(['liba.so']),
    [`${LIB}/liba.so`]: library('liba.so', ['libz.so']),
  })
  const { missing } = await liftOf(tree, ['x', 'y', 'x'])
  assert.deepEqual(
    missing.map(({ name, neededBy }) => [name, neededBy]),
    [['libz.so', `${OPEN}/liba.so`]],
  )
})

/** The tree that the copies make, as an image of its own. */
function emitted({ copies, directories }: Lift, image: Image): Image {
  const tree: Record<string, MemoryNode> = {}
  for (const directory of directories) tree[directory] = { directory: true }
  for (const { to, realPath, size, mode } of copies) {
    const content = image.rootfs.open({
      kind: 'file',
      path: realPath,
      mode,
      uid: 0,
      gid: 0,
      size,
      identity: '',
    })
    tree[to] = { file: content, mode }
  }
  return { ...image, rootfs: memoryRootFs(tree) }
}

test('lifting a lift gives the same lift', async () => {
  const image = smallImage(busy)
  const first = await lift(image, ['x', 'y', 's'])
  const second = await lift(
    emitted(first, image),
    first.programs.map(({ command }) => command[0]!),
  )
  assert.deepEqual(second.missing, [])
  const essence = (one: Lift) => one.copies.map(({ to, role, size, mode }) => ({ to, role, size, mode }))
  assert.deepEqual(essence(second), essence(first))
  const said = (one: Lift) => one.findings.map(({ kind }) => kind)
  assert.deepEqual(said(second), said(first))
})

test('nothing that a program does not need is in its lift', async () => {
  const { entries } = await liftOf(busy, ['y'])
  assert.deepEqual(
    entries.filter(({ path }) => path.startsWith('/opt/x') || path.startsWith('/srv')),
    [],
  )
})

test('through merged directories each file is once under the path it is opened by, its links listed', async () => {
  const absolute = {
    '/bin': { link: '/usr/bin' },
    '/lib': { link: '/usr/lib' },
    '/lib64': { link: '/usr/lib64' },
  }
  for (const links of [{}, absolute]) {
    const answer = await liftOf({ ...busy, ...links }, ['/bin/y'])
    assert.deepEqual(pathsOf(answer, 'program'), ['/usr/bin/y'])
    assert.deepEqual(
      pathsOf(answer, 'symlink').filter((path) => path.split('/').length === 2),
      ['/bin', '/lib', '/lib64'],
    )
    const real = answer.entries.filter(({ role }) => role === 'library').map(({ realPath }) => realPath)
    assert.equal(new Set(real).size, real.length)
  }
})

test('both ends of a loader link are listed, and every link of a chain', async () => {
  const answer = await liftOf(busy, ['z'])
  const loader = answer.entries.find(({ role }) => role === 'loader')
  assert.deepEqual([loader?.path, loader?.realPath], [GLIBC, `${LIB}/ld-linux-x86-64.so.2`])
  const links = pathsOf(answer, 'symlink')
  for (const link of [
    '/usr/bin/z',
    '/etc/alternatives/z',
    '/usr/lib64/ld-linux-x86-64.so.2',
    `${LIB}/libplain.so`,
  ])
    assert.ok(links.includes(link as `/${string}`), link)
})

test('the loader is listed once, however many programs and libraries name it', async () => {
  const { entries } = await liftOf(busy, ['x', 'y', 's'])
  assert.equal(entries.filter(({ role }) => role === 'loader').length, 1)
})

test('an applet keeps the name it is called by', async () => {
  const tree = debianTree({
    '/usr/bin/busybox': program(['libc.so.6']),
    '/usr/bin/ls': { link: 'busybox' },
    '/usr/bin/cat': { link: '/bin/busybox' },
  })
  const answer = await liftOf(tree, ['ls', 'cat'])
  assert.deepEqual(
    answer.programs.map(({ command, realPath }) => [...command, realPath]),
    [
      ['/usr/bin/ls', '/usr/bin/busybox'],
      ['/usr/bin/cat', '/usr/bin/busybox'],
    ],
  )
  assert.deepEqual(
    answer.copies.filter(({ role }) => role === 'program').map(({ to, realPath }) => [to, realPath]),
    [
      ['/usr/bin/cat', '/usr/bin/busybox'],
      ['/usr/bin/ls', '/usr/bin/busybox'],
    ],
  )
})

test('a program that looks from its own directory is put where it really lies', async () => {
  const tree = debianTree({
    '/usr/bin/tool': { link: '../../opt/t/bin/real' },
    '/opt/t/bin/real': program(['libt.so'], { runpath: '$ORIGIN/../lib' }),
    '/opt/t/lib/libt.so': library('libt.so'),
  })
  const answer = await liftOf(tree, ['tool'])
  assert.deepEqual(answer.programs[0]?.command, ['/opt/t/bin/real'])
  assert.deepEqual([answer.missing, answer.findings], [[], []])
  assert.ok(toOf(answer).includes('/opt/t/lib/libt.so'))
  assert.deepEqual(answer.directories, [])
})

test('the way of a path through `..` stays walkable', async () => {
  const tree = debianTree({
    '/opt/t/bin/real': program(['libt.so'], { runpath: '/opt/t/nothing/../lib' }),
    '/opt/t/nothing': { directory: true },
    '/opt/t/lib/libt.so': library('libt.so'),
  })
  const answer = await liftOf(tree, ['/opt/t/bin/real'])
  assert.deepEqual([answer.directories, answer.findings], [['/opt/t/nothing'], []])
})

test('two names of one file are both lifted', async () => {
  const shared = { file: program(['libc.so.6']), identity: 'one inode' }
  const answer = await liftOf(debianTree({ '/usr/bin/perl': shared, '/usr/bin/perl5': shared }), [
    'perl',
    'perl5',
  ])
  assert.deepEqual(pathsOf(answer, 'program'), ['/usr/bin/perl', '/usr/bin/perl5'])
})

test('a link that climbs out of the root is taken from the root, and a loop leads nowhere', async () => {
  const tree = debianTree({
    '/usr/bin/x': program(['libz.so', 'libloop.so'], { runpath: '/opt' }),
    '/opt/libz.so': { link: '../../../../../../srv/libz.so' },
    '/srv/libz.so': library('libz.so'),
    '/opt/libloop.so': { link: 'libloop.so' },
  })
  const { entries, missing } = await liftOf(tree, ['x'])
  assert.equal(entries.find(({ path }) => path === '/opt/libz.so')?.realPath, '/srv/libz.so')
  assert.deepEqual(
    missing.map(({ name }) => name),
    ['libloop.so'],
  )
})

test('a library that only this machine has is missing', async () => {
  const { missing } = await liftOf({ '/x': program(['libc.so.6', 'libm.so.6']), [GLIBC]: glibcLoader() }, [
    '/x',
  ])
  assert.deepEqual(
    missing.map(({ name }) => name),
    ['libc.so.6', 'libm.so.6'],
  )
})

test('programs of two classes each get the libraries of their own', async () => {
  const narrow = { class: 32, machine: 3 } as const
  const tree = debianTree({
    '/usr/bin/wide': program(['libq.so'], { runpath: '/opt/32:/opt/64' }),
    '/usr/bin/narrow': program(['libq.so'], {
      ...narrow,
      runpath: '/opt/64:/opt/32',
      interp: '/lib/ld-linux.so.2',
    }),
    '/usr/lib/ld-linux.so.2': glibcLoader({ ...narrow, soname: 'ld-linux.so.2' }),
    '/opt/32/libq.so': library('libq.so', [], narrow),
    '/opt/64/libq.so': library('libq.so'),
  })
  const answer = await liftOf(tree, ['wide', 'narrow'])
  assert.deepEqual(
    answer.programs.map(({ machine, libraries }) => [machine, ...libraries]),
    [
      ['amd64', '/opt/64/libq.so'],
      ['i386', '/opt/32/libq.so'],
    ],
  )
  assert.deepEqual([answer.missing, answer.findings], [[], []])
})

test('LD_LIBRARY_PATH of the image comes after RPATH and before RUNPATH', async () => {
  const place = async (list: object) => {
    const libraries = Object.fromEntries(['/own', '/env'].map((at) => [`${at}/libq.so`, library('libq.so')]))
    const tree = debianTree({ '/usr/bin/x': program(['libq.so'], list), ...libraries })
    const { programs } = await liftOf(tree, ['x'], { config: { env: ['LD_LIBRARY_PATH=/env'] } })
    return programs[0]?.libraries
  }
  assert.deepEqual(await place({ rpath: '/own' }), ['/own/libq.so'])
  assert.deepEqual(await place({ runpath: '/own' }), ['/env/libq.so'])
})

test('a program without shared libraries is one copy', async () => {
  const answer = await liftOf({ '/x': buildElf({ type: 'exec', dynamic: false }) }, ['/x'])
  assert.deepEqual(toOf(answer), ['/x'])
  assert.deepEqual([answer.programs[0]?.kind, answer.programs[0]?.libraries], ['static', []])
})

test('a script comes with its interpreters and their libraries, and is what is started', async () => {
  const answer = await liftOf(busy, ['s'])
  assert.deepEqual(answer.programs[0]?.command, ['/usr/bin/s'])
  assert.deepEqual([answer.programs[0]?.kind, answer.programs[0]?.interpreter], ['script', '/usr/bin/env'])
  assert.deepEqual(pathsOf(answer, 'script', 'program'), ['/usr/bin/env', '/usr/bin/s', '/usr/bin/z'])
  assert.ok(toOf(answer).includes(`${OPEN}/libplain.so`))
})

test('mode and owner of each file are told, and the bits are part of the copy', async () => {
  const tree = { '/x': { file: buildElf({ type: 'exec', dynamic: false }), mode: 0o4751, uid: 8, gid: 9 } }
  const answer = await liftOf(tree, ['/x'], {}, [])
  const { entry } = answer.entries[0]!
  assert.deepEqual([entry.mode, entry.uid, entry.gid, answer.copies[0]?.mode], [0o4751, 8, 9, 0o4751])
  assert.deepEqual(
    answer.findings.map(({ kind }) => kind),
    ['setuid'],
  )
  const dockerfile = LIFT_FORMATS.dockerfile.emit(answer, {})
  assert.doesNotMatch(dockerfile, /--chown|--chmod/)
})

test('what is said of the image comes with the answer', async () => {
  const { image } = await liftOf(busy, ['y'], {
    size: 7,
    config: { env: ['A=1'], user: '1000', workingDir: '/srv' },
  })
  assert.deepEqual(
    { env: image.env, user: image.user, workingDir: image.workingDir, size: image.size },
    { env: ['A=1'], user: '1000', workingDir: '/srv', size: 7 },
  )
})

test('an aborted lift gives no answer', async () => {
  const reason = new Error('enough')
  await assert.rejects(lift(smallImage(busy), ['x'], { signal: AbortSignal.abort(reason) }), reason)
})

test('a lift can be aborted while it looks for what a run opens by itself', async () => {
  const [control, reason] = [new AbortController(), new Error('enough')]
  const onStep = (step: string) => step === LOOKING && control.abort(reason)
  await assert.rejects(lift(smallImage(needy), ['x'], { signal: control.signal, onStep }), reason)
})

const needy = debianTree({ '/usr/bin/x': program(['libc.so.6'], { imports: ['getpwuid'] }) })
const LOOKING = 'looking for what a run opens by itself'

test('each binary is a step that is told', async () => {
  const steps: string[] = []
  await lift(smallImage(busy), ['x', '/bin/y'], { onStep: (step) => steps.push(step) })
  assert.deepEqual(steps, ['resolving x', 'resolving /bin/y', LOOKING])
})

test('nothing is executed, on this machine or elsewhere', async () => {
  const started: string[] = []
  const originals = { ...childProcess }
  const names = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'] as const
  for (const name of names) {
    Object.assign(childProcess, { [name]: () => started.push(name) })
  }
  syncBuiltinESMExports()
  try {
    const image = smallImage(busy)
    await lift(image, ['x', 'y', 's'], { include: ['/usr/bin'] })
    await audit(image, [])
    assert.deepEqual(started, [])
  } finally {
    Object.assign(childProcess, originals)
    syncBuiltinESMExports()
  }
})
