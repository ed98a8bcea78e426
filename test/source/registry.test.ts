import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sha256 } from '../../src/image/digest.js'
import type { Image } from '../../src/image/image.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { openImage } from '../../src/source/index.js'
import { openFromRegistry, openRegistry } from '../../src/source/registry.js'
import type { OpenOptions } from '../../src/source/source.js'
import { type FakeRegistry, type Fault, fakeRegistry, HASTY, QUICK } from '../support/fake-registry.js'
import { answers, cutAt, guarded, stallAt } from '../support/registry-faults.js'
import { INDEX, indexOf, registryImage, storedJson } from '../support/registry-image.js'

const IMAGE = registryImage([
  [
    { path: 'bin/', type: '5', mode: 0o755 },
    { path: 'bin/tool', content: 'old' },
    { path: 'gone', content: 'x' },
  ],
  [{ path: 'bin/tool', content: 'new' }, { path: '.wh.gone' }],
])

test('an image is its layers, one over the other, pinned by its digest', async () => {
  await using setting = await withImage()
  await using image = await setting.open('demo:1')
  assert.equal(await textOf(image, '/bin/tool'), 'new')
  assert.equal(await image.rootfs.lstat('/gone'), undefined)
  const { host } = setting.registry
  assert.deepEqual(image.copySource, {
    kind: 'image',
    from: `${host}/demo@${IMAGE.digest}`,
    pinned: true,
  })
  assert.equal(image.reference, `registry:${host}/demo:1`)
  assert.equal(image.digest, IMAGE.digest)
  assert.deepEqual(image.platform, { os: 'linux', architecture: 'amd64' })
})

test('without a tag it is latest', async () => {
  await using setting = await withImage()
  setting.registry.put('demo', 'latest', IMAGE)
  await using _image = await setting.open('demo')
  assert.equal(setting.registry.lines[0], 'GET /v2/demo/manifests/latest')
})

test('a digest is asked for even where a tag stands beside it', async () => {
  await using setting = await withImage()
  await using image = await setting.open(`demo:other@${IMAGE.digest}`)
  assert.equal(setting.registry.lines[0], `GET /v2/demo/manifests/${IMAGE.digest}`)
  assert.equal(image.digest, IMAGE.digest)
})

test('what is not of the digest that was asked for is refused', async () => {
  const other = registryImage([[{ path: 'a', content: 'a' }]])
  await using setting = await withImage(answers(/manifests/, 200, {}, other.manifest.bytes))
  await assert.rejects(setting.open(`demo@${IMAGE.digest}`), { code: 'unreadable', message: /digest/ })
})

test('a name or tag that the registry does not have is not found', async () => {
  await using setting = await withImage()
  for (const name of ['demo:2', 'other:1'])
    await assert.rejects(setting.open(name), {
      code: 'image-not-found',
      message: new RegExp(`has no image ${setting.registry.host}/${name}`),
    })
})

test('of an index the entry for the platform is taken, attestations never', async () => {
  const arm = registryImage([[{ path: 'arm', content: 'arm' }]], { architecture: 'arm64' })
  await using setting = await withImage()
  const index = indexOf([
    ['unknown/unknown', registryImage([[{ path: 'proof' }]], { architecture: 'unknown' })],
    ['linux/amd64', IMAGE],
    ['linux/arm64/v8', arm],
  ])
  setting.registry.put('demo', 'many', index)
  for (const image of [arm, IMAGE]) setting.registry.put('demo', image.digest, image)
  await using image = await setting.open('demo:many', { platform: 'linux/arm64' })
  assert.equal(await textOf(image, '/arm'), 'arm')
  await assert.rejects(setting.open('demo:many', { platform: 'linux/s390x' }), {
    code: 'platform-mismatch',
    message: /linux\/amd64, linux\/arm64/,
  })
})

test('what is pinned is the index, so that it serves every platform', async () => {
  await using setting = await withImage()
  const index = indexOf([['linux/amd64', IMAGE]])
  setting.registry.put('demo', 'many', index)
  await using image = await setting.open('demo:many', { platform: 'linux/amd64' })
  const { copySource, digest } = image
  assert.ok(copySource.kind === 'image' && copySource.from.endsWith(`/demo@${digest}`))
  assert.notEqual(digest, IMAGE.digest)
})

