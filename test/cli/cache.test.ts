import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { layerStore } from '../../src/source/layer-store.js'
import { layerOf, readFile, readThrough } from '../support/cached-layer.js'
import { runCli } from '../support/cli.js'

test('`cache` says where the cache is and what it holds', async (t) => {
  const home = folder(t)
  const layer = layerOf('hello')
  await readThrough(join(home, '.cache', 'liftbin'), layer)
  const { status, out, err } = await runCli(['cache'], { env: { HOME: home } })
  assert.deepEqual([status, out, err], [0, `${home}/.cache/liftbin: 1 file, 2.0 kB\n`, ''])
})

test('`cache` of a cache that was never used is empty, and makes none', async (t) => {
  const home = folder(t)
  const { status, out } = await runCli(['cache'], { env: { HOME: home } })
  assert.deepEqual([status, out], [0, `${home}/.cache/liftbin: 0 files, 0 B\n`])
  assert.equal(existsSync(join(home, '.cache')), false)
})

test('`cache clear` empties it, and leaves alone what is not of the cache', async (t) => {
  const base = folder(t)
  const directory = join(base, 'liftbin')
  await readThrough(directory, layerOf('hello'))
  writeFileSync(join(directory, 'notes.txt'), 'mine')
  const env = { HOME: '/nowhere', XDG_CACHE_HOME: base }
  const cleared = await runCli(['cache', 'clear'], { env })
  assert.deepEqual([cleared.status, cleared.out], [0, `${directory}: 1 file, 2.0 kB removed\n`])
  assert.equal((await runCli(['cache'], { env })).out, `${directory}: 0 files, 0 B\n`)
  assert.equal(existsSync(join(directory, 'notes.txt')), true)
})

test('`cache` with another word is wrong usage', async (t) => {
  const { status, out, err } = await runCli(['cache', 'clean'], { env: { HOME: folder(t) } })
  assert.deepEqual([status, out], [2, ''])
  assert.match(err, /cache clean is no command\n {2}Write `liftbin cache clear`/)
})

test('an XDG_CACHE_HOME that is relative is ignored', async (t) => {
  const home = folder(t)
  const { out } = await runCli(['cache'], { env: { HOME: home, XDG_CACHE_HOME: 'relative' } })
  assert.ok(out.startsWith(`${home}/.cache/liftbin: `))
})

test('--no-cache and --cache-size reach the library', async () => {
  assert.equal(await cacheOption('--no-cache'), 'none')
  assert.deepEqual(await cacheOption('--cache-size', '2M'), { size: 2 << 20 })
  assert.equal(await cacheOption(), undefined)
})

test('a size that is none is wrong usage', async () => {
  for (const size of ['0', '-1', '10 G', '1e3', 'much']) {
    assert.equal((await runCli(['dir:/x', 'ls', '--cache-size', size])).status, 2, size)
  }
})

test('layers go to the cache below XDG_CACHE_HOME', async (t) => {
  const base = folder(t)
  await readBy({ env: { XDG_CACHE_HOME: base } })
  assert.equal(existsSync(join(base, 'liftbin')), true)
})

test('without a cache, layers go to temporary files', async (t) => {
  const base = folder(t)
  await readBy({ env: { XDG_CACHE_HOME: base }, cache: 'none' })
  assert.equal(existsSync(join(base, 'liftbin')), false)
})

test('where the cache cannot be made, layers go to temporary files, and a step says so', async (t) => {
  const base = folder(t)
  mkdirSync(join(base, 'home'))
  writeFileSync(join(base, 'home', '.cache'), 'a file')
  const steps: string[] = []
  await readBy({ env: { HOME: join(base, 'home') }, onStep: (step) => void steps.push(step) })
  assert.deepEqual(steps, [`going without a cache: ${base}/home/.cache/liftbin is not ours to write`])
})

async function cacheOption(...options: readonly string[]): Promise<unknown> {
  const { calls } = await runCli(['dir:/x', 'ls', ...options])
  const [open] = calls
  assert.equal(open?.to, 'openImage')
  return open.options.cache
}

/** Reads a layer through the store that the options make. */
async function readBy(options: Parameters<typeof layerStore>[0]): Promise<void> {
  const layer = layerOf('hello')
  const store = layerStore(options)
  assert.equal(await readFile(store, layer.blob), 'hello')
  await store[Symbol.asyncDispose]()
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'liftbin-cache-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}
