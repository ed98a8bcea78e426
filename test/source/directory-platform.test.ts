import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPlatform } from '../../src/image/platform.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { openDirectory } from '../../src/source/directory.js'
import { platformOfRoot } from '../../src/source/directory-platform.js'
import { diskTree } from '../support/disk-tree.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'

async function platformOf(tree: Readonly<Record<string, MemoryNode>>): Promise<string | undefined> {
  const platform = await platformOfRoot(memoryRootFs(tree))
  return platform === undefined ? undefined : formatPlatform(platform)
}

const S390X = buildElf({ machine: 22, endian: 'big' })

test('the platform of a root is that of its programs, whatever machine it is looked at on', async () => {
  const machines: Readonly<Record<string, ElfOptions>> = {
    'linux/amd64': { machine: 62 },
    'linux/386': { machine: 3, class: 32 },
    'linux/arm64': { machine: 183 },
    'linux/arm/v7': { machine: 40, class: 32, flags: 0x0500_0400 },
    'linux/riscv64': { machine: 243 },
    'linux/s390x': { machine: 22, endian: 'big' },
    'linux/hppa': { machine: 15, class: 32, endian: 'big' },
  }
  for (const [platform, elf] of Object.entries(machines)) {
    assert.equal(await platformOf({ '/bin': { link: 'usr/bin' }, '/usr/bin/sh': buildElf(elf) }), platform)
  }
})

test('without a shell the loaders of a root tell its platform, else any program does', async () => {
  assert.equal(await platformOf({ '/lib/ld64.so.1': S390X, '/bin/sh': '#!/x' }), 'linux/s390x')
  assert.equal(await platformOf({ '/usr/bin/a': '#!/bin/sh', '/usr/bin/tool': S390X }), 'linux/s390x')
  assert.equal(await platformOf({ '/app': S390X }), 'linux/s390x')
})

test('a root without any program in the usual places has no platform of its own', async () => {
  assert.equal(await platformOf({}), undefined)
  assert.equal(
    await platformOf({ '/opt/app': S390X, '/bin/sh': { link: 'sh' }, '/bin/x': 'text' }),
    undefined,
  )
})

test('a directory has the platform of its programs unless another one is asked for', async () => {
  const { directory, remove } = diskTree({ '/bin/sh': S390X })
  assert.equal(formatPlatform((await openDirectory(directory, {})).platform), 'linux/s390x')
  assert.equal(
    formatPlatform((await openDirectory(directory, { platform: 'arm64' })).platform),
    'linux/arm64',
  )
  remove()
})
