import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import { nameForBuilders } from '../../src/source/copy-source.js'
import type { InspectedImage } from '../../src/source/image-inspect.js'

const HEX = 'deadbeef'.repeat(8)
const DIGEST = `sha256:${'0f'.repeat(32)}`

function image(names: {
  readonly tags?: readonly string[]
  readonly digests?: readonly string[]
}): InspectedImage {
  const platform = { os: 'linux', architecture: 'amd64' }
  return {
    id: `sha256:${HEX}`,
    tags: [],
    digests: [],
    ...names,
    platform,
    layers: [],
    size: undefined,
    config: EMPTY_CONFIG,
  }
}

test('a tag is replaced by the digest of its repository', () => {
  const { copySource, digest } = nameForBuilders('debian:12', image({ digests: [`debian@${DIGEST}`] }))
  assert.deepEqual(copySource, { kind: 'image', from: `debian@${DIGEST}`, pinned: true })
  assert.equal(digest, DIGEST)
})

test('a digest of another repository is not used: no registry may know it under this name', () => {
  const { copySource } = nameForBuilders('mine:1', image({ tags: ['mine:1'], digests: [`debian@${DIGEST}`] }))
  assert.deepEqual(copySource, { kind: 'image', from: 'mine:1', pinned: false })
})

test('a name by digest stays pinned', () => {
  const { copySource } = nameForBuilders(`debian@${DIGEST}`, image({ digests: [`debian@${DIGEST}`] }))
  assert.deepEqual(copySource, { kind: 'image', from: `debian@${DIGEST}`, pinned: true })
})

test('an image ID becomes a digest it has, else a tag it has, else a tag made from it', () => {
  const tags = ['mine:1']
  const digests = [`debian@${DIGEST}`]
  for (const asked of [HEX, `sha256:${HEX}`, HEX.slice(0, 12)]) {
    assert.deepEqual(nameForBuilders(asked, image({ tags, digests })).copySource, {
      kind: 'image',
      from: digests[0],
      pinned: true,
    })
    assert.deepEqual(nameForBuilders(asked, image({ tags })).copySource, {
      kind: 'image',
      from: 'mine:1',
      pinned: false,
    })
    const made = nameForBuilders(asked, image({}))
    assert.equal(made.tag, `liftbin-src:${HEX.slice(0, 12)}`)
    assert.equal(made.copySource.kind === 'image' && made.copySource.from, made.tag)
  }
})

test('a repository whose name looks like an ID is a name', () => {
  const asked = HEX.slice(0, 12)
  const { copySource, tag } = nameForBuilders(asked, image({ tags: [`${asked}:latest`] }))
  assert.deepEqual([copySource, tag], [{ kind: 'image', from: asked, pinned: false }, undefined])
})

test("Podman's own prefix for images without a registry is no registry to pin by", () => {
  const names = { tags: ['localhost/mine:1'], digests: [`localhost/mine@${DIGEST}`] }
  const { copySource } = nameForBuilders('localhost/mine:1', image(names))
  assert.deepEqual(copySource, { kind: 'image', from: 'localhost/mine:1', pinned: false })
})
