import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { engineClient } from '../../src/source/engine-client.js'
import { startCommand } from '../../src/source/engine-command.js'
import { createHelpers } from '../../src/source/helper-container.js'
import { openImage } from '../../src/source/index.js'
import { FAKE_ID, fakeEngine } from '../support/fake-engine.js'
import { textAt } from '../support/rootfs-contract.js'

const DEMO = { tree: { '/bin/tool': 'tool' } }
const DIGEST = `sha256:${'12'.repeat(32)}`

test('helper containers are created, never started, and removed when the image is disposed', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  {
    await using image = await openImage('docker:demo', { env: engine.env })
    await textAt(image.rootfs, '/bin/tool')
    assert.ok(engine.containers.size > 0)
  }
  assert.deepEqual([...engine.containers], [])
  assert.deepEqual(
    engine.requests.filter((line) => line.includes('/start')),
    [],
  )
})

test('disposing twice removes once', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  const image = await openImage('docker:demo', { env: engine.env })
  await image[Symbol.asyncDispose]()
  const before = engine.requests.length
  await image[Symbol.asyncDispose]()
  assert.equal(engine.requests.length, before)
})

test('the image says what the engine says: digest, platform, size, configuration', async () => {
  const Config = {
    Env: ['PATH=/bin'],
    User: 'app',
    WorkingDir: '/srv',
    Entrypoint: ['/bin/tool'],
    Cmd: null,
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
    StopSignal: 'SIGQUIT',
    Labels: { a: 'b' },
  }
  const inspect = {
    RepoDigests: [`demo@${DIGEST}`],
    Architecture: 'arm64',
    Variant: 'v8',
    Size: 4321,
    Config,
  }
  await using engine = await fakeEngine({ 'demo:1': { ...DEMO, inspect } })
  await using image = await openImage('docker:demo:1', { env: engine.env })
  assert.equal(image.reference, 'docker:demo:1')
  assert.equal(image.digest, DIGEST)
  assert.deepEqual(image.platform, { os: 'linux', architecture: 'arm64', variant: 'v8' })
  assert.equal(image.size, 4321)
  assert.deepEqual(image.copySource, { kind: 'image', from: `demo@${DIGEST}`, pinned: true })
  assert.deepEqual(image.config, {
    env: ['PATH=/bin'],
    user: 'app',
    workingDir: '/srv',
    entrypoint: ['/bin/tool'],
    cmd: [],
    exposedPorts: ['80/tcp'],
    volumes: ['/data'],
    stopSignal: 'SIGQUIT',
    labels: { a: 'b' },
  })
})

test('an image known by its ID alone is given a tag that builders take, and says so', async () => {
  const id = FAKE_ID.slice('sha256:'.length)
  await using engine = await fakeEngine({ [id]: DEMO })
  const steps: string[] = []
  await using image = await openImage(`docker:${id}`, { env: engine.env, onStep: (step) => steps.push(step) })
  assert.deepEqual(image.copySource, { kind: 'image', from: `liftbin-src:${id.slice(0, 12)}`, pinned: false })
  assert.ok(engine.requests.includes(`POST /images/${FAKE_ID}/tag?repo=liftbin-src&tag=${id.slice(0, 12)}`))
  assert.ok(steps.some((step) => step.includes('liftbin-src')))
})

test('a platform is passed on only when one was asked for', async () => {
  await using engine = await fakeEngine({ demo: { ...DEMO, inspect: { Architecture: 'arm64' } } })
  const created = () => engine.requests.filter((line) => line.startsWith('POST /containers/create'))
  await (await openImage('docker:demo', { env: engine.env }))[Symbol.asyncDispose]()
  assert.ok(created().every((line) => !line.includes('platform')))
  await (await openImage('docker:demo', { env: engine.env, platform: 'linux/arm64' }))[Symbol.asyncDispose]()
  assert.ok(created().at(-1)?.includes('platform=linux/arm64'))
})

test('an image of another platform than asked is an error that names both, and nothing is created', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  await assert.rejects(openImage('docker:demo', { env: engine.env, platform: 'linux/arm64' }), {
    code: 'platform-mismatch',
    message: /linux\/amd64.*linux\/arm64/,
    hint: /docker pull --platform linux\/arm64 demo/,
  })
  assert.ok(engine.requests.every((line) => !line.startsWith('POST')))
})

