import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeImage } from '../../src/destination/index.js'
import { pushPatiently } from '../../src/destination/registry.js'
import { openImage } from '../../src/source/index.js'
import { fakeRegistry, QUICK } from '../support/fake-registry.js'
import { packingOf } from '../support/packing.js'
import { answers, guarded } from '../support/registry-faults.js'
import { registryImage } from '../support/registry-image.js'
import { textAt } from '../support/rootfs-contract.js'

const PACKING = packingOf({ '/bin/tool': 'a tool', '/lib/libc.so.6': { file: 'a library', role: 'library' } })
const ENV = { HOME: mkdtempSync(join(tmpdir(), 'liftbin-push-')) }
after(() => rmSync(ENV.HOME, { recursive: true }))

test('an image that was pushed is read back as it was', async () => {
  await using registry = await fakeRegistry()
  const written = await writeImage(`registry:${registry.host}/team/app:1`, [PACKING], { env: ENV })
  await using image = await openImage(written.reference, { env: ENV, cache: 'none' })
  assert.equal(image.digest, written.digest)
  assert.equal(await textAt(image.rootfs, '/bin/tool'), 'a tool')
  assert.equal(await textAt(image.rootfs, '/lib/libc.so.6'), 'a library')
})

test('without a tag an image is pushed as latest', async () => {
  await using registry = await fakeRegistry()
  await writeImage(`registry:${registry.host}/app`, [PACKING], { env: ENV })
  assert.ok(registry.contents.has('/v2/app/manifests/latest'))
})

test('a second push sends no blob', async () => {
  await using registry = await fakeRegistry()
  const to = `registry:${registry.host}/app:1`
  const first = await writeImage(to, [PACKING], { env: ENV })
  const before = registry.lines.length
  assert.deepEqual(await writeImage(to, [PACKING], { env: ENV }), first)
  const again = registry.lines.slice(before)
  assert.deepEqual(
    again.filter((line) => /^(POST|PATCH|PUT .*blobs)/.test(line)),
    [],
  )
  assert.equal(again.at(-1), 'PUT /v2/app/manifests/1')
})

test('images for several platforms are pushed one by one, and the index that names them last', async () => {
  await using registry = await fakeRegistry()
  const arm = { ...packingOf({ '/bin/tool': 'an arm' }), platform: { os: 'linux', architecture: 'arm64' } }
  const { reference, digest } = await writeImage(`registry:${registry.host}/app:1`, [PACKING, arm], {
    env: ENV,
  })
  const puts = registry.lines.filter((line) => /^PUT .*manifests/.test(line))
  assert.equal(puts.length, 3)
  assert.equal(puts.at(-1), 'PUT /v2/app/manifests/1')
  assert.deepEqual(
    puts.slice(0, 2).map((line) => line.includes('/manifests/sha256:')),
    [true, true],
  )
  for (const [platform, text] of [
    ['linux/arm64', 'an arm'],
    ['linux/amd64', 'a tool'],
  ] as const) {
    await using image = await openImage(reference, { env: ENV, cache: 'none', platform })
    assert.deepEqual([image.digest, await textAt(image.rootfs, '/bin/tool')], [digest, text])
  }
})

test('what the source has in the same registry is mounted from there', async () => {
  await using registry = await fakeRegistry()
  const from = (repository: string) => ({
    ...PACKING,
    annotations: { 'org.opencontainers.image.base.name': `${registry.host}/${repository}:1` },
  })
  await writeImage(`registry:${registry.host}/first:1`, [PACKING], { env: ENV })
  await writeImage(`registry:${registry.host}/second:1`, [from('first')], { env: ENV })
  const blobs = registry.lines.filter((line) => /^(POST|PUT) \/v2\/second\/blobs/.test(line))
  assert.equal(blobs.filter((line) => line.includes('from=first')).length, 3)
  // Its configuration and layers are those of the first; only the manifest names another source.
  assert.deepEqual(
    blobs.filter((line) => line.startsWith('PUT')),
    [],
  )
})

test('a source of another registry, or the repository itself, is no place to mount from', async () => {
  await using registry = await fakeRegistry()
  for (const base of ['example.org/first:1', 'debian', `${registry.host}/second:0`, 'no name at ALL']) {
    const annotations = { 'org.opencontainers.image.base.name': base }
    await writeImage(`registry:${registry.host}/second:1`, [{ ...PACKING, annotations }], { env: ENV })
  }
  assert.deepEqual(
    registry.lines.filter((line) => line.includes('mount=')),
    [],
  )
})

test('the steps say which layer goes, and how large it is', async () => {
  await using registry = await fakeRegistry()
  const steps: string[] = []
  const onStep = (step: string) => void steps.push(step)
  await writeImage(`registry:${registry.host}/app`, [PACKING], { env: ENV, onStep })
  assert.deepEqual(
    steps.filter((step) => step.startsWith('pushing')),
    ['pushing layer 1 of 2, 0.0 MiB', 'pushing layer 2 of 2, 0.0 MiB', `pushing ${registry.host}/app:latest`],
  )
})

test('credentials are those that docker login left for the registry', async () => {
  const basic = `Basic ${Buffer.from('me:p:w secret').toString('base64')}`
  await using registry = await fakeRegistry(guarded('Basic realm="x"', () => [basic]))
  const home = mkdtempSync(join(ENV.HOME, 'docker-'))
  const to = `registry:${registry.host}/app`
  const auths = { [registry.host]: { auth: basic.slice('Basic '.length) } }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ auths }))
  await writeImage(to, [PACKING], { env: { ...ENV, DOCKER_CONFIG: home } })
  await assert.rejects(writeImage(to, [PACKING], { env: ENV }), {
    code: 'registry-denied',
    message: new RegExp(`denies pushing to ${registry.host}/app:latest`),
    hint: new RegExp(`docker login ${registry.host}`),
  })
})

test('a registry that refuses the last blob has no image of this name', async () => {
  await using registry = await fakeRegistry(answers(/blobs\/uploads\/\d.*/, 413))
  await assert.rejects(pushPatiently(`${registry.host}/app:1`, [PACKING], { env: ENV }, QUICK), {
    code: 'registry-failed',
    message: /does not take layer 1 of 2 of /,
  })
  assert.deepEqual(
    registry.lines.filter((line) => line.includes('/manifests/')),
    [],
  )
})

test('a digest is no name for a new image', async () => {
  await using registry = await fakeRegistry()
  for (const name of ['app', 'app:1'])
    await assert.rejects(
      writeImage(`registry:${registry.host}/${name}@${registryImage([]).digest}`, [PACKING], { env: ENV }),
      { code: 'usage', hint: /name\[:tag\]/ },
    )
  assert.deepEqual(registry.lines, [])
})

test('plain HTTP is for registries that the user names, and for this machine', async () => {
  await using proxy = await fakeRegistry(answers(/^/, 401))
  const env = { ...ENV, http_proxy: `http://${proxy.host}`, https_proxy: 'http://127.0.0.1:1' }
  const push = (insecureRegistries: readonly string[]) =>
    pushPatiently('registry.invalid/app', [PACKING], { env, insecureRegistries }, QUICK)
  await assert.rejects(push(['other.invalid']), { code: 'registry-unreachable' })
  assert.deepEqual(proxy.lines, [])
  await assert.rejects(push(['registry.invalid']), { code: 'registry-denied' })
  assert.match(proxy.lines[0]!, /^HEAD http:\/\/registry\.invalid\/v2\/app\/blobs\//)
})
