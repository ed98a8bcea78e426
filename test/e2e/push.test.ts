import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeImage } from '../../src/destination/index.js'
import type { Packing } from '../../src/pack/packing.js'
import { openImage } from '../../src/source/index.js'
import { packingOf } from '../support/packing.js'
import { countingProxy } from './counting-proxy.js'
import { helloPacking } from './packings.js'
import { basicAuth, type Running, startRegistry, startTokenService, USER } from './real-registry.js'
import { must } from './surroundings.js'

let folder: string
let registry: Running
let packing: Packing

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-e2e-push-'))
  registry = await startRegistry(folder)
  packing = helloPacking(folder)
})

after(async () => {
  await registry[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('an image that was pushed is what skopeo finds, and what is read back', async () => {
  const { reference, digest, imageId } = await push('team/hello:1')
  const found = inspect('team/hello:1')
  assert.equal(found.Digest, digest)
  assert.deepEqual(found.Labels, { a: 'b' })
  assert.equal(found.Layers.length, 2)
  const raw = JSON.parse(skopeo('team/hello:1', '--raw')) as { readonly config: { readonly digest: string } }
  assert.equal(raw.config.digest, imageId)
  await using image = await openImage(reference, { cache: 'none', env: without() })
  const file = await image.rootfs.lstat('/bin/hello')
  assert.equal(file?.kind, 'file')
  const bytes = await image.rootfs.open(file).read(0, file.size)
  assert.deepEqual(bytes, await packing.open(file).read(0, file.size))
})

test('skopeo copies what was pushed, which checks every digest in it', async () => {
  await push('copied:1')
  const from = ['--src-tls-verify=false', `docker://${registry.host}/copied:1`]
  must('skopeo', ['--insecure-policy', 'copy', '--quiet', ...from, `oci:${join(folder, 'copy')}:1`])
})

test('a second push sends no blob, not even to a new tag', async () => {
  await using proxy = await countingProxy(registry.host)
  const to = `${proxy.host}/again`
  const first = await writeImage(`registry:${to}:1`, [packing], { env: without() })
  assert.deepEqual(sent(proxy.lines), { POST: 3, PUT: 3 })
  proxy.lines.length = 0
  for (const tag of ['1', '2']) {
    const { digest } = await writeImage(`registry:${to}:${tag}`, [packing], { env: without() })
    assert.equal(digest, first.digest)
  }
  assert.deepEqual(sent(proxy.lines), { POST: 0, PUT: 0 })
  assert.equal(inspect('again:2').Digest, first.digest)
})

test('blobs of the image that was lifted from are mounted', async () => {
  await using proxy = await countingProxy(registry.host)
  await writeImage(`registry:${proxy.host}/mount/from:1`, [packing], { env: without() })
  proxy.lines.length = 0
  const annotations = { 'org.opencontainers.image.base.name': `${proxy.host}/mount/from:1` }
  await writeImage(`registry:${proxy.host}/mount/to:1`, [{ ...packing, annotations }], { env: without() })
  assert.deepEqual(sent(proxy.lines), { POST: 3, PUT: 0 })
  inspect('mount/to:1')
})

test('an index is pushed with all of its images', async () => {
  const arm = { ...packingOf({ '/bin/hello': 'none of this machine' }), platform: ARM }
  const to = `registry:${registry.host}/several:1`
  const { digest } = await writeImage(to, [packing, arm], { env: without() })
  const amd = JSON.parse(skopeo('several:1', '--override-arch', 'amd64')) as Inspected
  const other = JSON.parse(skopeo('several:1', '--override-arch', 'arm64')) as Inspected
  assert.deepEqual([amd.Architecture, other.Architecture, amd.Digest], ['amd64', 'arm64', digest])
  await using image = await openImage(to, { cache: 'none', env: without(), platform: 'linux/arm64' })
  assert.equal(image.digest, digest)
})

const ARM = { os: 'linux', architecture: 'arm64' }

test('a layer of many pieces arrives whole', async () => {
  const large = packingOf({ '/data': { file: randomBytes(12 << 20) } })
  const { digest } = await writeImage(`registry:${registry.host}/large:1`, [large], { env: without() })
  assert.equal(inspect('large:1').Digest, digest)
})

test('who may push gets in by a name and a password, and by a token; others are told how to log in', async () => {
  await using service = await startTokenService(folder)
  for (const auth of [basicAuth(folder), service.auth]) {
    await using locked = await startRegistry(folder, auth)
    const to = `registry:${locked.host}/locked/${Object.keys(auth)[0]}:1`
    await writeImage(to, [packing], { env: login(locked.host, USER.password) })
    for (const env of [login(locked.host, 'wrong-one'), login('other.example', USER.password), without()]) {
      await assert.rejects(
        writeImage(to, [packing], { env }),
        (error: Error & { code: string; hint: string }) => {
          assert.equal(error.code, 'registry-denied')
          assert.match(error.hint, new RegExp(`docker login ${locked.host}`))
          assert.doesNotMatch(error.message, new RegExp(`${USER.password}|wrong-one`))
          return true
        },
      )
    }
  }
  assert.ok(service.given() > 0)
})

test('an interrupted push leaves no image, and the next one is whole', async () => {
  const large = packingOf({ '/data': { file: randomBytes(12 << 20) } })
  const abort = new AbortController()
  const onStep = (step: string) => {
    if (step.startsWith('pushing layer')) setTimeout(() => abort.abort(), 50)
  }
  const to = `registry:${registry.host}/broken:1`
  await assert.rejects(writeImage(to, [large], { env: without(), signal: abort.signal, onStep }), {
    code: 'interrupted',
  })
  assert.ok(!existsSync(join(folder, 'contents/docker/registry/v2/repositories/broken/_manifests')))
  const { digest } = await writeImage(to, [large], { env: without() })
  assert.equal(inspect('broken:1').Digest, digest)
})

function push(name: string) {
  return writeImage(`registry:${registry.host}/${name}`, [packing], { env: without() })
}

interface Inspected {
  readonly Digest: string
  readonly Architecture: string
  readonly Labels: Readonly<Record<string, string>>
  readonly Layers: readonly string[]
}

function inspect(name: string): Inspected {
  return JSON.parse(skopeo(name)) as Inspected
}

function skopeo(name: string, ...options: readonly string[]): string {
  const globals = options.filter((option) => !option.startsWith('--raw'))
  const own = options.filter((option) => option.startsWith('--raw'))
  return must('skopeo', [
    ...globals,
    'inspect',
    '--tls-verify=false',
    ...own,
    `docker://${registry.host}/${name}`,
  ])
}

function sent(lines: readonly string[]): { readonly POST: number; readonly PUT: number } {
  const count = (line: RegExp) => lines.filter((one) => line.test(one)).length
  return { POST: count(/^POST .*\/blobs\/uploads\//), PUT: count(/^PUT .*\/blobs\/uploads\//) }
}

function login(host: string, password: string): Record<string, string> {
  const auth = Buffer.from(`${USER.name}:${password}`).toString('base64')
  return homeWith({ auths: { [host]: { auth } } })
}

/** The environment of who has never logged in. */
function without(): Record<string, string> {
  return homeWith({})
}

function homeWith(config: object): Record<string, string> {
  const home = mkdtempSync(join(folder, 'home-'))
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  return { HOME: home, DOCKER_CONFIG: home }
}
