import assert from 'node:assert/strict'
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openImage } from '../../src/source/index.js'
import type { OpenOptions } from '../../src/source/source.js'
import { textAt } from '../support/rootfs-contract.js'
import {
  addBlob,
  addImage,
  addIndex,
  archived,
  type Described,
  type Files,
  layoutOf,
  onDisk,
  type SavedImage,
  tagged,
} from '../support/saved-image.js'
import { tarOf } from '../support/tar-builder.js'

const ARM = { os: 'linux', architecture: 'arm' }

/** An image whose file `name` holds its name. */
function named(name: string, more: Partial<SavedImage> = {}): SavedImage {
  return { layers: [tarOf([{ path: 'name', content: name }])], ...more }
}

/** Adds an image for a platform of ARM. */
function forArm(files: Files, variant: string, more: Partial<Described> = {}): Described {
  return addImage(files, named(variant, { architecture: 'arm', variant }), {
    platform: { ...ARM, variant },
    ...more,
  })
}

async function nameIn(files: Files, name = '', options: OpenOptions = {}): Promise<string> {
  return onDisk(files, async (folder) => {
    await using image = await openImage(`oci-dir:${folder}${name}`, { cache: 'none', ...options })
    return await textAt(image.rootfs, '/name')
  })
}

async function refused(
  files: Files,
  message: RegExp,
  code = 'unreadable',
  name = '',
  platform?: string,
): Promise<void> {
  await assert.rejects(nameIn(files, name, platform === undefined ? {} : { platform }), { code, message })
}

test('an image is the same from a folder, from an archive, and from standard input', async () => {
  const files: Files = {}
  const tars = [tarOf([{ path: 'name', content: 'x' }])]
  const image = addImage(files, {
    layers: tars.map((tar) => gzipSync(tar)),
    tars,
    config: { User: 'nobody' },
  })
  const layout = layoutOf(files, [image])
  const tar = archived(layout)
  async function* stdin() {
    yield gzipSync(tar)
  }
  await onDisk({ ...layout, 'image.tar': tar }, async (folder) => {
    for (const location of [
      `oci-dir:${folder}`,
      `oci-archive:${join(folder, 'image.tar')}`,
      'oci-archive:-',
    ]) {
      await using opened = await openImage(location, { cache: 'none', stdin: stdin() })
      assert.equal(await textAt(opened.rootfs, '/name'), 'x')
      assert.deepEqual(
        [opened.digest, opened.config.user, opened.reference],
        [image.digest, 'nobody', location],
      )
    }
  })
})

test('standard input is for one platform, since it can be read once', async () => {
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  const options = { stdin: nothing(), platform: 'linux/amd64', otherPlatforms: ['linux/arm64'] }
  for (const location of ['oci-archive:-', 'docker-archive:-:name'])
    await assert.rejects(openImage(location, options), { code: 'usage', hint: /to a file/ })
})

test('one of several images is chosen by tag or by digest', async () => {
  const files: Files = {}
  const images = ['one', 'two'].map((name) => addImage(files, named(name), tagged(`v:${name}`)))
  const layout = layoutOf(files, images)
  assert.equal(await nameIn(layout, ':v:two'), 'two')
  assert.equal(await nameIn(layout, `:${images[0]!.digest}`), 'one')
  await refused(layout, /holds 2 images/, 'usage')
  await refused(layout, /holds no image none/, 'image-not-found', ':none')
  await assert.rejects(nameIn(layout), { hint: /with one of: v:one, v:two\./ })
})

test('an image that BuildKit or containerd wrote is found by its whole name as well', async () => {
  const files: Files = {}
  const names = ['docker.io/library/app:1', 'registry.example/team/app:1']
  const images = names.map((name) => addImage(files, named(name), written(name)))
  const layout = layoutOf(files, images)
  assert.equal(await nameIn(layout, ':app:1'), names[0])
  assert.equal(await nameIn(layout, ':docker.io/library/app:1'), names[0])
  assert.equal(await nameIn(layout, ':registry.example/team/app:1'), names[1])
  await refused(layout, /holds no image app$/, 'image-not-found', ':app')
  await refused(layout, /holds 2 images/, 'usage', ':1')
  await assert.rejects(nameIn(layout), { hint: new RegExp(`with one of: ${names.join(', ')}\\.`) })
})

