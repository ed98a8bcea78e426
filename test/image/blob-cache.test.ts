import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { blobCache, cacheContents, clearCache } from '../../src/image/blob-cache.js'
import { sha256 } from '../../src/image/digest.js'
import { type CountedLayer, layerOf, readFile, readThrough } from '../support/cached-layer.js'

test('a layer is fetched and uncompressed once, and later runs read what was kept', async (t) => {
  const directory = folder(t)
  const layer = layerOf('hello')
  for (let run = 0; run < 3; run++) assert.equal(await readThrough(directory, layer), 'hello')
  assert.equal(layer.fetches(), 1)
  assert.deepEqual(readFileSync(entryOf(directory, layer)), layer.tar)
})

test('a layer that two layers of an image share is fetched once', async (t) => {
  const store = blobCache(folder(t))!
  const layer = layerOf('hello')
  const both = await Promise.all([readFile(store, layer.blob), readFile(store, layer.blob)])
  await store[Symbol.asyncDispose]()
  assert.deepEqual([both, layer.fetches()], [['hello', 'hello'], 1])
})

test('what is kept is not given for a layer that another digest is expected of', async (t) => {
  const directory = folder(t)
  const { blob } = layerOf('hello')
  await readThrough(directory, layerOf('hello'))
  const store = blobCache(directory)!
  const asked = { ...blob, diffId: sha256(Buffer.from('something else')) }
  await assert.rejects(readFile(store, asked), { code: 'unreadable', message: /not what its digest says/ })
  await store[Symbol.asyncDispose]()
})

test('verifying what is kept can be interrupted, and nothing of it is lost', async (t) => {
  const directory = folder(t)
  const layer = layerOf('hello')
  await readThrough(directory, layer)
  utimesSync(entryOf(directory, layer), 1, 1)
  const store = blobCache(directory)!
  const stop = new AbortController()
  const found = store.find(layer.blob.digest, undefined, stop.signal)
  stop.abort()
  await assert.rejects(found, { name: 'AbortError' })
  await store[Symbol.asyncDispose]()
  assert.equal(await readThrough(directory, layer), 'hello')
  assert.equal(layer.fetches(), 1)
})

test('a layer that is not what its digest says leaves nothing', async (t) => {
  const directory = folder(t)
  const { blob } = layerOf('hello')
  const store = blobCache(directory)!
  const wrong = { ...blob, digest: sha256(Buffer.from('x')) }
  await assert.rejects(readFile(store, wrong), { code: 'unreadable' })
  await store[Symbol.asyncDispose]()
  assert.deepEqual(filesBelow(directory), [])
})

test('a run that is interrupted leaves no part of a layer', async (t) => {
  const directory = folder(t)
  const stop = new AbortController()
  const layer = layerOf('hello', () => stop.abort())
  await assert.rejects(readThrough(directory, layer, { signal: stop.signal }))
  assert.deepEqual(filesBelow(directory), [])
})

