import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryNode } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'
import type { Entry, RootFs } from '../../src/rootfs/rootfs.js'

/** A root file system under test, holding the tree it was asked for. */
export interface Opened {
  readonly rootfs: RootFs
  close(): Promise<void>
}

const LARGE = new Uint8Array(700_001).map((_, index) => (index * 7) % 251)
/** A name that is not UTF-8: the byte 0xe9 alone, as `decodeText` writes it. */
const NOT_UTF8 = 'caf\udce9'

const TREE: Readonly<Record<string, MemoryNode>> = {
  '/bin': { link: 'usr/bin' },
  '/etc/empty': '',
  '/etc/name with space': 'space',
  '/etc/ünïcode': 'unicode',
  [`/etc/${NOT_UTF8}`]: 'bytes',
  '/usr/bin/tool': { file: 'tool', mode: 0o4755, mtime: 1_234_567_890 },
  '/usr/bin/awk': { link: '/etc/alternatives/awk', mtime: 1 },
  '/usr/bin/dangling': { link: '../nowhere/./x//y' },
  '/usr/bin/loop': { link: 'loop' },
  '/usr/lib/liba.so.1': { link: 'liba.so.1.0' },
  '/usr/lib/liba.so.1.0': 'library',
  '/usr/lib/large': { file: LARGE, mode: 0o644 },
  '/usr/lib/one': { file: 'same', identity: 'inode', mode: 0o644 },
  '/usr/lib/two': { file: 'same', identity: 'inode', mode: 0o644 },
  '/usr/lib/B': '',
  '/usr/lib/a/deep': 'deep',
  '/usr/lib/a.b': '',
  [`/usr/share/${'long-'.repeat(40)}/file`]: 'long',
  '/var/tmp': { directory: true, mode: 0o1777, mtime: 3_000_000_000 },
}

