import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bufferReader } from '../../src/bytes.js'
import { blobCache } from '../../src/image/blob-cache.js'
import { type BlobStore, temporaryStore } from '../../src/image/blob-store.js'
import { parseConfigDocument } from '../../src/image/config.js'
import { type Digest, sha256 } from '../../src/image/digest.js'
import type { LayerBlob } from '../../src/image/layer.js'
import { budgetOf, type Limits } from '../../src/image/limits.js'
import { type OpenedLayers, openLayers } from '../../src/image/open-layers.js'
import { answersOf } from '../support/layered-rootfs.js'
import { tarOf } from '../support/tar-builder.js'

const LOWER = tarOf([
  { path: 'etc/', type: '5', mode: 0o700 },
  { path: 'etc/name', content: 'lower' },
  { path: 'gone', content: 'x' },
])
const UPPER = tarOf([{ path: 'etc/name', content: 'upper' }, { path: '.wh.gone' }])

test('a later run reads nothing of the layers but what it is asked for', async (t) => {
  const directory = folder(t)
  const first = await through(directory, [LOWER, UPPER])
  const reads: number[] = []
  const later = await through(directory, [LOWER, UPPER], {
    wrap: (store) => watched(store, (offset) => reads.push(offset)),
  })
  assert.deepEqual(later, first)
  assert.deepEqual(reads, [512], 'the content of the one file')
})

test('an index that is damaged is made anew', async (t) => {
  const directory = folder(t)
  const first = await through(directory, [LOWER, UPPER])
  const index = indexIn(directory)
  const whole = readFileSync(join(directory, index))
  for (const damage of [
    () => truncateSync(join(directory, index), 700),
    () => damageUnseen(join(directory, index)),
  ]) {
    damage()
    assert.deepEqual(await through(directory, [LOWER, UPPER]), first)
    assert.deepEqual(readFileSync(join(directory, index)), whole)
  }
})

test('an index that is damaged goes, also where no other can be made', async (t) => {
  const directory = folder(t)
  const first = await through(directory, [LOWER, UPPER])
  damageUnseen(join(directory, indexIn(directory)))
  assert.deepEqual(
    await through(directory, [LOWER, UPPER], { wrap: (store) => ({ ...store, keep: () => {} }) }),
    first,
  )
  assert.deepEqual(entriesIn(directory).sort(), [LOWER, UPPER].map((tar) => fileOf(gzipSync(tar))).sort())
})

test('where a layer is gone from the cache, it is fetched again', async (t) => {
  const directory = folder(t)
  const first = await through(directory, [LOWER, UPPER])
  rmSync(join(directory, fileOf(gzipSync(UPPER))))
  const fetched: Digest[] = []
  assert.deepEqual(await through(directory, [LOWER, UPPER], { fetched }), first)
  assert.deepEqual(fetched, [sha256(gzipSync(UPPER))])
})

test('the same layers in another order are another tree', async (t) => {
  const directory = folder(t)
  await through(directory, [LOWER, UPPER])
  const { answers } = await through(directory, [UPPER, LOWER])
  assert.deepEqual(answers, (await through(folder(t), [UPPER, LOWER])).answers)
})

test('limits that are set lower count for what was kept', async (t) => {
  const directory = folder(t)
  await through(directory, [LOWER, UPPER], { limits: { entries: 5 } })
  const again = through(directory, [LOWER, UPPER], { limits: { entries: 4 } })
  await assert.rejects(again, { code: 'limit', message: /more than 4 files/ })
})

test('a limit of names that is set lower counts for what was kept', async (t) => {
  const directory = folder(t)
  await through(directory, [LOWER, UPPER])
  const again = through(directory, [LOWER, UPPER], { limits: { path: 2 } })
  await assert.rejects(again, { code: 'limit', message: /name of more than 2 bytes/ })
})

test('a layer that a configuration speaks of wrongly is refused, whatever was kept', async (t) => {
  const directory = folder(t)
  await through(directory, [LOWER, UPPER])
  const wrong = { ...blobOf(UPPER), diffId: sha256(LOWER) }
  await assert.rejects(opened(blobCache(directory)!, [blobOf(LOWER), wrong]), { code: 'unreadable' })
})

