import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { follow, follower, type Trail } from '../../src/rootfs/follow.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { diskTree } from '../support/disk-tree.js'

type Tree = Readonly<Record<string, MemoryNode>>

async function walked(tree: Tree, path: string, from?: RootPath): Promise<Trail> {
  return follow(memoryRootFs(tree), path, from)
}

/** Where a path ends, or why it does not. */
async function end(tree: Tree, path: string, from?: RootPath): Promise<string> {
  const trail = await walked(tree, path, from)
  return trail.end === undefined ? `(${trail.fault})` : trail.end.path
}

test('a path without links ends at itself', async () => {
  const trail = await walked({ '/usr/lib/a': 'x' }, '/usr//lib/./a')
  assert.deepEqual(
    [trail.asked, trail.end?.path, trail.links, trail.stones],
    ['/usr//lib/./a', '/usr/lib/a', [], []],
  )
})

test('an absolute link is taken from the root of the image', async () => {
  assert.equal(await end({ '/opt/x': { link: '/usr/x' }, '/usr/x': 'x' }, '/opt/x'), '/usr/x')
})

test('a relative link is taken from where the link lies', async () => {
  const tree = { '/lib': { link: 'usr/lib' }, '/usr/lib/a': { link: '../share/a' }, '/usr/share/a': 'x' }
  assert.equal(await end(tree, '/lib/a'), '/usr/share/a')
})

test('every link of the way is told once, in order', async () => {
  const tree = {
    '/bin': { link: 'usr/bin' },
    '/usr/bin/awk': { link: '/etc/alternatives/awk' },
    '/etc/alternatives/awk': { link: '/usr/bin/mawk' },
    '/usr/bin/mawk': 'x',
  }
  const trail = await walked(tree, '/bin/../bin/awk')
  assert.deepEqual(
    trail.links.map(({ path }) => path),
    ['/bin', '/usr/bin/awk', '/etc/alternatives/awk'],
  )
})

test('.. after a link is the parent of where the link leads', async () => {
  const tree = { '/a/link': { link: '/deep/er/dir' }, '/deep/er/dir/x': '', '/deep/er/y': 'y', '/a/y': 'no' }
  assert.equal(await end(tree, '/a/link/../y'), '/deep/er/y')
})

test('.. stops at the root, in paths and in links', async () => {
  const tree = { '/etc/passwd': 'x', '/usr/l': { link: '../../../../etc/passwd' } }
  assert.equal(await end(tree, '/../../etc/passwd'), '/etc/passwd')
  assert.equal(await end(tree, '/usr/l'), '/etc/passwd')
  assert.equal(await end(tree, '/..'), '/')
})

test('what a path enters to leave it by .. must exist and is told', async () => {
  const tree = { '/t/bin/p': '', '/t/plugins/q': '', '/t/lib/a': 'x' }
  const trail = await walked(tree, '/t/bin/../plugins/../lib/a')
  assert.deepEqual([trail.end?.path, trail.stones], ['/t/lib/a', ['/t/bin', '/t/plugins']])
  assert.equal(await end(tree, '/t/bin/../none/../lib/a'), '(absent)')
})

test('a file is no directory', async () => {
  const tree = { '/f': 'x', '/l': { link: 'f' }, '/d': { link: 'f/' } }
  for (const path of ['/f/x', '/f/..', '/f/.', '/f/', '/l/', '/l/x', '/d']) {
    assert.equal(await end(tree, path), '(not-a-directory)', path)
  }
})

test('a directory may be named with a slash or a dot behind it', async () => {
  const tree = { '/d/x': '', '/l': { link: 'd/.' } }
  for (const path of ['/d/', '/d/.', '/l', '/l/', '/d/../d']) assert.equal(await end(tree, path), '/d', path)
})

test('what is not there is absent, also behind a link', async () => {
  const tree = { '/l': { link: 'none' }, '/e': { link: '' } }
  for (const path of ['/none', '/none/x', '/l', '/e', '/e/x']) {
    assert.equal(await end(tree, path), '(absent)', path)
  }
  assert.deepEqual(
    (await walked(tree, '/l')).links.map(({ path }) => path),
    ['/l'],
  )
})

test('a link to itself, a circle of links and a link into itself are loops', async () => {
  const tree = {
    '/self': { link: 'self' },
    '/a': { link: 'b' },
    '/b': { link: '/a' },
    '/grows': { link: 'grows/x' },
  }
  for (const path of ['/self', '/self/x', '/a', '/b', '/grows']) {
    const trail = await walked(tree, path)
    assert.deepEqual([trail.fault, trail.end], ['link-loop', undefined], path)
  }
})