test('where several platforms are wanted, the error says what has several', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  const options = { env: engine.env, platform: 'linux/arm64', otherPlatforms: ['linux/amd64'] }
  for (const name of ['docker:demo', 'demo']) {
    await assert.rejects(openImage(name, options), {
      code: 'platform-mismatch',
      hint: /one platform; registry:demo .*oci-dir:.*oci-archive:/,
    })
  }
})

test('an image for another system than Linux is not supported', async () => {
  await using engine = await fakeEngine({ demo: { ...DEMO, inspect: { Os: 'windows' } } })
  await assert.rejects(openImage('docker:demo', { env: engine.env }), {
    code: 'unsupported',
    message: /windows/,
  })
})

test('an abort while the helpers are created removes them', async () => {
  const abort = new AbortController()
  await using engine = await fakeEngine({ demo: DEMO }, async ({ path }) => {
    if (path !== '/containers/create') return false
    abort.abort()
    await new Promise((done) => setTimeout(done, 30))
    return false
  })
  await assert.rejects(openImage('docker:demo', { env: engine.env, signal: abort.signal }), {
    code: 'interrupted',
  })
  assert.deepEqual([...engine.containers], [])
})

test('helpers are removed even when the answer to their creation was lost', async () => {
  await using engine = await fakeEngine({ demo: DEMO }, async ({ path }, response) => {
    if (path !== '/containers/create') return false
    setTimeout(() => response.socket?.destroy(), 5)
    await new Promise((done) => setTimeout(done, 50))
    return false
  })
  await assert.rejects(openImage('docker:demo', { env: engine.env }), { code: 'engine-failed' })
  assert.deepEqual([...engine.containers], [])
})

test('when one helper cannot be created, the others are removed', async () => {
  let created = 0
  await using engine = await fakeEngine({ demo: DEMO }, ({ path }, response) => {
    if (path !== '/containers/create' || ++created === 1) return false
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end('{"message":"no more room"}')
    return true
  })
  await assert.rejects(openImage('docker:demo', { env: engine.env }), {
    code: 'engine-failed',
    message: /no more room/,
  })
  assert.deepEqual([...engine.containers], [])
})

test('an abort while files are read ends the reading as interrupted', async () => {
  const abort = new AbortController()
  await using engine = await fakeEngine({ demo: DEMO }, ({ path }) => {
    if (!path.endsWith('/archive')) return false
    abort.abort()
    return true
  })
  await using image = await openImage('docker:demo', { env: engine.env, signal: abort.signal })
  await assert.rejects(async () => image.rootfs.lstat('/bin/tool'), { code: 'interrupted' })
})

test('a helper that cannot be removed is an error that says how to remove it', async () => {
  await using engine = await fakeEngine({ demo: DEMO }, ({ method }, response) => {
    if (method !== 'DELETE') return false
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end('{"message":"device busy"}')
    return true
  })
  const image = await openImage('docker:demo', { env: engine.env })
  await assert.rejects(async () => image[Symbol.asyncDispose](), {
    code: 'engine-failed',
    hint: /docker rm -f liftbin-/,
  })
})

test('a helper that vanished while it was read is an error', async () => {
  await using engine = await fakeEngine({ demo: DEMO }, ({ method }, response) => {
    if (method !== 'DELETE') return false
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end('{"message":"No such container"}')
    return true
  })
  const image = await openImage('docker:demo', { env: engine.env })
  await assert.rejects(async () => image[Symbol.asyncDispose](), {
    code: 'engine-failed',
    message: /removed by somebody else/,
  })
})

test('no socket means that the engine is not running', async () => {
  const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock', PATH: '' }
  await assert.rejects(openImage('docker:demo', { env }), {
    code: 'engine-unreachable',
    message: /nowhere\/docker\.sock/,
    hint: /DOCKER_HOST.*dir:/,
  })
})

test('an engine behind a command that is not installed is not reachable', async () => {
  const env = { DOCKER_HOST: 'tcp://127.0.0.1:1', PATH: '/nowhere' }
  await assert.rejects(openImage('docker:demo', { env }), {
    code: 'engine-unreachable',
    message: /the command is not installed/,
  })
})

test('an error never repeats the credentials in DOCKER_HOST', async () => {
  const env = { DOCKER_HOST: 'ssh://me:secret@host', PATH: '/nowhere' }
  await assert.rejects(
    openImage('docker:demo', { env }),
    (error: Error) => !`${error.message}`.includes('secret'),
  )
})

