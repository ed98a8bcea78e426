import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Audit } from '../../src/audit/audit.js'
import { audit } from '../../src/audit/audit-image.js'
import { type ErrorCode, LiftError } from '../../src/errors.js'
import { parent } from '../../src/rootfs/path.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { buildElf } from '../support/elf-builder.js'
import { debianTree, GLIBC, library, program, smallImage, type Tree } from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'
const OPEN = '/lib/x86_64-linux-gnu'

const tree = debianTree({
  '/usr/bin/x': program(['liba.so', 'libc.so.6']),
  '/usr/bin/script': '#!/bin/x\n',
  '/usr/bin/lost': '#!/bin/none\n',
  '/usr/bin/static': buildElf({ type: 'exec', dynamic: false }),
  '/usr/bin/odd': buildElf({ type: 'exec', dynamic: false, machine: 4242 }),
  '/usr/bin/bsd': program([], { osabi: 9 }),
  [`${LIB}/liba.so`]: library('liba.so', ['libc.so.6', 'libgone.so']),
  '/usr/share/object.o': buildElf({ type: 'rel' }),
  '/usr/share/core': buildElf({ type: 'core' }),
  '/usr/share/cut': program(['liba.so']).slice(0, 100),
  '/usr/share/text': 'text '.repeat(30),
  '/usr/share/tiny': '\x7fELF',
})

const row = ({ binaries }: Audit, path: string) => binaries.find((binary) => binary.path === path)

test('each ELF program and library of the image is a row when none is named, broken and unlinked files none', async () => {
  const { binaries } = await audit(smallImage(tree), [])
  assert.deepEqual(
    binaries.map(({ path, kind }) => `${path} ${kind}`),
    [
      '/usr/bin/odd static',
      '/usr/bin/static static',
      '/usr/bin/x program',
      `${LIB}/ld-linux-x86-64.so.2 loader`,
      `${LIB}/liba.so library`,
      `${LIB}/libc.so.6 library`,
    ],
  )
})

test('a row tells the loader, the libraries in load order, who needs them, and what is missing', async () => {
  const x = row(await audit(smallImage(tree), ['x']), '/usr/bin/x')
  assert.deepEqual(x?.loader, { path: GLIBC, realPath: `${LIB}/ld-linux-x86-64.so.2` })
  assert.equal(x?.interpreter, GLIBC)
  assert.deepEqual(x?.libraries.slice(0, 2), [
    {
      name: 'liba.so',
      path: `${OPEN}/liba.so`,
      realPath: `${LIB}/liba.so`,
      rule: 'default',
      neededBy: ['/usr/bin/x'],
    },
    {
      name: 'libc.so.6',
      path: `${OPEN}/libc.so.6`,
      realPath: `${LIB}/libc.so.6`,
      rule: 'default',
      neededBy: ['/usr/bin/x', `${OPEN}/liba.so`],
    },
  ])
  assert.deepEqual(
    x?.missing.map(({ name, neededBy }) => [name, neededBy]),
    [['libgone.so', `${OPEN}/liba.so`]],
  )
  assert.deepEqual(
    x?.findings.map(({ kind }) => kind),
    ['library-missing'],
  )
})

test('several named binaries are rows by path, each once', async () => {
  const named = await audit(smallImage(tree), ['x', '/usr/bin/static', '/bin/x'])
  assert.deepEqual(
    named.binaries.map(({ path }) => path),
    ['/usr/bin/static', '/usr/bin/x'],
  )
})

test('the order of the binaries does not matter, and two runs agree byte for byte', async () => {
  const text = async (binaries: readonly string[]) => JSON.stringify(await audit(smallImage(tree), binaries))
  assert.equal(await text(['x', 'script', 'static']), await text(['static', 'x', 'script']))
  assert.equal(await text([]), await text([]))
})

test('a script is a row beside its interpreter', async () => {
  const named = await audit(smallImage(tree), ['script', 'lost'])
  assert.deepEqual(
    named.binaries.map(({ path, kind, findings }) => [path, kind, ...findings.map((one) => one.kind)]),
    [
      ['/usr/bin/lost', 'script', 'interpreter-missing'],
      ['/usr/bin/script', 'script'],
      ['/usr/bin/x', 'program', 'library-missing'],
    ],
  )
})

test('a machine without a name is told by its number, and one that is not of the image as a finding', async () => {
  const odd = row(await audit(smallImage(tree), ['odd']), '/usr/bin/odd')
  assert.equal(odd?.machine, 'unknown (4242)')
  assert.deepEqual(
    odd?.findings.map(({ kind }) => kind),
    ['other-platform'],
  )
})