test('the manifest of the platform has a name of its own, unless it is what was asked for', async () => {
  await using setting = await withImage()
  setting.registry.put('demo', 'many', indexOf([['linux/amd64', IMAGE]]))
  setting.registry.put('demo', IMAGE.digest, IMAGE)
  const own = async (name: string) => {
    await using image = await setting.open(name, { platform: 'linux/amd64' })
    return image.copySource.kind === 'image' ? image.copySource.ofPlatform : 'none'
  }
  assert.equal(await own('demo:many'), `${setting.registry.host}/demo@${IMAGE.digest}`)
  assert.equal(await own('demo:1'), undefined)
})

test("Docker's old format, artifacts and things that are no manifest are errors", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"schemaVersion":1,"fsLayers":[]}', 'unsupported'],
    ['{"schemaVersion":2}', 'unreadable'],
    ['<html>', 'unreadable'],
    ['{"schemaVersion":2,"config":{"digest":"sha256:12","size":1},"layers":[]}', 'unreadable'],
    [`{"schemaVersion":2,"config":{"digest":"${IMAGE.digest}","size":1e300},"layers":[]}`, 'unreadable'],
    ['', 'unreadable'],
  ]
  for (const [body, code] of cases) {
    await using setting = await withImage(answers(/manifests/, 200, {}, body))
    await assert.rejects(setting.open('demo:1'), { code }, body)
  }
})

test('an index that names what is not there, or itself, is an error', async () => {
  await using setting = await withImage()
  setting.registry.put('demo', 'hollow', indexOf([['linux/amd64', registryImage([[{ path: 'x' }]])]]))
  await assert.rejects(setting.open('demo:hollow', { platform: 'linux/amd64' }), {
    code: 'registry-failed',
    message: /lacks the manifest/,
  })
  let nested = indexOf([['linux/amd64', IMAGE]])
  for (let depth = 0; depth < 6; depth++) {
    setting.registry.put('demo', `nest${depth}`, nested)
    nested = storedJson(INDEX, {
      schemaVersion: 2,
      manifests: [
        {
          mediaType: INDEX,
          digest: sha256(nested.bytes),
          size: nested.bytes.length,
          platform: { os: 'linux', architecture: 'amd64' },
        },
      ],
    })
  }
  setting.registry.put('demo', 'deep', nested)
  await assert.rejects(setting.open('demo:deep', { platform: 'linux/amd64' }), { code: 'limit' })
})

test('a layer or configuration with other bytes is refused, and nothing of it is kept', async () => {
  const wrong = registryImage([[{ path: 'evil', content: 'evil' }]])
  const [evil] = wrong.layers
  const body = wrong.blobs.get(evil!)!.bytes
  for (const [digest] of IMAGE.blobs) {
    await using setting = await withImage(answers(new RegExp(digest), 200, {}, body))
    await assert.rejects(setting.open('demo:1'), { code: /unreadable|registry-failed/ })
    assert.deepEqual(
      setting.kept().filter((name) => name.includes(digest.slice(7))),
      [],
    )
    assert.deepEqual(setting.leftovers(), [])
  }
})

test('a layer whose size in the manifest is wrong is refused, and nothing of it is kept', async () => {
  for (const sizeError of [-1, 1]) {
    const image = registryImage([[{ path: 'a', content: 'a' }]], { sizeError })
    await using setting = await withImage()
    setting.registry.put('demo', '1', image)
    await assert.rejects(setting.open('demo:1'), { code: 'registry-failed' })
    assert.deepEqual(
      setting.kept().filter((name) => name.includes(image.layers[0]!.slice(7))),
      [],
    )
    assert.deepEqual(setting.leftovers(), [])
  }
})

test('a layer that breaks off is kept only when all of it has come', async () => {
  const layer = new RegExp(`blobs/${IMAGE.layers[0]}`)
  await using broken = await withImage(cutAt(layer, 20))
  await assert.rejects(broken.open('demo:1'), { code: 'registry-failed', hint: /Try again/ })
  assert.ok(broken.kept().every((name) => !name.includes(IMAGE.layers[0]!.slice(7))))
  assert.deepEqual(broken.leftovers(), [])
  await using healed = await withImage(cutAt(layer, 20, 1))
  await using image = await healed.open('demo:1')
  assert.equal(await textOf(image, '/bin/tool'), 'new')
})