test('an engine behind a command is spoken to through it', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  const directory = mkdtempSync(join(tmpdir(), 'liftbin-command-'))
  try {
    const relay = `const s = require('net').connect(${JSON.stringify(engine.socket)})
      process.stdin.pipe(s); s.pipe(process.stdout)`
    writeFileSync(join(directory, 'relay.cjs'), relay)
    const script = `#!/bin/sh\ntest "$*" = "system dial-stdio" && exec ${process.execPath} ${directory}/relay.cjs\n`
    writeFileSync(join(directory, 'docker'), script)
    chmodSync(join(directory, 'docker'), 0o755)
    const env = { DOCKER_HOST: 'tcp://somewhere:2376', PATH: `${directory}:/usr/bin:/bin` }
    {
      await using image = await openImage('docker:demo', { env })
      assert.equal(await textAt(image.rootfs, '/bin/tool'), 'tool')
    }
    assert.deepEqual([...engine.containers], [])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('an engine that does not answer is an error, not a hang', async () => {
  await using engine = await fakeEngine({ demo: DEMO }, () => true)
  const route = { engine: 'Docker', place: engine.socket, hint: '', socketPath: engine.socket }
  const client = await engineClient(route, { answer: 30, stream: 30 })
  await assert.rejects(client.json('GET', '/images/demo/json'), {
    code: 'engine-failed',
    message: /does not answer/,
  })
  client.close()
})

test('an engine that falls silent in the middle of an answer is an error, not a hang', async () => {
  await using engine = await fakeEngine({ demo: DEMO }, (_, response) => {
    response.writeHead(200)
    response.write('{"Id":')
    return true
  })
  const route = { engine: 'Docker', place: engine.socket, hint: '', socketPath: engine.socket }
  const client = await engineClient(route, { answer: 30, stream: 30 })
  await assert.rejects(client.json('GET', '/images/demo/json'), {
    code: 'engine-failed',
    message: /does not answer/,
  })
  client.close()
})

test('an answer that breaks off is an error', async () => {
  await using engine = await fakeEngine({ demo: DEMO }, (_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{')
    setTimeout(() => response.socket?.destroy(), 5)
    return true
  })
  const route = { engine: 'Docker', place: engine.socket, hint: '', socketPath: engine.socket }
  const client = await engineClient(route)
  await assert.rejects(client.json('GET', '/x'), { code: 'engine-failed', message: /broke off/ })
  client.close()
})

test('helpers have different names, so that two runs at once do not meet', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  const client = await engineClient({ engine: 'Docker', place: '', hint: '', socketPath: engine.socket })
  const helpers = await createHelpers(client, FAKE_ID, {}, 3)
  assert.equal(new Set(helpers.names).size, 3)
  await helpers.remove()
  client.close()
})

test('a socket that may not be opened is a matter of permission, with the ways out', async () => {
  const dial = async () => {
    throw Object.assign(new Error('connect EACCES'), { code: 'EACCES' })
  }
  const client = await engineClient({ engine: 'Docker', place: '/run/docker.sock', hint: '', dial })
  await assert.rejects(client.json('GET', '/x'), { code: 'engine-denied', hint: /group.*sudo.*rootless/ })
  client.close()
})

test('what a command says when it fails to connect decides the error', async () => {
  const said = {
    'permission denied while trying to connect': 'engine-denied',
    'Cannot connect to the Docker daemon at tcp://x. Is it running?': 'engine-unreachable',
  }
  for (const [stderr, code] of Object.entries(said)) {
    const dial = () => startCommand('/bin/sh', ['-c', `echo "${stderr}" >&2; exit 1`], {})
    const client = await engineClient({ engine: 'Docker', place: 'a command', hint: '', dial })
    await assert.rejects(client.json('GET', '/x'), { code }, stderr)
    client.close()
  }
})

test('connections are used again, also after an answer without a body', async () => {
  await using engine = await fakeEngine({ demo: DEMO })
  let dialled = 0
  const dial = () => {
    dialled++
    return startCommand(process.execPath, ['-e', RELAY, engine.socket], {})
  }
  const client = await engineClient({ engine: 'Docker', place: '', hint: '', dial })
  const helpers = await createHelpers(client, FAKE_ID, {}, 1)
  for (const path of ['/', '/bin', '/bin/tool']) {
    const answer = await client.send('HEAD', `/containers/${helpers.names[0]}/archive?path=${path}`)
    for await (const _ of answer.body);
    assert.equal(answer.status, 200)
  }
  await helpers.remove()
  client.close()
  assert.equal(dialled, 1)
})

const RELAY = `const s = require('net').connect(process.argv[1]); process.stdin.pipe(s); s.pipe(process.stdout)`