describe('runs share', () => {
  test('who wants what another run is fetching waits for it', async (t) => {
    const directory = folder(t)
    const other = await runUntilHalf(t, directory, 'shared')
    const layer = layerOf('shared')
    const reading = readThrough(directory, layer)
    other.child.stdin!.write('go\n')
    assert.equal(await reading, 'shared')
    assert.equal(layer.fetches(), 0)
    assert.equal(await other.nextLine(), 'shared 1')
  })

  test('waiting ends when it is interrupted', async (t) => {
    const directory = folder(t)
    await runUntilHalf(t, directory, 'shared')
    const stop = new AbortController()
    const reading = readThrough(directory, layerOf('shared'), { signal: stop.signal })
    stop.abort()
    await assert.rejects(reading, { code: 'interrupted' })
  })

  test('what a killed run has left is not trusted, holds nobody up, and goes', async (t) => {
    const directory = folder(t)
    const other = await runUntilHalf(t, directory, 'shared')
    other.child.kill('SIGKILL')
    await once(other.child, 'exit')
    assert.equal(filesBelow(directory).length, 2, 'its lock and its unfinished file')
    const layer = layerOf('shared')
    assert.equal(await readThrough(directory, layer), 'shared')
    assert.equal(layer.fetches(), 1)
    assert.deepEqual(filesBelow(directory), namesOf(layer))
  })

  test('a lock that has said nothing for long is taken over, whoever made it', async (t) => {
    const directory = folder(t)
    const layer = layerOf('shared')
    mkdirSync(join(directory, 'in-work'))
    const lock = join(directory, 'in-work', `${nameOf(layer)}.lock`)
    writeFileSync(lock, '1 another-machine/pid:[1]')
    utimesSync(lock, new Date(0), new Date(0))
    assert.equal(await readThrough(directory, layer), 'shared')
    assert.deepEqual(filesBelow(directory), namesOf(layer))
  })

  test('a run whose lock was taken over finishes, and leaves the lock of the other alone', async (t) => {
    const directory = folder(t)
    const layer = layerOf('shared', () => {
      rmSync(join(directory, 'in-work'), { recursive: true })
      mkdirSync(join(directory, 'in-work'))
      writeFileSync(join(directory, 'in-work', `${nameOf(layer)}.lock`), 'new')
    })
    assert.equal(await readThrough(directory, layer), 'shared')
    assert.deepEqual(filesBelow(directory), [`in-work/${nameOf(layer)}.lock`])
  })
})

describe('a damaged entry heals', () => {
  const DAMAGES: Readonly<Record<string, (entry: string) => void>> = {
    'a file that was cut short': (entry) => truncateSync(entry, 700),
    'a byte that was changed': (entry) => overwrite(entry, 513, 'E'),
    'a stamp that is missing': (entry) => rmSync(`${entry}.stamp`),
    'a stamp that is no JSON': (entry) => writeFileSync(`${entry}.stamp`, '{"size'),
    'a stamp that is another thing': (entry) => writeFileSync(`${entry}.stamp`, '[1, 2]'),
    'a stamp that names a digest of no kind': (entry) =>
      writeFileSync(`${entry}.stamp`, readFileSync(`${entry}.stamp`, 'utf8').replace('sha256', 'sha1')),
    'a tar that was damaged without a new time': (entry) => {
      const { mtimeMs } = statSync(entry)
      overwrite(entry, 148, 'garbage')
      utimesSync(entry, mtimeMs / 1000, mtimeMs / 1000)
      const stamp = JSON.parse(readFileSync(`${entry}.stamp`, 'utf8'))
      writeFileSync(`${entry}.stamp`, JSON.stringify({ ...stamp, mtimeMs: statSync(entry).mtimeMs }))
    },
    'a byte lost when the system went down': (entry) => {
      overwrite(entry, 513, 'E')
      const stamp = JSON.parse(readFileSync(`${entry}.stamp`, 'utf8'))
      const { mtimeMs } = statSync(entry)
      writeFileSync(`${entry}.stamp`, JSON.stringify({ ...stamp, mtimeMs, boot: 'an earlier one' }))
    },
  }
  for (const [what, damage] of Object.entries(DAMAGES)) {
    test(what, async (t) => {
      const directory = folder(t)
      const layer = layerOf('hello')
      await readThrough(directory, layer)
      damage(entryOf(directory, layer))
      assert.equal(await readThrough(directory, layer), 'hello')
      assert.equal(await readThrough(directory, layer), 'hello')
      assert.equal(layer.fetches(), 2)
    })
  }

  for (const [what, change] of Object.entries({
    'a new time': (entry: string) => utimesSync(entry, 1000, 1000),
    'a system that was started anew': (entry: string) => {
      const stamp = JSON.parse(readFileSync(`${entry}.stamp`, 'utf8'))
      writeFileSync(`${entry}.stamp`, JSON.stringify({ ...stamp, boot: 'an earlier one' }))
    },
  })) {
    test(`an entry that is sound in spite of ${what} is verified once and kept`, async (t) => {
      const directory = folder(t)
      const layer = layerOf('hello')
      await readThrough(directory, layer)
      change(entryOf(directory, layer))
      await readThrough(directory, layer)
      assert.equal(layer.fetches(), 1)
      const { mtimeMs, boot } = JSON.parse(readFileSync(`${entryOf(directory, layer)}.stamp`, 'utf8'))
      assert.deepEqual([mtimeMs, boot], [statSync(entryOf(directory, layer)).mtimeMs, undefined])
      assert.deepEqual(filesBelow(directory), namesOf(layer))
    })
  }
})