test('a second run fetches the manifest alone', async () => {
  await using setting = await withImage()
  for (const expected of [4, 1]) {
    const before = setting.registry.lines.length
    await using image = await setting.open('demo:1')
    assert.equal(await textOf(image, '/bin/tool'), 'new')
    assert.equal(setting.registry.lines.length - before, expected)
  }
})

test('an interrupted run is interrupted, whatever it was at, and leaves nothing behind', async () => {
  const config = [...IMAGE.blobs.keys()][0]!
  for (const phase of [
    'manifests',
    `blobs/${config}`,
    `blobs/${IMAGE.layers[0]}`,
    `blobs/${IMAGE.layers[1]}`,
  ]) {
    const abort = new AbortController()
    await using setting = await withImage((request, ...rest) => {
      if (request.path.includes(phase)) setTimeout(() => abort.abort(), 20)
      return stallAt(new RegExp(phase), 10)(request, ...rest)
    })
    await assert.rejects(setting.open('demo:1', { signal: abort.signal }), { code: 'interrupted' }, phase)
    assert.deepEqual(setting.leftovers(), [])
  }
})

test('a run that was interrupted before it began asks nobody', async () => {
  await using setting = await withImage()
  await assert.rejects(setting.open('demo:1', { signal: AbortSignal.abort() }), { code: 'interrupted' })
  assert.deepEqual(setting.registry.lines, [])
})

test("mirrors are asked in order in place of Docker's own registry, and for nothing else", async () => {
  await using empty = await withImage()
  await using setting = await withImage()
  setting.registry.put('library/demo', '1', IMAGE)
  const mirrors = { registryMirrors: ['127.0.0.1:1', empty.registry.host, setting.registry.host] }
  await using image = await setting.openAs('demo:1', mirrors)
  assert.equal(await textOf(image, '/bin/tool'), 'new')
  assert.deepEqual(image.copySource, { kind: 'image', from: `demo@${IMAGE.digest}`, pinned: true })
  assert.deepEqual(empty.registry.lines, ['GET /v2/library/demo/manifests/1'])
  await using _other = await setting.open('demo:1', { registryMirrors: [empty.registry.host] })
  assert.equal(empty.registry.lines.length, 1)
})

test('a mirror that fails in the middle is passed over', async () => {
  await using failing = await withImage(answers(/blobs/, 500))
  failing.registry.put('library/demo', '1', IMAGE)
  await using lying = await withImage(answers(/blobs/, 200, {}, 'x'))
  lying.registry.put('library/demo', '1', IMAGE)
  await using setting = await withImage()
  setting.registry.put('library/demo', '1', IMAGE)
  const mirrors = [failing, lying, setting].map(({ registry }) => registry.host)
  await using image = await setting.openAs('demo:1', { registryMirrors: mirrors })
  assert.equal(await textOf(image, '/bin/tool'), 'new')
})

test('what is no host is no mirror', async () => {
  for (const mirror of [
    'https://mirror.example',
    'a b',
    '',
    'mirror.example/path',
    'me:secret@mirror.example',
  ]) {
    await assert.rejects(openFromRegistry('demo', { registryMirrors: [mirror] }, QUICK), { code: 'usage' })
  }
})

test('HTTPS is spoken, but plain HTTP on this machine and where the user says so', async () => {
  await using proxy = await fakeRegistry()
  const seen = async (options: OpenOptions) => {
    const before = proxy.lines.length
    const proxies = { HTTP_PROXY: proxy.host }
    await openFromRegistry(
      'registry.invalid:5000/demo',
      { ...options, env: proxies },
      { ...QUICK, retries: 0 },
    ).catch(() => {})
    return proxy.lines.slice(before)
  }
  assert.deepEqual(await seen({}), [])
  assert.deepEqual(await seen({ insecureRegistries: ['registry.invalid'] }), [])
  assert.deepEqual(await seen({ insecureRegistries: ['registry.invalid:5000'] }), [
    'GET http://registry.invalid:5000/v2/demo/manifests/latest',
  ])
})

