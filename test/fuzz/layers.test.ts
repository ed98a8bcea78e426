import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { bufferReader } from '../../src/bytes.js'
import { LiftError } from '../../src/errors.js'
import { parseConfigDocument } from '../../src/image/config.js'
import { decompressed } from '../../src/image/decompress.js'
import type { Layer } from '../../src/image/layered.js'
import { parseManifest } from '../../src/image/manifest.js'
import { readTar, type TarEntry } from '../../src/image/tar-index.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { walk } from '../../src/rootfs/walk.js'
import { answerOrRefusal, fuzz } from '../support/fuzz.js'
import { mutated } from '../support/fuzz-bytes.js'
import { randomLayer, unpackedAndMounted } from '../support/fuzz-layers.js'
import type { Random } from '../support/fuzz-random.js'
import { answersOf, indexedRootFs, layeredRootFs } from '../support/layered-rootfs.js'
import { type TarMember, tarOf } from '../support/tar-builder.js'

fuzz({
  title: 'layers show what unpacking each and mounting them over each other shows',
  rounds: 3000,
  round: async (random) => {
    const layers = random.several(1, 4, () => randomLayer(random))
    const wanted = unpackedAndMounted(layers)
    const shown = await answerOrRefusal(async () => listed(await rootOf(layers)))
    // A hard link to a file of a lower layer is more than such an unpacking can do.
    if (wanted === undefined && typeof shown === 'string')
      assert(layers.flat().some(({ type }) => type === '1'))
    else assert.equal(shown instanceof LiftError ? undefined : shown, wanted)
  },
})

fuzz({
  title: 'an index of layers shows what the layers show',
  rounds: 1000,
  round: async (random) => {
    const layers = await layersOf(random.several(1, 4, () => randomLayer(random)))
    const shown = await answerOrRefusal(() => answersOf(layeredRootFs(layers)))
    if (shown instanceof LiftError) return
    assert.deepEqual(await answersOf(await indexedRootFs(layers)), shown)
  },
})

async function rootOf(layers: readonly (readonly TarMember[])[]): Promise<RootFs> {
  return layeredRootFs(await layersOf(layers))
}

async function layersOf(layers: readonly (readonly TarMember[])[]): Promise<Layer[]> {
  const read = layers.map(async (layer) => {
    const content = bufferReader(tarOf(layer))
    const members: TarEntry[] = []
    for await (const member of readTar(content)) members.push(member)
    return { content, members }
  })
  return Promise.all(read)
}

async function listed(rootfs: RootFs): Promise<string> {
  const lines: string[] = []
  for await (const entry of walk(rootfs, '/')) {
    const path = entry.path.slice(1)
    const mode = entry.mode.toString(8)
    if (entry.kind === 'directory') lines.push(`d ${path} ${mode}`)
    else if (entry.kind === 'symlink') lines.push(`l ${path}=${entry.target}`)
    else if (entry.kind === 'file') {
      const content = await rootfs.open(entry).read(0, entry.size)
      lines.push(`f ${path}=${Buffer.from(content).toString()} ${mode}`)
    }
  }
  return lines.join('; ')
}

const DIGEST = `sha256:${'ab'.repeat(32)}`
const ENTRY = {
  mediaType: 'x',
  digest: DIGEST,
  size: 7,
  platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
}
const DOCUMENTS = [
  { schemaVersion: 2, config: ENTRY, layers: [ENTRY, ENTRY] },
  {
    schemaVersion: 2,
    manifests: [ENTRY, { ...ENTRY, annotations: { 'org.opencontainers.image.ref.name': 'x' } }],
  },
  {
    os: 'linux',
    architecture: 'arm',
    config: { Env: ['A=b'], Labels: { a: 'b' }, Volumes: { '/x': {} } },
    rootfs: { diff_ids: [DIGEST] },
  },
]

fuzz({
  title: 'a damaged manifest, index or configuration gives an answer or a refusal',
  rounds: 1500,
  round: async (random) => {
    const document = random.oneIn(2) ? replaced(random, random.pick(DOCUMENTS)) : random.pick(DOCUMENTS)
    const text = Buffer.from(JSON.stringify(document))
    const bytes = random.oneIn(3) ? mutated(random, text, [], 'little') : text
    const manifest = await answerOrRefusal(() => parseManifest(bytes, 'x'))
    if (!(manifest instanceof LiftError)) {
      const entries = manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers]
      for (const { digest, size } of entries) assert(/^sha(256|512):[0-9a-f]+$/.test(digest) && size >= 0)
    }
    const config = await answerOrRefusal(() => parseConfigDocument(bytes, 'x'))
    if (!(config instanceof LiftError))
      for (const value of config.config.env) assert.equal(typeof value, 'string')
  },
})

/** The same value with some of what it holds put in place of something else. */
function replaced(random: Random, value: unknown): unknown {
  if (random.oneIn(8))
    return random.pick<unknown>([null, 7, -1, 1e300, '', 'x', [], {}, [[]], true, { toString: 7 }, DOCUMENTS])
  if (Array.isArray(value)) return value.map((one) => replaced(random, one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [random.oneIn(12) ? '__proto__' : key, replaced(random, one)]),
  )
}

/** A tar in one frame of zstd. */
const ZSTD = Buffer.from(
  'KLUv/WQABw0CABKDCQ/Aawxwu6Cs/LcrWB1Ug1OqVBo5wDeRpZgD78a9K8KvEPcvOqeYCCAwNc8B8PnzAEKYpw4oeeESgcPZ6RUB9C+aKA==',
  'base64',
)
/** Zstd can say in a few bytes that one byte comes 128 KiB times. */
const MOST = 64 << 20

fuzz({
  title: 'damaged bytes of gzip and zstd give bytes or a refusal, and an end',
  rounds: 400,
  share: 0.3,
  round: async (random) => {
    const kind = random.pick(['gzip', 'zstd'] as const)
    const whole = kind === 'gzip' ? gzipSync(random.bytes(random.below(3000))) : ZSTD
    const bytes = mutated(random, whole, [{ at: random.below(whole.length), width: 4 }], 'little')
    const piece = 1 + random.below(200)
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
    }
    let size = 0
    await answerOrRefusal(async () => {
      for await (const chunk of decompressed(pieces(), kind, 'x')) size += chunk.length
    })
    assert(size <= MOST)
  },
})