describe('the cache is limited in size', () => {
  test('what was not used longest goes first', async (t) => {
    const directory = folder(t)
    const [a, b, c] = [layerOf('a'), layerOf('b'), layerOf('c')] as const
    for (const layer of [a, b]) await readThrough(directory, layer)
    usedAt(directory, a, 2000)
    usedAt(directory, b, 1000)
    await readThrough(directory, c, { most: 2 * c.tar.length })
    assert.deepEqual(filesBelow(directory), [...namesOf(a), ...namesOf(c)].sort())
  })

  test('reading an entry makes it the one used last', async (t) => {
    const directory = folder(t)
    const [a, b] = [layerOf('a'), layerOf('b')] as const
    for (const layer of [a, b]) await readThrough(directory, layer)
    usedAt(directory, a, 1000)
    usedAt(directory, b, 2000)
    await readThrough(directory, a, { most: a.tar.length })
    assert.deepEqual(filesBelow(directory), namesOf(a))
  })

  test('a run reads what is larger than the cache to its end, and keeps nothing of it', async (t) => {
    const directory = folder(t)
    const layer = layerOf('hello')
    assert.equal(await readThrough(directory, layer, { most: 1 }), 'hello')
    assert.deepEqual(filesBelow(directory), [])
  })

  test('a run still reads what another one has removed meanwhile', async (t) => {
    const directory = folder(t)
    const layer = layerOf('hello')
    await readThrough(directory, layer)
    const store = blobCache(directory)!
    const reader = await store.find(layer.blob.digest)
    clearCache(directory)
    assert.deepEqual(Buffer.from(await reader!.read(0, 1 << 20)), layer.tar)
    await store[Symbol.asyncDispose]()
    await assert.rejects(reader!.read(0, 1), { code: 'unreadable' })
  })

  test('stray files of long ago go, those of a run at work stay', async (t) => {
    const directory = folder(t)
    await readThrough(directory, layerOf('hello'))
    const old = join(directory, 'in-work', `sha256-${'0'.repeat(64)}.0123`)
    const young = join(directory, 'in-work', `sha256-${'1'.repeat(64)}.0123`)
    const stamp = join(directory, `sha256-${'2'.repeat(64)}.stamp`)
    for (const path of [old, young, stamp]) writeFileSync(path, 'x')
    for (const path of [old, stamp]) utimesSync(path, 1000, 1000)
    await readThrough(directory, layerOf('hello'))
    const left = filesBelow(directory)
    assert.deepEqual(
      [old, young, stamp].map((path) => left.includes(path.slice(directory.length + 1))),
      [false, true, false],
    )
  })
})

describe('what can be done without', () => {
  const BYTES = Buffer.from('made again at will')
  const DIGEST = sha256(BYTES)

  test('is kept whole, with a stamp', async (t) => {
    const directory = folder(t)
    const store = blobCache(directory)!
    store.keep(DIGEST, (append) => {
      append(BYTES.subarray(0, 5))
      append(BYTES.subarray(5))
      return DIGEST
    })
    const kept = await store.find(DIGEST, DIGEST)
    assert.deepEqual(Buffer.from(await kept!.read(0, 100)), BYTES)
    await store[Symbol.asyncDispose]()
    const name = DIGEST.replace(':', '-')
    assert.deepEqual(filesBelow(directory), [name, `${name}.stamp`])
  })

  test('leaves nothing where it fails, and fails nothing', async (t) => {
    const directory = folder(t)
    const store = blobCache(directory)!
    store.keep(DIGEST, (append) => {
      append(BYTES)
      throw new Error('too large')
    })
    assert.deepEqual(filesBelow(directory), [])
    rmSync(join(directory, 'in-work'), { recursive: true })
    const write = t.mock.fn(() => DIGEST)
    store.keep(DIGEST, write)
    await store[Symbol.asyncDispose]()
    assert.deepEqual([filesBelow(directory), write.mock.callCount()], [[], 0])
  })
})

