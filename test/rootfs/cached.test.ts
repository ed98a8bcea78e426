import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cachedRootFs } from '../../src/rootfs/cached.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'

/** A root that writes down what it is asked. */
function counted(): { readonly rootfs: RootFs; readonly asked: string[] } {
  const inner = memoryRootFs({ '/d/a': 'x', '/d/b': { link: 'a' } })
  const asked: string[] = []
  const rootfs: RootFs = {
    lstat: (path) => {
      asked.push(`lstat ${path}`)
      return inner.lstat(path)
    },
    list: (path) => {
      asked.push(`list ${path}`)
      return inner.list(path)
    },
    open: (file) => inner.open(file),
  }
  return { rootfs: cachedRootFs(rootfs), asked }
}

test('each path is asked for once, absent ones too', async () => {
  const { rootfs, asked } = counted()
  for (let round = 0; round < 2; round++) {
    assert.equal((await rootfs.lstat('/d/a'))?.kind, 'file')
    assert.equal(await rootfs.lstat('/none'), undefined)
  }
  assert.deepEqual(asked, ['lstat /d/a', 'lstat /none'])
})

test('askers at the same time share one question', async () => {
  const { rootfs, asked } = counted()
  await Promise.all([rootfs.lstat('/d/a'), rootfs.lstat('/d/a'), rootfs.list('/d'), rootfs.list('/d')])
  assert.deepEqual(asked, ['lstat /d/a', 'list /d'])
})

test('what a listing has told is not asked for again', async () => {
  const { rootfs, asked } = counted()
  const [first] = await rootfs.list('/d')
  assert.equal(await rootfs.lstat('/d/a'), first)
  assert.equal((await rootfs.lstat('/d/b'))?.kind, 'symlink')
  assert.deepEqual(asked, ['list /d'])
})

test('what a root tells exactly it still tells', async () => {
  const inner = memoryRootFs({ '/d/a': 'x' })
  assert.equal('exact' in cachedRootFs(inner), false)
  const exact: RootFs['exact'] = async (entries) => entries.map((entry) => ({ ...entry, uid: 7 }))
  const rootfs = cachedRootFs({ ...inner, exact })
  const [entry] = (await rootfs.exact?.(await rootfs.list('/d'))) ?? []
  assert.equal(entry?.uid, 7)
})
