import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openImage } from '../../src/source/index.js'
import { fakeEngine } from '../support/fake-engine.js'

const NOWHERE = { DOCKER_HOST: 'unix:///nowhere/docker.sock', CONTAINERS_STORAGE_CONF: '/nowhere' }

test('a service of Podman that does not start is an error with its reason', async () => {
  const cases = { 'echo "no storage" >&2; exit 125': /service: no storage$/m, 'exit 1': /no reason given$/m }
  for (const [body, message] of Object.entries(cases)) {
    await withPodman(body, async (PATH) => {
      const env = { ...NOWHERE, PATH }
      await assert.rejects(openImage('podman:demo', { env }), { code: 'engine-unreachable', message })
      await assert.rejects(openImage(UNREACHABLE, { env }), { code: 'image-not-found', message })
    })
  }
})

test('without the podman command its images are not reachable', async () => {
  await assert.rejects(openImage('podman:demo', { env: { ...NOWHERE, PATH: '/nowhere' } }), {
    code: 'engine-unreachable',
    message: /the podman command is not installed/,
  })
})

test('a Podman on another machine is not reached yet, and the error says a way', async () => {
  await assert.rejects(openImage('podman:demo', { env: { CONTAINER_HOST: 'ssh://me@there' } }), {
    code: 'unsupported',
    hint: /ssh -L/,
  })
})

test('without a directory for its socket no service is started, and that is no bug', async (t) => {
  const before = process.env.TMPDIR
  process.env.TMPDIR = '/does/not/exist'
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
  await assert.rejects(openImage('podman:demo', { env: { ...NOWHERE, PATH: '/nowhere' } }), {
    code: 'output',
    message: 'cannot make a directory in /does/not/exist: no such file or directory',
    hint: /TMPDIR/,
  })
})

test('where the Docker daemon is down and Podman lacks the image, the next step names the daemon', async () => {
  await using podman = await fakeEngine({})
  await withPodman('exit 1', async (PATH) => {
    const env = { ...NOWHERE, PATH, CONTAINER_HOST: `unix://${podman.socket}` }
    await assert.rejects(openImage(UNREACHABLE, { env }), {
      code: 'image-not-found',
      message: /docker: cannot reach Docker.*\n {2}podman: has no such image\n {2}registry: /,
      hint: /DOCKER_HOST/,
    })
  })
})

test('a Podman in disorder does not keep the Docker daemon from pulling', async () => {
  await using docker = await fakeEngine({})
  await using broken = await fakeEngine({}, (_, response) => {
    response.writeHead(500).end('{"message":"storage is locked"}')
    return true
  })
  await withPodman('exit 1', async (PATH) => {
    for (const CONTAINER_HOST of [`unix://${broken.socket}`, 'ssh://me@there']) {
      const env = { ...docker.env, PATH, CONTAINER_HOST }
      await assert.rejects(openImage(UNREACHABLE, { env }), {
        code: 'image-not-found',
        message: /podman: .*(storage is locked|CONTAINER_HOST).*\n {2}registry: .*\n {2}docker pull: /,
      })
    }
  })
})

/** A name whose registry is this machine, where nobody listens. */
const UNREACHABLE = '127.0.0.1:1/demo'

/** A `podman` command with this body, in a PATH with nothing else of engines. */
async function withPodman(body: string, use: (path: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'liftbin-command-'))
  try {
    writeFileSync(join(directory, 'podman'), `#!/bin/sh\n${body}\n`)
    chmodSync(join(directory, 'podman'), 0o755)
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
