import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { LiftError } from '../../src/errors.js'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { follow } from '../../src/rootfs/follow.js'
import type { MemoryNode } from '../../src/rootfs/memory.js'
import { walk } from '../../src/rootfs/walk.js'
import { diskTree } from '../support/disk-tree.js'
import { fileAt, textAt } from '../support/rootfs-contract.js'

/** A tree on disk with a secret beside its root. */
function beside(t: TestContext, tree: Readonly<Record<string, MemoryNode>>) {
  const nodes = Object.entries(tree).map(([path, node]) => [`/root${path}`, node])
  const { directory, remove } = diskTree({ '/outside/secret': 'secret', ...Object.fromEntries(nodes) })
  t.after(remove)
  chmodSync(directory, 0o755)
  const root = `${directory}/root`
  return { root, outside: `${directory}/outside`, rootfs: directoryRootFs(root) }
}

test('links that lead out of the folder are followed inside of it', async (t) => {
  const { rootfs, outside } = beside(t, {
    '/up': { link: '../outside/secret' },
    '/far': { link: '../../../../../../../../etc/passwd' },
    '/outside/secret': 'mine',
  })
  symlinkSync(`${outside}/secret`, `${outside}/../root/absolute`)
  assert.equal((await follow(rootfs, '/up')).end?.path, '/outside/secret')
  assert.equal((await follow(rootfs, '/absolute')).fault, 'absent')
  assert.equal((await follow(rootfs, '/far')).fault, 'absent')
})

test('a path with .. or through a link is absent, whatever the host would find there', async (t) => {
  const { root, rootfs, outside } = beside(t, { '/d/x': 'x' })
  symlinkSync(outside, `${root}/out`)
  for (const path of ['/out/secret', '/d/../../outside/secret', '/../outside/secret'] as const) {
    assert.equal(await rootfs.lstat(path), undefined, path)
    assert.deepEqual(await rootfs.list(path), [], path)
  }
  assert.deepEqual(await rootfs.list('/out'), [])
})

test('a directory that is swapped for a link while in use gives no content, and soon leads nowhere', async (t) => {
  const { root, rootfs, outside } = beside(t, { '/a/d/secret': 'mine' })
  const entry = await fileAt(rootfs, '/a/d/secret')
  const reader = rootfs.open(entry)
  assert.equal((await rootfs.list('/a/d')).length, 1)
  renameSync(`${root}/a/d`, `${root}/moved`)
  symlinkSync(outside, `${root}/a/d`)
  for (const stale of [reader, rootfs.open(entry)]) {
    await assert.rejects(
      stale.read(0, 4),
      (error) => error instanceof LiftError && error.code === 'unreadable',
    )
  }
  await aBreath()
  assert.equal(await rootfs.lstat('/a/d/secret'), undefined)
  assert.deepEqual(await rootfs.list('/a/d'), [])
})

test('a directory far above that is swapped for a link soon leads nowhere', async (t) => {
  const { root, rootfs, outside } = beside(t, { '/a/b/c/secret': 'mine' })
  await fileAt(rootfs, '/a/b/c/secret')
  mkdirSync(`${outside}/b/c`, { recursive: true })
  writeFileSync(`${outside}/b/c/secret`, 'secret')
  renameSync(`${root}/a`, `${root}/moved`)
  symlinkSync(outside, `${root}/a`)
  await aBreath()
  assert.equal(await rootfs.lstat('/a/b/c/secret'), undefined)
})

/** Longer than a directory is trusted to be where it was. */
function aBreath(): Promise<void> {
  return setTimeout(60)
}

test('a file that is swapped for a link, a FIFO or a directory is unreadable', async (t) => {
  const { root, rootfs, outside } = beside(t, { '/file': 'mine', '/fifo': 'mine', '/dir': 'mine' })
  const files = await Promise.all((['/file', '/fifo', '/dir'] as const).map((path) => fileAt(rootfs, path)))
  for (const { path } of files) rmSync(`${root}${path}`)
  symlinkSync(`${outside}/secret`, `${root}/file`)
  execFileSync('mkfifo', [`${root}/fifo`])
  mkdirSync(`${root}/dir`)
  for (const file of files) {
    await assert.rejects(rootfs.open(file).read(0, 4), { code: 'unreadable' }, file.path)
  }
})

test('a file that has become shorter is read up to its end', async (t) => {
  const { root, rootfs } = beside(t, { '/file': 'long content' })
  const reader = rootfs.open(await fileAt(rootfs, '/file'))
  truncateSync(`${root}/file`, 4)
  assert.equal(Buffer.from(await reader.read(0, 12)).toString(), 'long')
})