test('what is kept can be read without waiting, but not for long at a stretch', async (t) => {
  const directory = folder(t)
  const layer = layerOf('hello')
  await readThrough(directory, layer)
  const store = blobCache(directory)!
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const kept = (await store.find(layer.blob.digest))!
  const into = Buffer.alloc(5)
  const readNow = kept.readNow!
  assert.equal(readNow(512, into), 5)
  assert.equal(into.toString(), 'hello')
  t.mock.timers.setTime(1_000_100)
  assert.equal(kept.readNow, undefined)
  await kept.read(0, 1)
  assert.ok(kept.readNow)
  t.mock.timers.setTime(0)
  assert.equal(kept.readNow, undefined, 'the clock was set back')
  await store[Symbol.asyncDispose]()
  assert.throws(() => readNow(512, into), { code: 'unreadable' })
})

test('the cache is counted, and emptied whole', async (t) => {
  const directory = folder(t)
  const layers = [layerOf('a'), layerOf('b')]
  for (const layer of layers) await readThrough(directory, layer)
  const size = layers.reduce((sum, { tar }) => sum + tar.length, 0)
  assert.deepEqual(cacheContents(directory), { directory, entries: 2, size })
  clearCache(directory)
  assert.deepEqual(cacheContents(directory), { directory, entries: 0, size: 0 })
  assert.deepEqual(filesBelow(directory), [])
})

test('only its owner may look into the cache', async (t) => {
  const directory = join(folder(t), 'deep', 'down')
  const layer = layerOf('hello')
  await readThrough(directory, layer)
  const modes = [directory, join(directory, 'in-work'), entryOf(directory, layer)].map(
    (path) => statSync(path).mode & 0o777,
  )
  assert.deepEqual(modes, [0o700, 0o700, 0o600])
})

test('a directory that cannot be made, or that everybody may write to, is no cache', (t) => {
  const directory = folder(t)
  writeFileSync(join(directory, 'file'), '')
  assert.equal(blobCache(join(directory, 'file', 'below')), undefined)
  mkdirSync(join(directory, 'open'))
  chmodSync(join(directory, 'open'), 0o777)
  assert.equal(blobCache(join(directory, 'open')), undefined)
})

test('where the cache cannot be written in the middle, the run goes on without', async (t) => {
  const directory = folder(t)
  const store = blobCache(directory)!
  rmSync(join(directory, 'in-work'), { recursive: true })
  const layer = layerOf('hello')
  assert.equal(await readFile(store, layer.blob), 'hello')
  await store[Symbol.asyncDispose]()
  assert.deepEqual(filesBelow(directory), [])
})

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'liftbin-cache-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function nameOf({ blob }: CountedLayer): string {
  return blob.digest.replace(':', '-')
}

function entryOf(directory: string, layer: CountedLayer): string {
  return join(directory, nameOf(layer))
}

/** What a layer that is kept leaves in the cache. */
function namesOf(layer: CountedLayer): string[] {
  return [nameOf(layer), `${nameOf(layer)}.stamp`]
}

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return entries.filter((path) => statSync(join(directory, path)).isFile()).sort()
}

function usedAt(directory: string, layer: CountedLayer, seconds: number): void {
  utimesSync(`${entryOf(directory, layer)}.stamp`, seconds, seconds)
}

function overwrite(path: string, at: number, text: string): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, text, at)
  closeSync(fd)
}

interface OtherRun {
  readonly child: ChildProcess
  nextLine(): Promise<string>
}

/** Another process that has fetched half of the layer and waits. */
async function runUntilHalf(t: TestContext, directory: string, text: string): Promise<OtherRun> {
  const script = fileURLToPath(new URL('../support/cache-run.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, directory, text], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const nextLine = async () => String((await lines.next()).value)
  assert.equal(await nextLine(), 'half')
  return { child, nextLine }
}
