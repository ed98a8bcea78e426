import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Image } from '../../src/image/image.js'
import { openImage } from '../../src/source/index.js'
import type { OpenOptions } from '../../src/source/source.js'
import { textAt } from '../support/rootfs-contract.js'
import {
  archived,
  configDocument,
  digestOf,
  dockerSaved,
  type Files,
  onDisk,
  type SavedImage,
} from '../support/saved-image.js'
import { tarOf } from '../support/tar-builder.js'

const LOWER = tarOf([{ path: 'name', content: 'lower' }, { path: 'gone' }])
const UPPER = tarOf([{ path: '.wh.gone' }, { path: 'upper', content: 'yes' }])
const IMAGE: SavedImage = { layers: [LOWER, UPPER], tags: ['one:latest', 'two:v1'], config: { Env: ['A=b'] } }

/** Opens an archive of the bytes; `name` is what follows the file's name. */
async function opened<T>(
  bytes: Uint8Array,
  use: (image: Image) => Promise<T> | T,
  name = '',
  options: OpenOptions = {},
): Promise<T> {
  return onDisk({ 'image.tar': bytes }, async (folder) => {
    await using image = await openImage(`docker-archive:${join(folder, 'image.tar')}${name}`, {
      cache: 'none',
      ...options,
    })
    return await use(image)
  })
}

async function nameIn(bytes: Uint8Array, name = '', options: OpenOptions = {}): Promise<string> {
  return opened(bytes, (image) => textAt(image.rootfs, '/name'), name, options)
}

async function refused(bytes: Uint8Array, message: RegExp, code = 'unreadable', name = ''): Promise<void> {
  await assert.rejects(nameIn(bytes, name), { code, message })
}

test('layers, configuration and platform are those of the saved image', async () => {
  await opened(archived(dockerSaved(IMAGE)), async (image) => {
    assert.equal(await textAt(image.rootfs, '/upper'), 'yes')
    assert.equal(await image.rootfs.lstat('/gone'), undefined)
    assert.deepEqual([image.platform, image.config.env], [{ os: 'linux', architecture: 'amd64' }, ['A=b']])
    assert.equal(image.copySource.kind === 'image' && image.copySource.from, 'one:latest')
    assert.equal(image.size, LOWER.length + UPPER.length)
  })
})

test('an archive may be compressed as a whole', async () => {
  assert.equal(await nameIn(gzipSync(archived(dockerSaved(IMAGE)))), 'lower')
})

test('a layer that two images share may be a link in the archive', async () => {
  const files = dockerSaved(IMAGE)
  const path = `${digestOf(LOWER).slice(7)}/layer.tar`
  const { [path]: layer, ...others } = files
  const link = { path, type: '2', target: '../first/layer.tar' }
  assert.equal(await nameIn(archived({ ...others, 'first/layer.tar': layer! }, link)), 'lower')
})

test('newer engines save a layout too, whose blobs the manifest names', async () => {
  const config = configDocument(IMAGE)
  const blob = (bytes: Uint8Array) => `blobs/sha256/${digestOf(bytes).slice(7)}`
  const manifest = [{ Config: blob(config), RepoTags: ['one:latest'], Layers: [LOWER, UPPER].map(blob) }]
  const files: Files = {
    'oci-layout': Buffer.from('{}'),
    'index.json': Buffer.from('{"schemaVersion":2,"manifests":[]}'),
    'manifest.json': Buffer.from(JSON.stringify(manifest)),
    [blob(config)]: config,
    [blob(LOWER)]: LOWER,
    [blob(UPPER)]: UPPER,
  }
  assert.equal(await nameIn(archived(files)), 'lower')
})

test('layers may be saved compressed, under their own digest or any name', async () => {
  const layers = [gzipSync(LOWER), gzipSync(UPPER)]
  const files = dockerSaved({ ...IMAGE, layers, tars: [LOWER, UPPER] })
  assert.equal(await nameIn(archived(files)), 'lower')
  const config = configDocument({ layers: [LOWER] })
  const blob = `blobs/sha256/${digestOf(layers[0]!).slice(7)}`
  const manifest = Buffer.from(JSON.stringify([{ Config: 'c', Layers: [blob] }]))
  assert.equal(await nameIn(archived({ c: config, [blob]: layers[0]!, 'manifest.json': manifest })), 'lower')
  await refused(
    archived({ c: config, [blob]: gzipSync('x'), 'manifest.json': manifest }),
    /layer 1 of 1 is not what its digest says/,
  )
})

