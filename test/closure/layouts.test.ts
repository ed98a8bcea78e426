import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Lift, lift } from '../../src/index.js'
import type { MemoryNode } from '../../src/rootfs/memory.js'
import { buildElf } from '../support/elf-builder.js'
import { imageOfTree } from '../support/elf-tree.js'
import { debianRoot, glibcLoader, PORTS, program } from '../support/foreign-root.js'
import { MUSL, muslLoaderFile } from '../support/musl-root.js'

type Tree = Record<string, MemoryNode>

const { amd64 } = PORTS
const HOME = '/usr/lib/x86_64-linux-gnu'

async function liftFrom(tree: Tree, ...binaries: string[]): Promise<Lift> {
  return lift(imageOfTree(tree), binaries)
}

function paths({ entries }: Lift, role: string): readonly string[] {
  return entries.filter((entry) => entry.role === role).map(({ path }) => path)
}

/** A root with both C libraries, each with a copy of one library. */
function mixedRoot(): Tree {
  return {
    ...debianRoot(amd64),
    '/usr/lib/ld-musl-x86_64.so.1': muslLoaderFile(),
    '/usr/lib/liba.so.1': buildElf({ needed: ['libc.musl-x86_64.so.1'] }),
    '/usr/bin/musl-tool': program(
      { ...amd64, loader: MUSL },
      { needed: ['liba.so.1', 'libc.musl-x86_64.so.1'] },
    ),
  }
}

test('a program of musl beside glibc gets files of musl alone', async () => {
  const answer = await liftFrom(mixedRoot(), '/usr/bin/musl-tool')
  assert.deepEqual(paths(answer, 'library'), ['/lib/liba.so.1'])
  assert.deepEqual(paths(answer, 'loader'), [MUSL])
  assert.deepEqual(
    answer.entries.filter(({ path }) => path.includes('gnu')),
    [],
  )
})

test('a program of glibc beside musl gets files of glibc alone', async () => {
  const answer = await liftFrom(mixedRoot(), '/usr/bin/tool')
  assert.deepEqual(paths(answer, 'library'), [
    '/lib/x86_64-linux-gnu/liba.so.1',
    '/lib/x86_64-linux-gnu/libc.so.6',
  ])
  assert.deepEqual(
    answer.entries.filter(({ path }) => path.includes('musl')),
    [],
  )
})

test('programs of both C libraries are lifted together, each with its own', async () => {
  const answer = await liftFrom(mixedRoot(), '/usr/bin/tool', '/usr/bin/musl-tool')
  assert.deepEqual(
    answer.programs.map(({ libraries }) => libraries[0]),
    ['/lib/x86_64-linux-gnu/liba.so.1', '/lib/liba.so.1'],
  )
  assert.deepEqual(answer.findings, [])
})

test('/lib and /lib64 as links, relative or absolute, are listed once with each file once', async () => {
  for (const prefix of ['usr/', '/usr/']) {
    const tree = {
      ...debianRoot(amd64),
      '/lib': { link: `${prefix}lib` },
      '/lib64': { link: `${prefix}lib64` },
    }
    const answer = await liftFrom(tree, '/usr/bin/tool')
    assert.deepEqual(paths(answer, 'symlink'), [
      '/lib',
      '/lib64',
      `${HOME}/liba.so.1`,
      '/usr/lib64/ld-linux-x86-64.so.2',
    ])
    const real = answer.entries.filter(({ role }) => role === 'library').map(({ realPath }) => realPath)
    assert.deepEqual(real, [`${HOME}/liba.so.1.2`, `${HOME}/libc.so.6`])
  }
})

test('a loader that is a link is listed with its link and with its file', async () => {
  const [loader] = (await liftFrom(debianRoot(amd64), '/usr/bin/tool')).entries.filter(
    ({ role }) => role === 'loader',
  )
  assert.deepEqual(
    [loader?.path, loader?.realPath],
    ['/lib64/ld-linux-x86-64.so.2', `${HOME}/ld-linux-x86-64.so.2`],
  )
})

