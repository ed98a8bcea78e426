import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { bufferReader } from '../../src/bytes.js'
import { LiftError } from '../../src/errors.js'
import { sha256 } from '../../src/image/digest.js'
import { readTar } from '../../src/image/tar-index.js'
import { dockerArchive, tagName } from '../../src/pack/docker-archive.js'
import { type LayerCompression, packImage } from '../../src/pack/packed.js'
import type { Packing } from '../../src/pack/packing.js'
import { gathered, type PackedNode, packingOf } from '../support/packing.js'

const TREE = {
  '/bin/p': { file: 'program', role: 'program' },
  '/lib/a.so': { file: 'library', role: 'library' },
  '/lib/b.so': { file: 'other library', role: 'library' },
  '/etc/conf': 'data',
} satisfies Record<string, PackedNode>

const CONFIG: Packing['config'] = {
  env: ['PATH=/bin', 'A=1'],
  user: '33:33',
  workingDir: '/srv',
  entrypoint: ['/bin/p'],
  cmd: ['-x'],
  exposedPorts: ['80/tcp', '443/tcp'],
  volumes: ['/data'],
  stopSignal: 'SIGQUIT',
  labels: { b: '2', a: '1' },
}

async function digests(packing: Packing, compression: LayerCompression = 'none') {
  await using image = await packImage(packing, { compression })
  return {
    manifest: image.manifest.descriptor.digest,
    config: image.config.descriptor.digest,
    layers: image.layers.map(({ descriptor }) => descriptor.digest),
    diffIds: image.layers.map(({ diffId }) => diffId),
  }
}

async function documents(packing: Packing) {
  await using image = await packImage(packing, { compression: 'none' })
  return [image.config, image.manifest].map(({ bytes }) => Buffer.from(bytes).toString())
}

test('each descriptor is that of the bytes, and each diff ID that of the bytes uncompressed', async () => {
  for (const compression of ['gzip', 'none'] as const) {
    await using image = await packImage(packingOf(TREE), { compression })
    assert.equal(image.layers.length, 3)
    for (const { descriptor, diffId, open } of image.layers) {
      const bytes = await gathered(open())
      assert.deepEqual([descriptor.size, descriptor.digest], [bytes.length, sha256(bytes)])
      assert.equal(diffId, sha256(compression === 'gzip' ? gunzipSync(bytes) : bytes))
      assert.equal(descriptor.mediaType.endsWith('+gzip'), compression === 'gzip')
    }
    for (const { descriptor, bytes } of [image.config, image.manifest])
      assert.deepEqual([descriptor.size, descriptor.digest], [bytes.length, sha256(bytes)])
  }
})

test('layers are compressed unless it is said otherwise', async () => {
  await using image = await packImage(packingOf(TREE))
  assert.ok(image.layers.every(({ descriptor }) => descriptor.mediaType.endsWith('tar+gzip')))
})

test('the ID of the image depends on no compression', async () => {
  const [plain, packed] = [await digests(packingOf(TREE)), await digests(packingOf(TREE), 'gzip')]
  assert.equal(plain.config, packed.config)
  assert.notEqual(plain.manifest, packed.manifest)
})

test('a byte of a library changes one layer', async () => {
  const before = await digests(packingOf(TREE))
  const after = await digests(packingOf({ ...TREE, '/lib/a.so': { file: 'librarz', role: 'library' } }))
  assert.notEqual(after.layers[0], before.layers[0])
  assert.deepEqual(after.layers.slice(1), before.layers.slice(1))
})

test('neither the order of the tree nor that of keys changes the image', async () => {
  const one = packingOf(TREE, { config: CONFIG, annotations: { x: '1', y: '2' } })
  const other = {
    ...one,
    tree: one.tree.toReversed(),
    annotations: { y: '2', x: '1' },
    config: {
      ...CONFIG,
      labels: { a: '1', b: '2' },
      exposedPorts: CONFIG.exposedPorts.toReversed(),
    },
  }
  assert.deepEqual(await digests(other), await digests(one))
})

test('neither the time zone nor the mask of modes changes the image', async () => {
  const packing = packingOf(TREE, { epoch: 1_700_000_000 })
  const before = await digests(packing)
  const [zone, mask] = [process.env.TZ, process.umask(0o777)]
  try {
    process.env.TZ = 'Asia/Kathmandu'
    assert.deepEqual(await digests(packing), before)
  } finally {
    process.umask(mask)
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  }
})

