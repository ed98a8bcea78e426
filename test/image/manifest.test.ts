import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifest } from '../../src/image/manifest.js'

const digest = `sha256:${'a'.repeat(64)}`
const ENTRY = { mediaType: 'application/x', digest, size: 3 }

function parse(document: unknown) {
  return parseManifest(
    Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
    'the manifest',
  )
}

function refused(document: unknown, message: RegExp, code = 'unreadable'): void {
  assert.throws(() => parse(document), { code, message })
}

test('a manifest of either family names its configuration and its layers, lowest first', () => {
  for (const family of ['vnd.oci.image.manifest.v1', 'vnd.docker.distribution.manifest.v2']) {
    const mediaType = `application/${family}+json`
    const layers = [ENTRY, { ...ENTRY, size: 4 }]
    const manifest = parse({ schemaVersion: 2, mediaType, config: ENTRY, layers })
    assert.deepEqual(manifest, { kind: 'manifest', config: ENTRY, layers })
  }
})

test('an index names manifests with platform and tag', () => {
  const annotations = { 'org.opencontainers.image.ref.name': 'v1', other: 'x' }
  const platform = { os: 'linux', architecture: 'arm', variant: 'v7', 'os.features': ['x'] }
  const index = parse({ schemaVersion: 2, manifests: [{ ...ENTRY, platform, annotations }, ENTRY] })
  const known = { os: 'linux', architecture: 'arm', variant: 'v7' }
  assert.deepEqual(index, { kind: 'index', manifests: [{ ...ENTRY, platform: known, refName: 'v1' }, ENTRY] })
})

test('an entry without media type, and a platform without architecture, are taken as they are', () => {
  const index = parse({ manifests: [{ digest, size: 0, platform: { os: 'linux' } }] })
  assert.deepEqual(index, { kind: 'index', manifests: [{ mediaType: '', digest, size: 0 }] })
})

test('a manifest without layers is one of an empty image', () => {
  assert.deepEqual(parse({ config: ENTRY }), { kind: 'manifest', config: ENTRY, layers: [] })
})

test("Docker's schema 1 is refused with what to do", () => {
  refused({ schemaVersion: 1, fsLayers: [] }, /^the manifest is in Docker's old format/, 'unsupported')
})

test('what is no manifest is refused', () => {
  refused('not json', /^the manifest is not JSON/)
  for (const document of ['null', '[]', '7', '{}']) refused(document, /names no configuration/)
})

test('digests and sizes that cannot be are refused', () => {
  for (const wrong of ['', 'sha256:abc', `${digest}/../x`, null, 7])
    refused({ config: { ...ENTRY, digest: wrong }, layers: [] }, /no valid digest/)
  for (const size of [-1, 1.5, 2 ** 60, '3', null, undefined])
    refused({ config: ENTRY, layers: [{ ...ENTRY, size }] }, /no valid size/)
  refused({ manifests: [7] }, /no valid digest/)
})

test('more entries than any image has are refused', () => {
  refused({ config: ENTRY, layers: Array(1001).fill(ENTRY) }, /more than 1000 entries/)
  refused({ manifests: Array(10_001).fill(ENTRY) }, /more than 10000 entries/)
})
