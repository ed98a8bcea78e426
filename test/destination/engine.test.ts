import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeImage } from '../../src/destination/index.js'
import { LiftError } from '../../src/errors.js'
import { packImage } from '../../src/pack/packed.js'
import { fakeEngine, type Hook } from '../support/fake-engine.js'
import { type LoadedImage, loads } from '../support/fake-load.js'
import { packingOf } from '../support/packing.js'

const PACKING = packingOf({ '/bin/tool': 'a tool', '/lib/libc.so.6': { file: 'a library', role: 'library' } })

test('an image is loaded under the name that docker tag would give it', async () => {
  const cases: Readonly<Record<string, string>> = {
    app: 'app:latest',
    'team/app:2': 'team/app:2',
    'docker.io/library/app:1': 'app:1',
    'example.org:5000/app': 'example.org:5000/app:latest',
  }
  const images = new Map<string, LoadedImage>()
  await using engine = await fakeEngine({}, loads(images))
  for (const [asked, name] of Object.entries(cases)) {
    const written = await writeImage(`docker:${asked}`, [PACKING], engine)
    const id = await imageIdOf()
    assert.equal(written.reference, `docker:${name}`)
    assert.deepEqual([written.imageId, images.get(name)?.id], [id, id])
  }
})

test('in Podman a name without a registry is a local one', async () => {
  const images = new Map<string, LoadedImage>()
  await using engine = await fakeEngine({}, loads(images))
  const env = { CONTAINER_HOST: `unix://${engine.socket}` }
  for (const asked of ['app:1', 'localhost/app:2', 'example.org/app:3', 'team/app:4'])
    await writeImage(`podman:${asked}`, [PACKING], { env })
  assert.deepEqual(
    [...images.keys()],
    ['localhost/app:1', 'localhost/app:2', 'example.org/app:3', 'localhost/team/app:4'],
  )
})

test('an engine that names images by a manifest of its own is believed by the layers', async () => {
  const images = new Map<string, LoadedImage>()
  const byManifest = loads(images, () => `sha256:${'12'.repeat(32)}`)
  await using engine = await fakeEngine({}, byManifest)
  assert.equal((await writeImage('docker:app:1', [PACKING], engine)).imageId, await imageIdOf())
})

test('an engine that has another image under the name after all is an error', async () => {
  const others: readonly (readonly string[])[] = [
    [],
    [`sha256:${'34'.repeat(32)}`, `sha256:${'56'.repeat(32)}`],
  ]
  for (const layers of others) {
    const images = new Map<string, LoadedImage>()
    const load = loads(images)
    const replaced: Hook = async (request, response) => {
      if (request.path === '/images/app:1/json')
        images.set('app:1', { id: `sha256:${'12'.repeat(32)}`, layers })
      return load(request, response)
    }
    await using engine = await fakeEngine({}, replaced)
    await assert.rejects(writeImage('docker:app:1', [PACKING], engine), {
      code: 'engine-failed',
      message: 'Docker has another image as app:1 than was loaded',
    })
  }
})

test('what the engine says against an image is the error, whether its answer began well or not', async () => {
  const cases: readonly (readonly [number, string, RegExp, RegExp | undefined])[] = [
    [
      200,
      '{"errorDetail":{"message":"x"},"error":"write /x: no space left on device"}\r\n',
      /: write \/x: no space left/,
      /docker system prune/,
    ],
    [
      200,
      '{"status":"Loading layer"}\n{"error":"invalid diffID"}\n{"error":"and more"}',
      /: invalid diffID$/,
      undefined,
    ],
    [500, '{"message":"not a tar"}', /: not a tar$/, undefined],
    [500, 'oops', /: status 500$/, undefined],
    [200, `${'x'.repeat(1 << 20)}\n{"error":"still seen"}`, /: still seen$/, undefined],
  ]
  for (const [status, body, message, hint] of cases) {
    await using engine = await fakeEngine({}, answering(status, body))
    await assert.rejects(writeImage('docker:app:1', [PACKING], engine), (error: unknown) => {
      assert.ok(error instanceof LiftError)
      assert.equal(error.code, 'engine-failed')
      assert.match(error.message, message)
      if (hint === undefined) assert.equal(error.hint, undefined)
      else assert.match(error.hint ?? '', hint)
      return true
    })
    assert.deepEqual(engine.requests, ['POST /images/load?quiet=0'])
  }
})

test('a file of the image that cannot be read ends the load with its own error', async () => {
  const broken = {
    ...PACKING,
    open: () => {
      throw new LiftError('unreadable', 'the layer is damaged')
    },
  }
  await using engine = await fakeEngine({}, loads(new Map()))
  await assert.rejects(writeImage('docker:app:1', [broken], engine), {
    code: 'unreadable',
    message: /the layer is damaged$/,
  })
})

test('an interrupted load ends at once', async () => {
  const abort = new AbortController()
  const hook: Hook = ({ path }) => {
    if (path === '/images/load') abort.abort()
    return path === '/images/load'
  }
  await using engine = await fakeEngine({}, hook)
  await assert.rejects(writeImage('docker:app:1', [PACKING], { ...engine, signal: abort.signal }), {
    code: 'interrupted',
  })
  assert.deepEqual(engine.requests, ['POST /images/load?quiet=0'])
})

test('a name with a digest, and what is no name, are refused before anybody is asked', async () => {
  await using engine = await fakeEngine({})
  const wrong = [`app@sha256:${'12'.repeat(32)}`, 'App', 'app:', 'a b']
  for (const name of wrong)
    for (const scheme of ['docker', 'podman'])
      await assert.rejects(writeImage(`${scheme}:${name}`, [PACKING], engine), { code: 'usage' }, name)
  assert.deepEqual(engine.requests, [])
})

test('an engine takes an image for one platform', async () => {
  await assert.rejects(writeImage('docker:app', [PACKING, PACKING], {}), { code: 'usage', hint: /registry:/ })
})

async function imageIdOf(): Promise<string> {
  await using image = await packImage(PACKING)
  return image.config.descriptor.digest
}

function answering(status: number, body: string): Hook {
  return (_, response) => {
    response.writeHead(status).end(body)
    return true
  }
}