test('every link of a chain is listed', async () => {
  const tree = {
    ...debianRoot(amd64),
    '/usr/bin/one': { link: '/etc/alternatives/two' },
    '/etc/alternatives/two': { link: '../../opt/three' },
    '/opt/three': { link: '/usr/bin/tool' },
  }
  const links = paths(await liftFrom(tree, '/bin/one'), 'symlink')
  for (const link of ['/bin', '/usr/bin/one', '/etc/alternatives/two', '/opt/three']) {
    assert.ok(links.includes(link), link)
  }
})

test('a library behind a loop of links is missing, with the loop among what was tried', async () => {
  const tree = { ...debianRoot(amd64), [`${HOME}/liba.so.1`]: { link: 'liba.so.1' } }
  const { missing } = await liftFrom(tree, '/usr/bin/tool')
  assert.deepEqual(
    missing.map(({ name, attempts }) => [name, attempts[0]?.outcome]),
    [['liba.so.1', 'link loop']],
  )
})

test('a link that climbs above the root is taken from the root', async () => {
  const tree = { ...debianRoot(amd64), [`${HOME}/liba.so.1`]: { link: '../../../../../../opt/liba' } }
  assert.equal((await liftFrom(tree, '/usr/bin/tool')).missing.length, 1)
  const inside = { ...tree, '/opt/liba': buildElf() }
  const answer = await liftFrom(inside, '/usr/bin/tool')
  assert.deepEqual(answer.missing, [])
  assert.ok(answer.entries.some(({ realPath }) => realPath === '/opt/liba'))
})

test('two names of one inode that are both loaded are one library, and both names are listed', async () => {
  const tree = debianRoot(amd64)
  const library = { file: buildElf({ needed: ['libc.so.6'] }), identity: 'one' }
  Object.assign(tree, {
    [`${HOME}/libx.so`]: library,
    [`${HOME}/liby.so`]: library,
    '/usr/bin/tool': program(amd64, { needed: ['libx.so', 'liby.so', 'libc.so.6'] }),
  })
  const answer = await liftFrom(tree, '/usr/bin/tool')
  assert.deepEqual(answer.programs[0]?.libraries, [
    '/lib/x86_64-linux-gnu/libx.so',
    '/lib/x86_64-linux-gnu/libc.so.6',
  ])
  assert.ok(paths(answer, 'library').includes('/lib/x86_64-linux-gnu/liby.so'))
  assert.ok(answer.findings.some(({ kind }) => kind === 'same-file-twice'))
})

test('a library that only the host has is missing', async () => {
  const { [`${HOME}/libc.so.6`]: _, ...tree } = debianRoot(amd64)
  const { missing } = await liftFrom(tree, '/usr/bin/tool')
  assert.deepEqual(
    missing.map(({ name, neededBy }) => `${name} for ${neededBy}`),
    ['libc.so.6 for /usr/bin/tool', 'libc.so.6 for /lib/x86_64-linux-gnu/liba.so.1'],
  )
})

test('libraries that need each other are each listed once', async () => {
  const tree = debianRoot(amd64)
  Object.assign(tree, {
    [`${HOME}/libx.so`]: buildElf({ needed: ['liby.so', 'libc.so.6'] }),
    [`${HOME}/liby.so`]: buildElf({ needed: ['libx.so', 'libc.so.6'] }),
    '/usr/bin/tool': program(amd64, { needed: ['libx.so'] }),
  })
  const answer = await liftFrom(tree, '/usr/bin/tool')
  const names = ['libc.so.6', 'libx.so', 'liby.so'].map((name) => `/lib/x86_64-linux-gnu/${name}`)
  assert.deepEqual(paths(answer, 'library'), names)
})

test('a root whose directories are real ones needs no links', async () => {
  const tree = {
    '/lib64/ld-linux-x86-64.so.2': glibcLoader(amd64),
    '/lib/x86_64-linux-gnu/libc.so.6': buildElf({ soname: 'libc.so.6' }),
    '/bin/tool': program(amd64, { needed: ['libc.so.6'] }),
  }
  const answer = await liftFrom(tree, '/bin/tool')
  assert.deepEqual(paths(answer, 'symlink'), [])
  assert.deepEqual(answer.findings, [])
})