test('one of several images is chosen by tag, `latest` where none is written, or by ID', async () => {
  const other: SavedImage = {
    layers: [tarOf([{ path: 'name', content: 'other' }])],
    tags: ['localhost:5000/other:latest'],
  }
  const bytes = archived(dockerSaved(IMAGE, other))
  const id = digestOf(configDocument(other))
  for (const name of [':localhost:5000/other', ':localhost:5000/other:latest', `:${id}`, `:${id.slice(7)}`])
    assert.equal(await nameIn(bytes, name), 'other', name)
  for (const name of [':one', ':two:v1']) assert.equal(await nameIn(bytes, name), 'lower')
  await refused(bytes, /holds 2 images/, 'usage')
  for (const name of [':two', ':none', ':other'])
    await refused(bytes, /holds no image/, 'image-not-found', name)
})

test('a name may be written short or whole, in the archive and by who asks', async () => {
  const other: SavedImage = { layers: [UPPER], tags: ['other:latest'] }
  const short: SavedImage = { ...IMAGE, tags: ['debian:bookworm'] }
  const whole: SavedImage = { ...IMAGE, tags: ['docker.io/library/debian:bookworm'] }
  for (const image of [short, whole]) {
    const bytes = archived(dockerSaved(other, image))
    for (const name of ['debian:bookworm', 'library/debian:bookworm', 'docker.io/library/debian:bookworm'])
      await opened(
        bytes,
        async ({ rootfs, copySource }) => {
          assert.equal(await textAt(rootfs, '/name'), 'lower')
          // Loading gives it the name that the archive has.
          assert.equal(copySource.kind === 'image' && copySource.from, image.tags![0])
        },
        `:${name}`,
      )
    for (const name of [':debian', ':quay.io/library/debian:bookworm'])
      await refused(bytes, /holds no image/, 'image-not-found', name)
  }
})

test('twelve digits of an ID are enough, and fewer are a name', async () => {
  const other: SavedImage = { layers: [UPPER], tags: ['other:latest'] }
  const bytes = archived(dockerSaved(other, IMAGE))
  const id = digestOf(configDocument(IMAGE)).slice(7)
  for (const name of [id.slice(0, 12), id.slice(0, 40), `sha256:${id}`])
    assert.equal(await nameIn(bytes, `:${name}`), 'lower')
  await refused(bytes, /holds no image/, 'image-not-found', `:${id.slice(0, 11)}`)
})

test('an archive that is refused leaves nothing open', async () => {
  const layers = [gzipSync(LOWER), gzipSync(Buffer.concat([UPPER, randomBytes(600_000)]))]
  const bytes = archived(dockerSaved({ layers, tars: [LOWER, Buffer.from('another')] }))
  const count = () => readdirSync('/dev/fd').length
  await onDisk({ 'image.tar': bytes }, async (folder) => {
    const cache = { directory: join(folder, 'cache') }
    const open = async () => {
      const name = `docker-archive:${join(folder, 'image.tar')}`
      await assert.rejects(openImage(name, { cache }), { code: 'unreadable' })
      await new Promise((done) => setImmediate(done))
    }
    await open()
    const before = count()
    for (let times = 0; times < 5; times++) await open()
    assert.equal(count(), before)
  })
})

test('reading an archive can be interrupted', async () => {
  const stop = new AbortController()
  const interrupted = opened(archived(dockerSaved(IMAGE)), () => {}, '', {
    signal: stop.signal,
    onLayer: () => stop.abort(),
  })
  await assert.rejects(interrupted, {
    code: 'interrupted',
    message: /interrupted while reading .*image\.tar/,
  })
})

test('who asks for an image that is not there is told which are', async () => {
  const bytes = archived(dockerSaved(IMAGE, { layers: [] }))
  const id = digestOf(configDocument({ layers: [] })).slice(7)
  await assert.rejects(nameIn(bytes), { hint: new RegExp(`with one of: one:latest, ${id}\\.`) })
})