test('a broken file that is named is a row with that finding, and the others are looked at', async () => {
  const named = await audit(smallImage(tree), ['/usr/share/cut', 'static'])
  assert.deepEqual(
    named.binaries.map(({ path, kind, machine, findings }) => [
      path,
      kind,
      machine,
      ...findings.map((one) => one.kind),
    ]),
    [
      ['/usr/bin/static', 'static', 'amd64'],
      ['/usr/share/cut', 'unknown', 'amd64', 'malformed-elf'],
    ],
  )
})

test('what is named and is no program at all has no answer', async () => {
  const refused = async (asked: string, code: string, from: Tree = tree) =>
    assert.rejects(
      audit(smallImage(from), [asked]),
      (error) => error instanceof LiftError && error.code === code,
    )
  await refused('nothing', 'file-not-found')
  await refused('/usr/share', 'not-a-file')
  await refused('/usr/share/text', 'not-elf')
  await refused('/usr/share/object.o', 'unsupported')
  await refused('bsd', 'unsupported')
})

test('a library that ldconfig would make known is told in the row that misses it', async () => {
  const stored = { ...tree, '/etc/ld.so.conf': '/opt\n', '/opt/libgone.so': library('libgone.so') }
  const x = row(await audit(smallImage(stored), ['x']), '/usr/bin/x')
  assert.deepEqual(
    x?.findings.map(({ kind }) => kind),
    ['library-missing', 'no-cache'],
  )
})

test('an aborted audit gives no answer', async () => {
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await assert.rejects(audit(smallImage(tree), [], { signal }), reason)
  await assert.rejects(audit(smallImage(tree), ['x'], { signal }), reason)
})

test('an image without ELF files has no rows', async () => {
  assert.deepEqual((await audit(smallImage({ '/a': 'a'.repeat(100) }), [])).binaries, [])
})

/** The image as it looks to somebody who may not read all of it. */
function guarded(forbidden: Readonly<Record<string, ErrorCode>>, more: Tree = {}) {
  const image = smallImage({ ...tree, ...more })
  const refuse = (path: string) => {
    const code = forbidden[path]
    if (code !== undefined) throw new LiftError(code, `cannot read ${path}`)
  }
  const { lstat, list, open } = image.rootfs
  const rootfs: RootFs = {
    lstat: async (path) => {
      refuse(parent(path))
      return lstat(path)
    },
    list: async (path) => {
      if (forbidden[path] === 'unreadable') refuse(path)
      return list(path)
    },
    open: (file) => ({
      size: file.size,
      read: async (...range) => {
        refuse(file.path)
        return open(file).read(...range)
      },
    }),
  }
  return { ...image, rootfs }
}

test('an audit of the whole image tells what may not be read, and goes on', async () => {
  const secret = { '/root/.bin/tool': program(), '/usr/bin/locked': program() }
  const whole = await audit(guarded({ '/root': 'unreadable', '/usr/bin/locked': 'unreadable' }, secret), [])
  const [first, ...others] = whole.binaries
  assert.deepEqual(first?.findings, [
    {
      kind: 'not-looked-at',
      severity: 'warning',
      message: '2 paths could not be read, so nothing is known of: /root, /usr/bin/locked',
      paths: ['/root', '/usr/bin/locked'],
    },
  ])
  assert.deepEqual(others, (await audit(smallImage(tree), [])).binaries)
})

test('a program that cannot be followed to its end is an error of its own row', async () => {
  const hostile = {
    '/usr/bin/endless': program(['libe.so'], { rpath: '/endless' }),
    '/usr/bin/shut': program(['libs.so'], { rpath: '/shut' }),
    '/endless/x': '',
    '/shut/x': '',
  }
  const whole = await audit(guarded({ '/shut': 'unreadable', '/endless': 'limit' }, hostile), [])
  for (const path of ['/usr/bin/endless', '/usr/bin/shut']) {
    const one = row(whole, path)
    assert.deepEqual([one?.kind, one?.findings.map(({ kind }) => kind)], ['program', ['not-followed']], path)
  }
  assert.equal(row(whole, '/usr/bin/x')?.libraries.length, 3)
})

test('what is wrong with the image as a whole ends the audit', async () => {
  const image = smallImage(tree)
  const lost = new LiftError('engine-failed', 'gone')
  const rootfs = { ...image.rootfs, lstat: () => Promise.reject(lost) }
  await assert.rejects(audit({ ...image, rootfs }, []), lost)
})