test('a file that has become longer is read up to its old end', async (t) => {
  const { root, rootfs } = beside(t, { '/file': 'long' })
  const reader = rootfs.open(await fileAt(rootfs, '/file'))
  writeFileSync(`${root}/file`, 'long content')
  assert.equal(Buffer.from(await reader.read(0, 12)).toString(), 'long')
})

test('what the user may not read is an error that names it', async (t) => {
  const { root, rootfs } = beside(t, { '/file': 'x', '/locked/x': '' })
  const file = await fileAt(rootfs, '/file')
  chmodSync(`${root}/file`, 0)
  chmodSync(`${root}/locked`, 0)
  try {
    await asNobody(async () => {
      await assert.rejects(rootfs.open(file).read(0, 1), {
        code: 'unreadable',
        message: /file: permission denied/,
      })
      await assert.rejects(rootfs.list('/locked'), {
        code: 'unreadable',
        message: /locked: permission denied/,
      })
      await assert.rejects(async () => rootfs.lstat('/locked/x'), {
        code: 'unreadable',
        message: /locked\/x: permission denied/,
      })
    })
  } finally {
    chmodSync(`${root}/locked`, 0o755)
  }
})

/** Root may read everything, so as root the check is made as another user. */
async function asNobody(check: () => Promise<void>): Promise<void> {
  const { geteuid, seteuid } = process
  if (geteuid?.() !== 0 || seteuid === undefined) return check()
  seteuid.call(process, 65534)
  try {
    await check()
  } finally {
    seteuid.call(process, 0)
  }
}

test('names of one inode have one identity, copies have not', async (t) => {
  const { root, rootfs } = beside(t, { '/a': 'same', '/copy': 'same', '/d/x': '' })
  linkSync(`${root}/a`, `${root}/d/b`)
  const [a, b, copy] = await Promise.all(
    (['/a', '/d/b', '/copy'] as const).map((path) => fileAt(rootfs, path)),
  )
  assert.equal(a?.identity, b?.identity)
  assert.notEqual(a?.identity, copy?.identity)
})

test('the folder itself may be reached through a link, with or without a slash behind it', async (t) => {
  const { root, outside } = beside(t, { '/d/x': 'x' })
  symlinkSync(root, `${outside}/link`)
  for (const path of [`${outside}/link`, `${outside}/link/`, `${root}/.`]) {
    assert.equal(await textAt(directoryRootFs(path), '/d/x'), 'x', path)
  }
})

test('devices, FIFOs and sockets are special and are not opened by a walk', async (t) => {
  const { root, rootfs } = beside(t, { '/d/x': '' })
  execFileSync('mkfifo', [`${root}/d/fifo`])
  const kinds: string[] = []
  for await (const { path, kind } of walk(rootfs, '/')) kinds.push(`${path} ${kind}`)
  assert.deepEqual(kinds, ['/d directory', '/d/fifo special', '/d/x file'])
})

test('a name that is too long for the host is absent', async (t) => {
  const { rootfs } = beside(t, { '/d/x': '' })
  assert.equal(await rootfs.lstat(`/${'n'.repeat(300)}`), undefined)
  assert.equal(await rootfs.lstat(`/${'n'.repeat(300)}/x`), undefined)
})

test('a long walk leaves room for signals and timers', async (t) => {
  const { rootfs } = beside(t, { '/a': '' })
  for (const ask of [() => rootfs.lstat('/a'), () => rootfs.list('/')]) {
    let isTurned = false
    setImmediate(() => {
      isTurned = true
    })
    for (let calls = 0; !isTurned && calls < 500_000; calls++) await ask()
    assert.ok(isTurned)
  }
})

test('a time is in whole seconds, and never before 1970', async (t) => {
  const { root, rootfs } = beside(t, { '/a': 'x' })
  for (const [time, seconds] of [
    [1_234_567_890_750, 1_234_567_890],
    [500, 0],
    [-1500, 0],
  ] as const) {
    lutimesSync(`${root}/a`, new Date(time), new Date(time))
    assert.equal((await rootfs.lstat('/a'))?.mtime, seconds)
  }
})

test('a path with a NUL in it leads nowhere', async (t) => {
  const { rootfs } = beside(t, { '/a': 'a' })
  for (const path of ['/a\0', '/a\0/b', '/\0'] as const) {
    assert.equal(await rootfs.lstat(path), undefined)
    assert.deepEqual(await rootfs.list(path), [])
  }
})
