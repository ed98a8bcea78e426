import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileReader } from '../../src/bytes.js'
import { LiftError } from '../../src/errors.js'
import { readTar, type TarEntry } from '../../src/image/tar-index.js'
import { openImage } from '../../src/source/index.js'
import { described, layerCases } from '../support/layer-cases.js'
import { layeredRootFs } from '../support/layered-rootfs.js'
import { tarOf } from '../support/tar-builder.js'
import { docker, must, withFolder } from './surroundings.js'

for (const { rule, layers, shows, ours } of layerCases()) {
  test(`the engine shows what the table says: ${rule}`, () =>
    withFolder(async (folder) => {
      const archive = join(folder, 'image.tar')
      writeFileSync(archive, savedImage(layers))
      assert.equal(await shownByEngine(archive, folder), shows)
      assert.equal(await shownByLiftbin(archive), ours)
    }))
}

const TAG = 'liftbin-e2e-layers:latest'

/** What `docker save` would have written. */
function savedImage(layers: readonly Uint8Array[]): Uint8Array {
  const names = layers.map((_, index) => `${index}.tar`)
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['none'] },
    rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
  }
  return tarOf([
    { path: 'config.json', content: JSON.stringify(config) },
    ...layers.map((content, index) => ({ path: names[index]!, content })),
    {
      path: 'manifest.json',
      content: JSON.stringify([{ Config: 'config.json', RepoTags: [TAG], Layers: names }]),
    },
  ])
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

async function shownByEngine(archive: string, folder: string): Promise<string> {
  if (docker(['load', '--quiet', '--input', archive]).status !== 0) return 'refused'
  const id = must('docker', ['create', TAG]).trim()
  const exported = join(folder, 'container.tar')
  try {
    must('docker', ['export', '--output', exported, id])
  } finally {
    docker(['rm', id])
  }
  const content = fileReader(exported, statSync(exported).size)
  const members: TarEntry[] = []
  for await (const member of readTar(content)) members.push(member)
  return described(layeredRootFs([{ members, content }]))
}

async function shownByLiftbin(archive: string): Promise<string> {
  try {
    await using image = await openImage(`docker-archive:${archive}`, { cache: 'none' })
    return await described(image.rootfs)
  } catch (error) {
    if (error instanceof LiftError && error.code === 'unreadable') return 'refused'
    throw error
  }
}