test('another platform than the one asked for is refused with both', async () => {
  const bytes = archived(dockerSaved({ ...IMAGE, architecture: 'arm', variant: 'v6' }))
  await assert.rejects(nameIn(bytes, '', { platform: 'linux/arm64' }), {
    code: 'platform-mismatch',
    message: /is an image for linux\/arm\/v6, not for linux\/arm64/,
  })
  await assert.rejects(nameIn(bytes, '', { platform: 'linux/arm/v5' }), { code: 'platform-mismatch' })
  for (const platform of ['linux/arm/v6', 'linux/arm/v7', 'linux/arm'])
    assert.equal(await nameIn(bytes, '', { platform }), 'lower')
})

test('an archive that lacks a part is refused by what it lacks', async () => {
  const files = dockerSaved(IMAGE)
  const without = (part: string) =>
    archived(Object.fromEntries(Object.entries(files).filter(([name]) => !name.includes(part))))
  await refused(without('manifest.json'), /it has no manifest\.json/)
  await refused(without('layer.tar'), /lacks its layer/)
  await refused(without(digestOf(configDocument(IMAGE)).slice(7)), /it has no [0-9a-f]{64}\.json/)
})

test('a manifest that is no list of images is refused', async () => {
  for (const [text, message, code] of [
    ['{', /manifest\.json is not JSON/, 'unreadable'],
    ['[]', /holds no image/, 'image-not-found'],
    ['{}', /holds no image/, 'image-not-found'],
    ['[7]', /it has no configuration/, 'unreadable'],
  ] as const)
    await refused(archived({ 'manifest.json': Buffer.from(text) }), message, code)
})

test('more or fewer layers than the configuration says are refused', async () => {
  for (const tars of [[LOWER], [LOWER, UPPER, UPPER]])
    await refused(
      archived(dockerSaved({ ...IMAGE, tars })),
      /lacks a layer's digest|speaks of 3 layers, its manifest of 2/,
    )
})

test('a layer that is not what the configuration says is refused by name', async () => {
  const files = dockerSaved({ ...IMAGE, tars: [LOWER, LOWER] })
  await refused(archived(files), /image\.tar: layer 2 of 2 is not what its digest says/)
})

test('a layer that cannot be unpacked is refused by name', async () => {
  const layer = tarOf([{ path: '../../etc/passwd' }])
  await refused(
    archived(dockerSaved({ layers: [LOWER, layer] })),
    /image\.tar: layer 2 of 2: .*leaves the root/,
  )
})

test('a location without a file is refused, and so is a folder', async () => {
  const none = openImage('docker-archive:/nonexistent/image.tar:x')
  await assert.rejects(none, {
    code: 'image-not-found',
    message: /there is no file \/nonexistent\/image\.tar/,
  })
  await assert.rejects(openImage('docker-archive:/'), { code: 'image-not-found', message: /no regular file/ })
})

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
}

test('`-` is what comes on standard input, compressed or not, with a name or without', async () => {
  const bytes = archived(dockerSaved(IMAGE, { layers: [LOWER], tags: ['other:latest'] }))
  for (const [location, input] of [
    ['-:one', bytes],
    ['-:other', gzipSync(bytes)],
    ['-', archived(dockerSaved(IMAGE))],
  ] as const) {
    await using image = await openImage(`docker-archive:${location}`, { cache: 'none', stdin: pieces(input) })
    assert.equal(await textAt(image.rootfs, '/name'), 'lower')
    assert.equal(image.reference, `docker-archive:${location}`)
  }
})

test('standard input that is empty, no archive, or has no end is refused', async () => {
  const from = (stdin: AsyncIterable<Uint8Array>) =>
    openImage('docker-archive:-', { cache: 'none', stdin, limits: { unpacked: 1_000_000 } })
  await assert.rejects(from(pieces(Buffer.alloc(0))), {
    code: 'unreadable',
    message: /nothing came on standard input/,
  })
  await assert.rejects(from(pieces(Buffer.alloc(5000, 'x'))), {
    code: 'unreadable',
    message: /^standard input: /,
  })
  async function* endless() {
    for (;;) yield new Uint8Array(1000)
  }
  await assert.rejects(from(endless()), { code: 'limit', message: /^standard input unpacks to more than/ })
})

test('waiting for standard input can be interrupted', async () => {
  const stop = new AbortController()
  async function* silent(): AsyncGenerator<Uint8Array> {
    setImmediate(() => stop.abort())
    await new Promise(() => {})
  }
  await assert.rejects(openImage('docker-archive:-', { stdin: silent(), signal: stop.signal }), {
    code: 'interrupted',
  })
})