test('no index is kept of layers that are used where they lie', async (t) => {
  const directory = folder(t)
  const lying = { ...blobOf(LOWER, LOWER), reader: bufferReader(LOWER) }
  for (const layers of [[lying], [lying, blobOf(UPPER)]]) {
    await using store = blobCache(directory)!
    await opened(store, layers)
  }
  assert.deepEqual(entriesIn(directory), [fileOf(gzipSync(UPPER))])
})

test('a store that keeps nothing, and one that cannot be written, give the same', async (t) => {
  const { answers } = await through(folder(t), [LOWER, UPPER])
  await using temporary = temporaryStore()
  const blobs = [blobOf(LOWER), blobOf(UPPER)]
  assert.deepEqual(await answersOf((await opened(temporary, blobs)).rootfs), answers)
  const directory = folder(t)
  await using broken = blobCache(directory)!
  rmSync(join(directory, 'in-work'), { recursive: true })
  assert.deepEqual(await answersOf((await opened(broken, blobs)).rootfs), answers)
  assert.deepEqual(entriesIn(directory), [])
})

test('a signal that was aborted ends a later run too', async (t) => {
  const directory = folder(t)
  await through(directory, [LOWER, UPPER])
  await using store = blobCache(directory)!
  const again = opened(store, [blobOf(LOWER), blobOf(UPPER)], {}, AbortSignal.abort())
  await assert.rejects(again, { name: 'AbortError' })
})

interface Running {
  readonly limits?: Partial<Limits>
  readonly wrap?: (store: BlobStore) => BlobStore
  readonly fetched?: Digest[]
}

/** What a run shows that has its cache in this directory. */
async function through(
  directory: string,
  tars: readonly Uint8Array[],
  { limits = {}, wrap = (store) => store, fetched = [] }: Running = {},
): Promise<{ readonly answers: unknown[]; readonly size: number }> {
  await using store = blobCache(directory)!
  const blobs = tars.map((tar) => blobOf(tar, gzipSync(tar), fetched))
  const { rootfs, size } = await opened(wrap(store), blobs, limits)
  return { answers: await answersOf(rootfs), size }
}

/** The same, and `watch` is told of each place of a layer that is read. */
function watched(store: BlobStore, watch: (offset: number) => void): BlobStore {
  const layers = [LOWER, UPPER].map((tar) => blobOf(tar).digest)
  return {
    ...store,
    find: async (digest, content) => {
      const found = await store.find(digest, content)
      if (found === undefined || !layers.includes(digest)) return found
      const { size, read } = found
      return {
        size,
        read: (offset, length) => {
          watch(offset)
          return read(offset, length)
        },
      }
    },
  }
}

function opened(
  store: BlobStore,
  blobs: readonly LayerBlob[],
  limits: Partial<Limits> = {},
  signal?: AbortSignal,
): Promise<OpenedLayers> {
  const rootfs = { type: 'layers', diff_ids: blobs.map(({ diffId }) => diffId) }
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs })
  const document = parseConfigDocument(Buffer.from(config), 'config')
  const context = { store, budget: budgetOf(limits, 'image'), ...(signal === undefined ? {} : { signal }) }
  return openLayers(document, blobs, undefined, 'image', context)
}

function blobOf(tar: Uint8Array, bytes: Uint8Array = gzipSync(tar), fetched: Digest[] = []): LayerBlob {
  const digest = sha256(bytes)
  return {
    digest,
    size: bytes.length,
    diffId: sha256(tar),
    stream: async function* () {
      fetched.push(digest)
      yield bytes
    },
  }
}

/** The entry that is no layer. */
function indexIn(directory: string): string {
  const layers = [LOWER, UPPER].map((tar) => fileOf(gzipSync(tar)))
  const others = entriesIn(directory).filter((name) => !layers.includes(name))
  assert.equal(others.length, 1)
  return others[0]!
}

function entriesIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => /^sha256-[0-9a-f]+$/.test(name))
}

function fileOf(bytes: Uint8Array): string {
  return sha256(bytes).replace(':', '-')
}

/** Changes a byte, and the stamp as if that had been written. */
function damageUnseen(path: string): void {
  const bytes = readFileSync(path)
  bytes[600]! ^= 1
  writeFileSync(path, bytes)
  const stamp = JSON.parse(readFileSync(`${path}.stamp`, 'utf8'))
  writeFileSync(`${path}.stamp`, JSON.stringify({ ...stamp, mtimeMs: 0, content: sha256(bytes) }))
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'liftbin-layers-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