test('credentials are those of the registry that asks, and no error says them', async () => {
  await using setting = await withImage(
    guarded('Basic realm="x"', () => [`Basic ${Buffer.from('me:secret').toString('base64')}`]),
  )
  const { host } = setting.registry
  setting.login({ [host]: { auth: Buffer.from('me:secret').toString('base64') } })
  {
    await using image = await setting.open('demo:1')
    assert.equal(image.digest, IMAGE.digest)
  }
  for (const auths of [{}, { [host]: { auth: Buffer.from('me:wrong').toString('base64') } }]) {
    setting.login(auths)
    await assert.rejects(setting.open('demo:1'), (error: Error & { code: string; hint: string }) => {
      assert.equal(error.code, 'registry-denied')
      assert.ok(!`${error.stack}${error.hint}${error.cause}`.includes('wrong'))
      return true
    })
  }
})

test('a bare name that no engine has comes from its registry', async () => {
  await using setting = await withImage()
  const name = `${setting.registry.host}/demo:1`
  await using image = await openImage(name, { env: setting.env })
  assert.equal(image.reference, `registry:${name}`)
  await assert.rejects(openImage(`${setting.registry.host}/demo:2`, { env: setting.env }), {
    code: 'image-not-found',
    message: /\n {2}registry: has no such image$/,
    hint: /Check the name/,
  })
})

test('a bare name that a registry denies ends with the way to log in', async () => {
  await using setting = await withImage(guarded('Basic realm="x"', () => []))
  await assert.rejects(openImage(`${setting.registry.host}/demo:1`, { env: setting.env }), {
    code: 'image-not-found',
    hint: /docker login/,
  })
})

test('steps say who is asked and which layer is read', async () => {
  await using setting = await withImage()
  const steps: string[] = []
  await using _image = await setting.open('demo:1', { onStep: (step) => steps.push(step) })
  const { host } = setting.registry
  assert.deepEqual(steps.slice(0, 2), [`asking ${host} for ${host}/demo:1`, 'reading layer 1 of 2'])
})

interface Setting extends AsyncDisposable {
  readonly registry: FakeRegistry
  readonly env: Readonly<Record<string, string>>
  /** Opens a name of this registry. */
  open(name: string, options?: OpenOptions): Promise<Image>
  openAs(name: string, options: OpenOptions): Promise<Image>
  /** What is in the cache, by name. */
  kept(): string[]
  /** What the cache holds of runs that have ended. */
  leftovers(): string[]
  login(auths: object): void
}

/** A registry with the image `demo:1`, and an environment of its own. */
async function withImage(...faults: Fault[]): Promise<Setting> {
  const registry = await fakeRegistry(...faults)
  registry.put('demo', '1', IMAGE)
  const home = mkdtempSync(join(tmpdir(), 'liftbin-registry-'))
  const env = {
    HOME: home,
    PATH: '/nowhere',
    DOCKER_HOST: 'unix:///nowhere/docker.sock',
    DOCKER_CONFIG: home,
    XDG_CACHE_HOME: home,
  }
  const cache = join(home, 'liftbin')
  const openAs = async (name: string, options: OpenOptions) => {
    const patience = options.signal === undefined ? QUICK : { ...HASTY, answer: 60_000, pause: 60_000 }
    const image = await openFromRegistry(name, { env, ...options }, patience)
    return image ?? openRegistry(name, { env, ...options })
  }
  return {
    registry,
    env,
    openAs,
    open: (name, options = {}) => openAs(`${registry.host}/${name}`, options),
    kept: () => (existsSync(cache) ? readdirSync(cache) : []),
    leftovers: () => (existsSync(join(cache, 'in-work')) ? readdirSync(join(cache, 'in-work')) : []),
    login: (auths) => writeFileSync(join(home, 'config.json'), JSON.stringify({ auths })),
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function textOf(image: Image, path: RootPath): Promise<string | undefined> {
  const entry = await image.rootfs.lstat(path)
  if (entry?.kind !== 'file') return undefined
  return Buffer.from(await image.rootfs.open(entry).read(0, entry.size)).toString()
}
