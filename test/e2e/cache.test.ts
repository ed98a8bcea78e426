import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildElf } from '../support/elf-builder.js'
import { type SlowRegistry, slowRegistry } from '../support/slow-registry.js'
import { CLI, must, type Outcome, run } from './surroundings.js'

const PROGRAM = [
  { path: 'x', content: buildElf({}), mode: 0o755 },
  { path: 'ballast', content: randomBytes(3 << 20) },
]

test('two runs at the same time fetch a layer once', async (t) => {
  const { registry, cache } = await place(t, moment)
  const env = { XDG_CACHE_HOME: cache }
  const both = await Promise.all([lift(registry, env).over, lift(registry, env).over])
  for (const { status, stderr } of both) assert.equal(status, 0, stderr)
  assert.equal(both[0]!.stdout, both[1]!.stdout)
  assert.deepEqual(registry.fetches(), [1])
})

test('a second run fetches nothing, unless it goes without the cache', async (t) => {
  const { registry, cache } = await place(t, moment)
  const env = { XDG_CACHE_HOME: cache }
  const first = await lift(registry, env, '--no-progress').over
  const second = await lift(registry, env, '--no-progress').over
  assert.deepEqual([second, registry.fetches()], [first, [1]])
  const third = await lift(registry, env, '--no-progress', '--no-cache').over
  assert.deepEqual([third, registry.fetches()], [first, [2]])
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} in the middle of a layer is exit 130 and leaves no part of it`, async (t) => {
    const { registry, cache } = await place(t, forever)
    const running = lift(registry, { XDG_CACHE_HOME: cache })
    await registry.begun
    running.child.kill(signal)
    const { status, stdout } = await running.over
    assert.deepEqual([status, stdout], [130, ''])
    assert.deepEqual(largeFiles(cache), [])
  })
}

test('a run after one that was killed in the middle of a layer has the layer right', async (t) => {
  let pause = forever
  const { registry, cache } = await place(t, () => pause())
  const killed = lift(registry, { XDG_CACHE_HOME: cache })
  await registry.begun
  killed.child.kill('SIGKILL')
  await killed.over
  pause = moment
  const { status, stderr } = await lift(registry, { XDG_CACHE_HOME: cache }).over
  assert.equal(status, 0, stderr)
  assert.equal(largeFiles(cache).length, 1)
})

test('a cache on a full disk gives way to temporary files', async (t) => {
  const { registry, cache } = await place(t, moment)
  smallDisk(cache)
  const { status, stderr } = await lift(registry, { XDG_CACHE_HOME: cache }).over
  assert.equal(status, 0, stderr)
  assert.deepEqual(largeFiles(cache), [])
})

test('no room for temporary files either is exit 3 with a way out, and nothing stays', async (t) => {
  const { registry, cache } = await place(t, moment)
  smallDisk(cache)
  const { status, stdout, stderr } = await lift(registry, { XDG_CACHE_HOME: cache, TMPDIR: cache }).over
  assert.deepEqual([status, stdout], [3, ''])
  assert.match(stderr, /cannot write a temporary file: no space left on device\n {2}Make room in /)
  assert.deepEqual(largeFiles(cache), [])
})

async function place(
  t: TestContext,
  pause: () => Promise<void>,
): Promise<{ readonly registry: SlowRegistry; readonly cache: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-e2e-cache-'))
  const registry = await slowRegistry([PROGRAM], 512 << 10, pause)
  t.after(async () => {
    await registry[Symbol.asyncDispose]()
    // Where it is a small disk of its own.
    run('umount', [join(folder, 'cache')])
    rmSync(folder, { recursive: true, force: true })
  })
  mkdirSync(join(folder, 'cache'))
  return { registry, cache: join(folder, 'cache') }
}

function moment(): Promise<void> {
  return new Promise((done) => setTimeout(done, 20))
}

function forever(): Promise<void> {
  return new Promise(() => {})
}

function smallDisk(folder: string): void {
  must('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
}

/** What could be a layer, or a part of one. */
function largeFiles(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return entries.filter((path) => {
    const stats = statSync(join(folder, path))
    return stats.isFile() && stats.size > 100_000
  })
}

function lift(
  { host }: SlowRegistry,
  env: NodeJS.ProcessEnv,
  ...options: readonly string[]
): { readonly child: ChildProcess; readonly over: Promise<Outcome> } {
  const child = spawn(process.execPath, [CLI, `registry:${host}/slow:1`, '/x', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  const over = new Promise<Outcome>((done) => child.on('close', (status) => done({ status, ...said })))
  return { child, over }
}
