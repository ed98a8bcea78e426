import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { LiftError } from '../../src/errors.js'
import type { Layer } from '../../src/image/layered.js'
import { readTar, type TarEntry } from '../../src/image/tar-index.js'
import { described, layerCases } from '../support/layer-cases.js'
import { layeredRootFs } from '../support/layered-rootfs.js'

for (const { rule, layers, ours } of layerCases()) {
  test(`as an engine shows it: ${rule}`, async () => {
    assert.equal(await shown(layers), ours)
  })
}

async function shown(layers: readonly Uint8Array[]): Promise<string> {
  try {
    return await described(layeredRootFs(await Promise.all(layers.map(layerOf))))
  } catch (error) {
    if (error instanceof LiftError && error.code === 'unreadable') return 'refused'
    throw error
  }
}

async function layerOf(tar: Uint8Array): Promise<Layer> {
  const content = bufferReader(tar)
  const members: TarEntry[] = []
  for await (const member of readTar(content)) members.push(member)
  return { content, members }
}