/** The rules every root file system keeps, as tests. */
export function rootFsContract(name: string, open: (tree: typeof TREE) => Promise<Opened>): void {
  const rule = (title: string, check: (rootfs: RootFs) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const opened = await open(TREE)
      try {
        await check(opened.rootfs)
      } finally {
        await opened.close()
      }
    })

  rule('a file is given with its size and mode, setuid included', async (rootfs) => {
    const entry = await fileAt(rootfs, '/usr/bin/tool')
    assert.deepEqual(
      { size: entry.size, mode: entry.mode, path: entry.path },
      { size: 4, mode: 0o4755, path: '/usr/bin/tool' },
    )
  })

  rule('the root is a directory, and a directory has its mode, sticky bit included', async (rootfs) => {
    assert.equal((await rootfs.lstat('/'))?.kind, 'directory')
    const entry = await rootfs.lstat('/var/tmp')
    assert.deepEqual([entry?.kind, entry?.mode], ['directory', 0o1777])
  })

  rule('a file, a link and a directory have the time of their last change', async (rootfs) => {
    const entries = await Promise.all(
      (['/usr/bin/tool', '/usr/bin/awk', '/var/tmp'] as const).map((path) => rootfs.lstat(path)),
    )
    assert.deepEqual(
      entries.map((entry) => entry?.mtime),
      [1_234_567_890, 1, 3_000_000_000],
    )
  })

  rule('what is asked for exactly is the same, in the same order, once or often', async (rootfs) => {
    const paths = ['/usr/lib/a', '/bin', '/var/tmp', '/', '/usr/bin/tool', '/usr/lib', '/var/tmp'] as const
    const entries = await Promise.all(
      paths.map(async (path) => (await rootfs.lstat(path)) ?? assert.fail(path)),
    )
    const exact = (await rootfs.exact?.(entries)) ?? entries
    assert.deepEqual(exact.map(plain), entries.map(plain))
    assert.equal(exact[2]?.mtime, 3_000_000_000)
  })

  rule('a link is given itself, its text unchanged', async (rootfs) => {
    const targets = await Promise.all(
      (['/bin', '/usr/bin/awk', '/usr/bin/dangling', '/usr/bin/loop', '/usr/lib/liba.so.1'] as const).map(
        (path) => rootfs.lstat(path),
      ),
    )
    assert.deepEqual(
      targets.map((entry) => entry?.kind === 'symlink' && entry.target),
      ['usr/bin', '/etc/alternatives/awk', '../nowhere/./x//y', 'loop', 'liba.so.1.0'],
    )
  })

  rule('what does not exist is absent', async (rootfs) => {
    for (const path of ['/nothing', '/etc/nothing', '/usr/lib/a/nothing', '/nothing/below'] as const) {
      assert.equal(await rootfs.lstat(path), undefined, path)
    }
  })

  rule('a path through a link or through a file is absent', async (rootfs) => {
    for (const path of ['/bin/tool', '/usr/bin/tool/x', '/usr/bin/loop/x'] as const) {
      assert.equal(await rootfs.lstat(path), undefined, path)
    }
  })

  rule('a directory lists its entries by code unit, each as lstat gives it', async (rootfs) => {
    const entries = await rootfs.list('/usr/lib')
    const names = ['B', 'a', 'a.b', 'large', 'liba.so.1', 'liba.so.1.0', 'one', 'two']
    assert.deepEqual(
      entries.map(({ path }) => path),
      names.map((one) => `/usr/lib/${one}`),
    )
    for (const entry of entries) assert.deepEqual(await rootfs.lstat(entry.path), entry)
  })

  rule('anything but a directory lists nothing', async (rootfs) => {
    for (const path of ['/bin', '/usr/bin/tool', '/nothing', '/bin/below'] as const) {
      assert.deepEqual(await rootfs.list(path), [], path)
    }
  })

  rule('content is read in ranges, short only at the end', async (rootfs) => {
    const entry = await fileAt(rootfs, '/usr/lib/large')
    const reader = rootfs.open(entry)
    assert.equal(reader.size, LARGE.length)
    assert.deepEqual(Buffer.from(await reader.read(600_000, 10)), Buffer.from(LARGE.slice(600_000, 600_010)))
    assert.deepEqual(Buffer.from(await reader.read(0, 3)), Buffer.from(LARGE.slice(0, 3)))
    assert.equal((await reader.read(LARGE.length - 2, 100)).length, 2)
    assert.equal((await reader.read(LARGE.length, 100)).length, 0)
    assert.equal((await reader.read(LARGE.length + 9, 100)).length, 0)
  })

  rule('an empty file has no content', async (rootfs) => {
    assert.equal((await rootfs.open(await fileAt(rootfs, '/etc/empty')).read(0, 10)).length, 0)
  })

  rule('names may hold spaces, other alphabets and bytes that are no text', async (rootfs) => {
    const wanted = { 'name with space': 'space', ünïcode: 'unicode', [NOT_UTF8]: 'bytes' }
    for (const [one, content] of Object.entries(wanted))
      assert.equal(await textAt(rootfs, `/etc/${one}`), content)
    const listed = (await rootfs.list('/etc')).map(({ path }) => path)
    assert.ok(listed.includes(`/etc/${NOT_UTF8}`))
  })

  rule('a name may be longer than a tar header holds', async (rootfs) => {
    assert.equal(await textAt(rootfs, `/usr/share/${'long-'.repeat(40)}/file`), 'long')
  })

  rule('names of one inode have one identity, and no other file has it', async (rootfs) => {
    const entries = await rootfs.list('/usr/lib')
    const identityOf = (path: string) => {
      const entry = entries.find((one) => one.path === path)
      return entry?.kind === 'file' ? entry.identity : assert.fail(path)
    }
    assert.equal(identityOf('/usr/lib/one'), identityOf('/usr/lib/two'))
    assert.notEqual(identityOf('/usr/lib/one'), identityOf('/usr/lib/large'))
    assert.equal(await textAt(rootfs, '/usr/lib/two'), 'same')
  })

  rule('many may ask at once', async (rootfs) => {
    const paths = [
      '/bin',
      '/usr/lib/large',
      '/usr/lib/a/deep',
      '/usr/bin/tool',
      '/nothing',
      '/bin',
      '/usr/lib/B',
    ] as const
    const entries = await Promise.all(paths.map((path) => rootfs.lstat(path)))
    assert.deepEqual(
      entries.map((entry) => entry?.path),
      ['/bin', '/usr/lib/large', '/usr/lib/a/deep', '/usr/bin/tool', undefined, '/bin', '/usr/lib/B'],
    )
  })
}

function plain({ kind, path, mode }: Entry) {
  return { kind, path, mode }
}

/** The file at a path; fails when there is none. */
export async function fileAt(rootfs: RootFs, path: RootPath): Promise<Entry & { kind: 'file' }> {
  const entry = await rootfs.lstat(path)
  return entry?.kind === 'file' ? entry : assert.fail(`${path} is ${entry?.kind ?? 'absent'}`)
}

/** The content of a file as text. */
export async function textAt(rootfs: RootFs, path: RootPath): Promise<string> {
  const entry = await fileAt(rootfs, path)
  return Buffer.from(await rootfs.open(entry).read(0, entry.size)).toString()
}