test('forty links are followed, and one more is a loop', async () => {
  const tree = Object.fromEntries(
    Array.from({ length: 41 }, (_, index) => [`/l${index + 1}`, { link: `l${index}` }]),
  )
  assert.equal(await end({ ...tree, '/l0': 'x' }, '/l40'), '/l0')
  assert.equal(await end({ ...tree, '/l0': 'x' }, '/l41'), '(link-loop)')
})

test('links that double at each step end as a loop', async () => {
  const tree = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`/l${index + 1}`, { link: `l${index}/../l${index}` }]),
  )
  assert.equal(await end({ ...tree, '/l0/x': '' }, '/l30'), '(link-loop)')
})

test('a name of 255 bytes is walked, a longer one is too long, counted in bytes', async () => {
  assert.equal(await end({ [`/${'a'.repeat(255)}`]: 'x' }, `/${'a'.repeat(255)}`), `/${'a'.repeat(255)}`)
  assert.equal(await end({}, `/${'a'.repeat(256)}`), '(name-too-long)')
  assert.equal(await end({}, `/${'ü'.repeat(128)}`), '(name-too-long)')
})

test('a path or a link of 4096 bytes is too long', async () => {
  const long = '/a'.repeat(2047)
  assert.equal(await end({ '/a': '' }, `${long}/`), '(not-a-directory)')
  assert.equal(await end({ '/a': '' }, `${long}/a`), '(name-too-long)')
  assert.equal(await end({ '/l': { link: `${long}/a` } }, '/l'), '(name-too-long)')
})

test('a relative path starts where it is said to', async () => {
  const tree = { '/srv/a/x': '', '/x': '', '/l': { link: '/srv/a' } }
  assert.equal(await end(tree, 'a/x', '/srv'), '/srv/a/x')
  assert.equal(await end(tree, 'x'), '/x')
  assert.equal(await end(tree, '../x', '/l'), '(absent)')
  assert.equal(await end(tree, '', '/srv'), '/srv')
})

test('devices are an end, not a way', async () => {
  const tree = { '/dev/null': { special: true } } as const
  assert.equal(await end(tree, '/dev/null'), '/dev/null')
  assert.equal(await end(tree, '/dev/null/x'), '(not-a-directory)')
})

test('a host folder gives the same trails, each link once', async (t) => {
  const { directory, remove } = diskTree({
    '/bin': { link: '/usr/bin' },
    '/usr/bin/x': { link: '../../../../../usr/lib/x' },
    '/usr/lib/x': 'inside',
  })
  t.after(remove)
  const trail = await follow(directoryRootFs(directory), '/bin/../../bin/../bin/x')
  assert.deepEqual(
    trail.links.map(({ path }) => path),
    ['/bin', '/usr/bin/x'],
  )
  assert.equal(trail.end?.path, '/usr/lib/x')
})

test('a way that is walked once for many paths gives each the trail of its own', async () => {
  const links = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`/chain/${index}`, { link: `${index + 1}` }]),
  )
  const rootfs = memoryRootFs({
    ...links,
    '/chain/40': { directory: true },
    '/chain/40/x': { link: 'y' },
    '/chain/40/y': 'content',
    '/usr/lib/libc.so.6': { link: '../lib/./real/libc' },
    '/usr/lib/real/libc': 'content',
    '/usr/lib/again': { link: '/lib/libc.so.6' },
    '/lib': { link: 'usr/lib/' },
    '/round': { link: 'round' },
    '/file': { link: 'usr/lib/real/libc' },
  })
  const followAll = follower(rootfs)
  const directories = [
    '',
    '/lib',
    '/usr/lib',
    '/lib/..',
    '/lib/',
    '/lib/.',
    '/lib/real/../',
    '/file',
    '/round',
  ]
  const names = ['libc.so.6', 'again', 'real', 'lib', 'absent', '..', '.', '', 'x', `${'n'.repeat(256)}`]
  const chains = [
    '/chain/0/x',
    '/chain/0/y',
    '/chain/1/x',
    `/${'./'.repeat(2045)}lib/x`,
    `/${'./'.repeat(2050)}x`,
  ]
  for (const path of [...directories.flatMap((one) => names.map((name) => `${one}/${name}`)), ...chains]) {
    assert.deepEqual(await followAll(path as RootPath), await follow(rootfs, path), path)
  }
})