test('the configuration says how to run the image, and its history what each layer is', async () => {
  const packing = packingOf(TREE, { config: CONFIG, epoch: 1, createdBy: 'liftbin build x' })
  const arm = { ...packing, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } }
  const { diffIds } = await digests(packing)
  const time = '1970-01-01T00:00:01Z'
  const history = ['loader and libraries', 'configuration and data', 'programs'].map((comment) => ({
    created: time,
    created_by: 'liftbin build x',
    comment,
  }))
  assert.deepEqual(JSON.parse((await documents(arm))[0]!), {
    created: time,
    architecture: 'arm',
    os: 'linux',
    variant: 'v7',
    config: {
      User: '33:33',
      ExposedPorts: { '443/tcp': {}, '80/tcp': {} },
      Env: ['PATH=/bin', 'A=1'],
      Entrypoint: ['/bin/p'],
      Cmd: ['-x'],
      Volumes: { '/data': {} },
      WorkingDir: '/srv',
      Labels: { a: '1', b: '2' },
      StopSignal: 'SIGQUIT',
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history,
  })
})

test('what is empty is left out of the documents', async () => {
  const [config, manifest] = (await documents(packingOf(TREE))).map((text) => JSON.parse(text))
  assert.deepEqual(config.config, {})
  assert.equal(config.created, '1970-01-01T00:00:00Z')
  assert.deepEqual(Object.keys(manifest), ['schemaVersion', 'mediaType', 'config', 'layers'])
})

test('annotations are those of the manifest', async () => {
  const [, manifest] = await documents(packingOf(TREE, { annotations: { b: '2', a: '1' } }))
  assert.ok(manifest!.endsWith('"annotations":{"a":"1","b":"2"}}'))
})

test('each file is read once', async () => {
  const packing = packingOf({ '/large': { file: Buffer.alloc(3_000_000, 'x') } })
  let read = 0
  const open: Packing['open'] = (file) => {
    const reader = packing.open(file)
    const count = (got: number) => {
      read += got
      return got
    }
    return { ...reader, readNow: (at, into) => count(reader.readNow!(at, into)) }
  }
  await digests({ ...packing, open })
  assert.equal(read, 3_000_000)
})

test('an interrupted packing ends', async () => {
  const packing = packImage(packingOf(TREE), { signal: AbortSignal.abort() })
  await assert.rejects(packing, (error) => error instanceof LiftError && error.code === 'interrupted')
})

async function archiveOf(packing: Packing, names: readonly string[]) {
  const pieces: Buffer[] = []
  const archive = dockerArchive(packing, names)
  let next = await archive.next()
  for (; next.done !== true; next = await archive.next()) pieces.push(Buffer.from(next.value))
  const bytes = Buffer.concat(pieces)
  const members = new Map<string, Buffer>()
  for await (const { path, offset, size } of readTar(bufferReader(bytes)))
    members.set(path, bytes.subarray(offset, offset + size))
  return { id: next.value, members }
}

test('an archive for Docker holds the layers uncompressed, and an image of the same ID', async () => {
  const packing = packingOf(TREE, { config: CONFIG })
  const { id, members } = await archiveOf(packing, ['a:b', 'c:latest'])
  const { config, diffIds } = await digests(packing)
  const [entry] = JSON.parse(members.get('manifest.json')!.toString())
  assert.equal(id, config)
  assert.equal(sha256(members.get(entry.Config)!), config)
  assert.deepEqual(entry.RepoTags, ['a:b', 'c:latest'])
  assert.deepEqual(
    entry.Layers.map((name: string) => sha256(members.get(name)!)),
    diffIds,
  )
})

test('the name of an archived image is as Docker has it', () => {
  const names = {
    foo: 'foo:latest',
    'foo:1': 'foo:1',
    'docker.io/library/foo': 'foo:latest',
    'library/foo:2': 'foo:2',
    'index.docker.io/me/foo': 'me/foo:latest',
    'localhost:5000/foo': 'localhost:5000/foo:latest',
    'ghcr.io/library/foo:x': 'ghcr.io/library/foo:x',
  }
  for (const [text, name] of Object.entries(names)) assert.equal(tagName(text), name)
  for (const text of ['Foo', `foo@sha256:${'a'.repeat(64)}`])
    assert.throws(
      () => tagName(text),
      (error) => error instanceof LiftError && error.code === 'usage',
    )
})
