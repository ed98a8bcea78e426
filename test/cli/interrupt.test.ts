import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fakeEngine } from '../support/fake-engine.js'

const MAIN = [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
]
const IMAGES = { demo: { tree: { '/bin/tool': 'tool' } } }

/** For each phase of a run the requests that the engine is slow to answer, and how one of them begins. */
const PHASES = {
  'the image is looked for': ['GET /images/demo', /^GET \/images/],
  'helper containers are created': ['POST /containers/create', /^POST/],
  'files are read': ['GET /containers/', /archive$/],
  'helper containers are removed': ['DELETE /containers/', /^DELETE/],
} as const

for (const [phase, [beginning, requests]] of Object.entries(PHASES)) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} while ${phase} is exit 130, without output and without a helper container`, async () => {
      const slow = gate()
      await using engine = await fakeEngine(IMAGES, async ({ method, path }) => {
        if (requests.test(`${method} ${path}`)) await slow.opened
        return false
      })
      await inFolder(async (folder) => {
        const child = liftbin(['docker:demo', '/bin/tool', '-o', join(folder, 'out')], engine.env)
        await engine.seen(beginning)
        child.kill(signal)
        setTimeout(slow.open, 100)
        assert.deepEqual(await ended(child), { status: 130, out: '', err: 'liftbin: interrupted\n' })
        assert.deepEqual(readdirSync(folder), [])
        assert.deepEqual([...engine.containers], [])
      })
    })
  }
}

/** Commands that are slow, each with the surroundings in which liftbin starts it. */
const COMMANDS = {
  'docker context': ['docker', 'docker:demo', { DOCKER_CONTEXT: 'far' }],
  'docker system dial-stdio': ['docker', 'docker:demo', { DOCKER_HOST: 'ssh://nobody@nowhere' }],
  'podman system service': ['podman', 'podman:demo', { CONTAINERS_STORAGE_CONF: '/nowhere' }],
} as const

/** Says its process ID when it has begun. */
const SLOW = '#!/bin/sh\necho $$ >"$0.pid" && mv "$0.pid" "$STARTED" && exec sleep 60\n'

test('Ctrl-C while "docker pull" lasts ends it too', async () => {
  await using engine = await fakeEngine({})
  await inFolder(async (folder) => {
    const started = join(folder, 'started')
    writeFileSync(join(folder, 'docker'), SLOW)
    chmodSync(join(folder, 'docker'), 0o755)
    const PATH = `${folder}:/usr/bin:/bin`
    const child = liftbin(['docker:demo', 'ls'], { ...engine.env, PATH, STARTED: started })
    await exists(started)
    const slow = Number(readFileSync(started, 'utf8'))
    child.kill('SIGINT')
    assert.deepEqual(await ended(child), { status: 130, out: '', err: 'liftbin: interrupted\n' })
    await gone(slow)
  })
})

for (const [title, [command, image, env]] of Object.entries(COMMANDS)) {
  test(`Ctrl-C while "${title}" lasts ends it too, and nothing stays behind`, async () => {
    await inFolder(async (folder) => {
      const started = join(folder, 'started')
      writeFileSync(join(folder, command), SLOW)
      chmodSync(join(folder, command), 0o755)
      const PATH = `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`
      const child = liftbin([image, 'ls'], { PATH, HOME: folder, TMPDIR: folder, STARTED: started, ...env })
      await exists(started)
      const slow = Number(readFileSync(started, 'utf8'))
      child.kill('SIGINT')
      assert.deepEqual(await ended(child), { status: 130, out: '', err: 'liftbin: interrupted\n' })
      await gone(slow)
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.startsWith('liftbin-')),
        [],
      )
    })
  })
}

function liftbin(argv: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [...MAIN, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function ended(child: ChildProcess): Promise<{ status: number | null; out: string; err: string }> {
  const said = { out: '', err: '' }
  child.stdout?.on('data', (data) => {
    said.out += data
  })
  child.stderr?.on('data', (data) => {
    said.err += data
  })
  const [status] = await once(child, 'close')
  return { status, ...said }
}

async function exists(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((done) => setTimeout(done, 10))
}

/** Waits until there is no such process; it may take a moment to die. */
async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 500 && isRunning(pid); tries++)
    await new Promise((done) => setTimeout(done, 20))
  assert.ok(!isRunning(pid))
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function gate() {
  let open = () => {}
  const opened = new Promise<void>((done) => {
    open = done
  })
  return { opened, open: () => open() }
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