test('an image that stands there once for each of its names is one image', async () => {
  const files: Files = {}
  const image = addImage(files, named('one'))
  const layout = layoutOf(files, [
    { ...image, ...written('app:1') },
    { ...image, ...written('app:latest') },
  ])
  assert.equal(await nameIn(layout), 'one')
  assert.equal(await nameIn(layout, ':latest'), 'one')
})

/** The annotations of BuildKit's exporter. */
function written(name: string): Partial<Described> {
  return {
    annotations: {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
    },
  }
}

for (const [where, layoutFor] of Object.entries({
  'an index': (files: Files, images: Described[]) => layoutOf(files, [addIndex(files, images)]),
  'entries of one tag': (files: Files, images: Described[]) =>
    layoutOf(
      files,
      images.map((image) => ({ ...image, ...tagged('v1') })),
    ),
  'entries without a tag': layoutOf,
  'an index in an index': (files: Files, images: Described[]) => {
    const inner = addIndex(files, images)
    return layoutOf(files, [addIndex(files, [{ ...inner, platform: ARM }])])
  },
})) {
  test(`${where}: the highest variant that runs on a platform is taken`, async () => {
    const files: Files = {}
    const layout = layoutFor(
      files,
      ['v5', 'v7', 'v6'].map((variant) => forArm(files, variant)),
    )
    for (const [platform, variant] of [
      ['linux/arm/v7', 'v7'],
      ['linux/arm/v6', 'v6'],
      ['linux/arm', 'v7'],
      ['linux/arm/v5', 'v5'],
    ] as const) {
      // The index around the inner one is for v7 alone.
      if (where === 'an index in an index' && variant !== 'v7') continue
      assert.equal(await nameIn(layout, '', { platform }), variant, platform)
    }
  })

  test(`${where}: where no platform fits, those that exist are told`, async () => {
    const files: Files = {}
    const layout = layoutFor(files, [forArm(files, 'v6'), forArm(files, 'v7')])
    await refused(
      layout,
      /is not there for linux\/s390x; it is for linux\/arm/,
      'platform-mismatch',
      '',
      'linux/s390x',
    )
  })
}

test('a lower variant runs on a higher one, a higher one does not on a lower', async () => {
  const files: Files = {}
  const layout = layoutOf(files, [addIndex(files, [forArm(files, 'v6')])])
  assert.equal(await nameIn(layout, '', { platform: 'linux/arm/v7' }), 'v6')
  await refused(layout, /it is for linux\/arm\/v6/, 'platform-mismatch', '', 'linux/arm/v5')
})

test('attestations beside an image are no images', async () => {
  const files: Files = {}
  const image = forArm(files, 'v7')
  const attestation = addImage(files, named('attestation'), {
    platform: { os: 'unknown', architecture: 'unknown' },
  })
  const layout = layoutOf(files, [addIndex(files, [attestation, image])])
  assert.equal(await nameIn(layout), 'v7')
  await refused(layout, /it is for linux\/arm\/v7$/, 'platform-mismatch', '', 'linux/s390x')
})

test('indexes within indexes have an end', async () => {
  const files: Files = {}
  let inner = addImage(files, named('deep'))
  for (let depth = 0; depth < 5; depth++) inner = addIndex(files, [inner])
  const layout = layoutOf(files, [inner])
  await refused(layout, /more than 4 deep/, 'limit')
  assert.equal(await nameIn(layout, '', { limits: { nesting: 6 } }), 'deep')
})

test('a blob that is missing, changed or larger than it should be is refused by its digest', async () => {
  const files: Files = {}
  const layout = layoutOf(files, [addImage(files, named('x'))])
  for (const path of Object.keys(files)) {
    const digest = path.slice('blobs/sha256/'.length)
    const { [path]: bytes, ...without } = layout
    await refused(without, new RegExp(`lacks the blob sha256:${digest}`))
    const changed = Buffer.from(bytes!)
    changed[changed.length >> 1]! ^= 1
    for (const wrong of [changed, bytes!.subarray(1), Buffer.concat([bytes!, Buffer.from(' ')])])
      await refused(
        { ...layout, [path]: wrong },
        /is not what its digest says: expected sha256:|has \d+ bytes where|archive is damaged/,
      )
  }
})

