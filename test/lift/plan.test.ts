import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role } from '../../src/lift/lift.js'
import { type Opened, plannedFiles, planTree } from '../../src/lift/plan.js'
import { rootFiles } from '../../src/loader/files.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'
import type { Entry } from '../../src/rootfs/rootfs.js'
import type { Tree } from '../support/small-image.js'

async function planOf(tree: Tree, paths: readonly string[], role: Role = 'library') {
  const files = rootFiles(memoryRootFs(tree))
  const opened: Opened[] = []
  for (const path of paths) {
    const { end } = await files.trail(path, '/')
    assert.ok(end?.kind === 'file', path)
    opened.push({ path: path as RootPath, file: end, role })
  }
  return { files, plan: await planTree(files, opened) }
}

test('a file is put where its path leads in a tree without links', async () => {
  const tree = { '/lib': { link: 'usr/lib' }, '/usr/lib/a.so': 'a' }
  const { plan } = await planOf(tree, ['/lib/a.so', '/usr//lib/./a.so'])
  assert.deepEqual(
    plan.copies.map(({ from, realPath, to }) => [from, realPath, to]),
    [
      ['/lib/a.so', '/usr/lib/a.so', '/lib/a.so'],
      ['/usr/lib/a.so', '/usr/lib/a.so', '/usr/lib/a.so'],
    ],
  )
})

test('a path through `..` is copied from where it really leads and put where it says', async () => {
  const tree = { '/opt/l': { link: '/srv/in' }, '/srv/in': { directory: true }, '/srv/a.so': 'a' } as const
  const { plan } = await planOf(tree, ['/opt/l/../a.so'])
  assert.deepEqual(
    plan.copies.map(({ from, to }) => [from, to]),
    [['/srv/a.so', '/opt/a.so']],
  )
  assert.deepEqual(plan.directories, ['/opt/l'])
})

test('a directory that a copy makes anyhow is not made empty', async () => {
  const tree = { '/a/b/c.so': 'c', '/a/d.so': 'd' }
  const { plan } = await planOf(tree, ['/a/b/../d.so', '/a/b/c.so'])
  assert.deepEqual(plan.directories, [])
})

test('two files for one place are a conflict, one file twice is not', async () => {
  const tree = { '/opt/l': { link: '/srv/in' }, '/srv/in/x': 'x', '/srv/a': '1', '/opt/a': '2' }
  const { plan } = await planOf(tree, ['/opt/l/../a', '/opt/a'])
  const twice = await planOf(tree, ['/opt/a', '/opt//a'])
  assert.deepEqual(twice.plan.findings, [])
  assert.deepEqual(
    plan.findings.map(({ kind }) => kind),
    ['path-conflict'],
  )
  assert.equal(plan.copies.length, 1)
})

test('a file where another one needs a directory is a conflict', async () => {
  const tree = { '/opt/l': { link: '/srv/in' }, '/srv/in/x': 'x', '/srv/a/b': '1', '/opt/a': '2' }
  const { plan } = await planOf(tree, ['/opt/l/../a/b', '/opt/a'])
  assert.deepEqual(
    plan.findings.map((one) => one.kind === 'path-conflict' && one.path),
    ['/opt/a'],
  )
})

test('copies are sorted by where they are put', async () => {
  const { plan } = await planOf({ '/b': '', '/a': '', '/a-b': '', '/c/d': '' }, ['/c/d', '/a', '/b', '/a-b'])
  assert.deepEqual(
    plan.copies.map(({ to }) => to),
    ['/a', '/a-b', '/b', '/c/d'],
  )
})

test('the planned tree holds the files with their content, mode and owner, and no links', async () => {
  const tree = {
    '/bin': { link: 'usr/bin' },
    '/usr/bin/x': { file: 'content', mode: 0o4711, uid: 3, gid: 4 },
    '/opt/in/y': 'y',
  }
  const { files, plan } = await planOf(tree, ['/bin/x', '/opt/in/../in/y'])
  const planned = plannedFiles(plan, files)
  const { end, links } = await planned.trail('/bin/x', '/')
  assert.ok(end?.kind === 'file')
  assert.deepEqual([end.mode, end.uid, end.gid, links], [0o4711, 3, 4, []])
  assert.equal(Buffer.from(await planned.content(end)).toString(), 'content')
  assert.equal((await planned.trail('/usr/bin/x', '/')).end, undefined)
  assert.equal((await planned.trail('/opt/in', '/')).end?.kind, 'directory')
})

test('what is opened through a link of a whole directory lies where the link leads', async () => {
  const tree = {
    '/usr/share/web/modules': { link: '../../lib/web' },
    '/usr/share/web/loop': { link: 'loop' },
    '/usr/lib/web/m.so': 'm',
    '/usr/share/webs/modules/m.so': 'm',
  }
  const files = rootFiles(memoryRootFs(tree))
  const opened = (path: RootPath, end: Entry | undefined): Opened => {
    assert.ok(end?.kind === 'file')
    return { path, file: end, role: 'data' }
  }
  const [through, beside] = ['/usr/share/web/modules/m.so', '/usr/share/webs/modules/m.so'] as const
  const items = [through, beside].map(async (path) => opened(path, (await files.trail(path, '/')).end))
  const trail = await files.trail('/usr/share/web', '/')
  assert.ok(trail.end?.kind === 'directory')
  const included = [{ path: '/usr/share/web', trail, end: trail.end } as const]
  const { copies, findings } = await planTree(files, await Promise.all(items), included)
  assert.deepEqual(
    copies.map(({ to }) => to),
    ['/usr/lib/web/m.so', '/usr/share/web', beside],
  )
  assert.deepEqual(findings, [])
})
