import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openImage, parseImageReference, SOURCES } from '../../src/source/index.js'
import { type FakeImage, fakeEngine } from '../support/fake-engine.js'

const DEMO = { tree: { '/bin/tool': 'tool' } }
/** A name whose registry is this machine, where nobody listens. */
const UNREACHABLE = '127.0.0.1:1/demo'
const NOWHERE = { DOCKER_HOST: 'unix:///nowhere/docker.sock', PATH: '/nowhere' }

test('only a known scheme is a scheme; a tag is none', () => {
  assert.deepEqual(parseImageReference('debian:bookworm'), { location: 'debian:bookworm' })
  assert.deepEqual(parseImageReference('localhost:5000/a'), { location: 'localhost:5000/a' })
  assert.deepEqual(parseImageReference('docker:debian:bookworm'), {
    scheme: 'docker',
    location: 'debian:bookworm',
  })
  assert.deepEqual(parseImageReference('dir:/a:b'), { scheme: 'dir', location: '/a:b' })
  assert.deepEqual(parseImageReference('docker:docker:27'), { scheme: 'docker', location: 'docker:27' })
  assert.deepEqual(parseImageReference('constructor:x'), { location: 'constructor:x' })
})

test('each source stands in the table under its scheme', () => {
  for (const [scheme, source] of Object.entries(SOURCES)) assert.equal(source.scheme, scheme)
})

test('a scheme without a location is wrong usage', async () => {
  for (const text of ['', 'docker:', 'dir:'])
    await assert.rejects(openImage(text, { env: NOWHERE }), { code: 'usage' })
})

test('what cannot be an image name is wrong usage, and no engine is asked', async () => {
  await using engine = await fakeEngine({})
  for (const name of [
    'Debian',
    '--privileged',
    'a b',
    'a:b c',
    'a@sha256:12',
    'a/../b',
    'a?x=1',
    `a${'a'.repeat(600)}`,
  ]) {
    await assert.rejects(openImage(`docker:${name}`, { env: engine.env }), { code: 'usage' }, name)
    await assert.rejects(openImage(name, { env: engine.env }), { code: 'usage' }, name)
  }
  assert.deepEqual(engine.requests, [])
})

test('a path without a scheme suggests dir:', async () => {
  await assert.rejects(openImage(tmpdir(), { env: NOWHERE }), {
    code: 'usage',
    hint: `Write dir:${tmpdir()}`,
  })
  await assert.rejects(openImage('./no/such/place', { env: NOWHERE }), { code: 'usage' })
})

test('a bare name is looked for at the Docker daemon first', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  await using image = await openImage('demo', { env: engine.env })
  assert.equal(image.reference, 'docker:demo')
})

test('when nobody has the image, the error lists each place tried with its reason', async () => {
  await using engine = await fakeEngine({})
  await assert.rejects(openImage(UNREACHABLE, { env: engine.env }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'image-not-found')
    const [, docker, podman, registry, pull] = error.message.split('\n')
    assert.match(docker ?? '', /^ {2}docker: has no such image/)
    assert.match(podman ?? '', /^ {2}podman: .*not installed/)
    assert.match(registry ?? '', /^ {2}registry: .*127\.0\.0\.1:1 cannot be reached/)
    assert.match(pull ?? '', /^ {2}docker pull: .*not installed/)
    return true
  })
})

test('without any engine or registry a bare name says that the daemon cannot be reached', async () => {
  await assert.rejects(openImage(UNREACHABLE, { env: NOWHERE }), {
    code: 'image-not-found',
    message: /docker: cannot reach Docker.*\n.*podman: the podman command is not installed\n {2}registry: /,
    hint: /DOCKER_HOST/,
  })
})

test('a wrong platform is the answer, and no further place is tried', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  await assert.rejects(openImage('demo', { env: engine.env, platform: 'linux/s390x' }), {
    code: 'platform-mismatch',
  })
})

test('an image that is not there is pulled with the platform asked for, then opened', async () => {
  const images: Record<string, FakeImage> = {}
  await using engine = await fakeEngine(images)
  await withCommand('docker', 'echo "$@" >"$0.args"; exit 0', async (directory) => {
    const env = { ...engine.env, PATH: `${directory}:/usr/bin:/bin` }
    const steps: string[] = []
    const onStep = (step: string) => {
      steps.push(step)
      if (step.startsWith('pulling')) images['demo:1'] = { ...DEMO, inspect: { Architecture: 'arm64' } }
    }
    await using image = await openImage('docker:demo:1', { env, onStep, platform: 'linux/arm64' })
    assert.equal(image.platform.architecture, 'arm64')
    assert.equal(steps[0], 'pulling demo:1')
  })
})

test('a failed pull gives the reason of the engine, without credentials', async () => {
  await using engine = await fakeEngine({})
  const script = 'echo "Error response from daemon: Get https://me:secret@registry/v2/: no route" >&2; exit 1'
  await withCommand('docker', script, async (directory) => {
    const env = { ...engine.env, PATH: `${directory}:/usr/bin:/bin` }
    await assert.rejects(openImage('docker:demo', { env }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'image-not-found')
      assert.match(error.message, /cannot pull it: Get https:\/\/registry\/v2\/: no route/)
      return true
    })
  })
})

async function withCommand(
  name: string,
  body: string,
  use: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'liftbin-command-'))
  try {
    writeFileSync(join(directory, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(directory, name), 0o755)
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