test('a size that is not that of the document is refused', async () => {
  const files: Files = {}
  const image = addImage(files, named('x'))
  await refused(layoutOf(files, [{ ...image, size: image.size - 1 }]), /has \d+ bytes where \d+ were said/)
  await refused(
    layoutOf(files, [{ ...image, size: 2 ** 40 }]),
    /manifest or configuration of \d+ bytes/,
    'limit',
  )
})

test('names of blobs cannot leave the layout', async () => {
  const files: Files = {}
  const image = addImage(files, named('x'))
  const index = { schemaVersion: 2, manifests: [{ ...image, digest: 'sha256:../../../../etc/passwd' }] }
  await refused(
    { ...layoutOf(files, []), 'index.json': Buffer.from(JSON.stringify(index)) },
    /no valid digest/,
  )
})

test('what is no layout is refused', async () => {
  await refused({}, /no OCI image layout: it has no index\.json/, 'image-not-found')
  await refused(layoutOf({}, []), /holds no image/, 'image-not-found')
  await refused({ 'index.json': Buffer.from('x') }, /index\.json is not JSON/)
})

test('an abort ends the reading of a layout, and says so', async () => {
  const files: Files = {}
  const layout = layoutOf(files, [addImage(files, named('x'))])
  const tar = gzipSync(archived(layout))
  await onDisk({ ...layout, 'image.tar.gz': tar }, async (folder) => {
    for (const location of [`oci-dir:${folder}`, `oci-archive:${join(folder, 'image.tar.gz')}`]) {
      const opened = openImage(location, { cache: 'none', signal: AbortSignal.abort() })
      await assert.rejects(opened, { code: 'interrupted', message: /interrupted while reading / }, location)
    }
  })
})

test('unpacking an archive is told', async () => {
  const files: Files = {}
  const tar = gzipSync(archived(layoutOf(files, [addImage(files, named('x'))])))
  await onDisk({ 'image.tar.gz': tar }, async (folder) => {
    const steps: string[] = []
    const onStep = (step: string) => void steps.push(step)
    await using _ = await openImage(`oci-archive:${join(folder, 'image.tar.gz')}`, { cache: 'none', onStep })
    assert.match(steps[0] ?? '', /^unpacking .*image\.tar\.gz$/)
  })
})

test('the files of a layout in a folder may be links', async () => {
  const files: Files = {}
  const layout = layoutOf(files, [addImage(files, named('x'))])
  await onDisk(layout, async (folder) => {
    renameSync(join(folder, 'blobs'), join(folder, 'elsewhere'))
    symlinkSync('elsewhere', join(folder, 'blobs'))
    renameSync(join(folder, 'index.json'), join(folder, 'real.json'))
    symlinkSync('real.json', join(folder, 'index.json'))
    const location = `oci-dir:${folder}`
    await using image = await openImage(location, { cache: 'none' })
    assert.equal(await textAt(image.rootfs, '/name'), 'x')
    rmSync(join(folder, 'real.json'))
    symlinkSync('index.json', join(folder, 'real.json'))
    await assert.rejects(openImage(location), { code: 'unreadable', message: /index\.json/ })
  })
})

test('a chart, or whatever else has its own kind of configuration, is named as what it is', async () => {
  const files: Files = {}
  const image = addImage(files, named('x', { tars: [] }))
  const path = `blobs/sha256/${image.digest.slice(7)}`
  const manifest = JSON.parse(Buffer.from(files[path]!).toString())
  const type = 'application/vnd.cncf.helm.config.v1+json'
  const chart = addBlob(
    files,
    Buffer.from(JSON.stringify({ ...manifest, config: { ...manifest.config, mediaType: type } })),
  )
  await refused(layoutOf(files, [chart]), /no container image but an artifact of type .*helm/, 'unsupported')
})

test('an artifact that is no image is refused', async () => {
  const files: Files = {}
  const artifact = addBlob(files, Buffer.from(JSON.stringify({ schemaVersion: 2, layers: [] })))
  await refused(layoutOf(files, [artifact]), /names no configuration/)
})

test('configuration and manifest must speak of as many layers', async () => {
  const files: Files = {}
  const image = addImage(files, named('x', { tars: [] }))
  await refused(layoutOf(files, [image]), /speaks of 0 layers, its manifest of 1/)
})
