import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlatform } from '../../src/image/platform.js'
import { lift } from '../../src/lift/lift-image.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { smallImage } from '../support/small-image.js'

const AMD64: ElfOptions = { machine: 62 }
const I386: ElfOptions = { machine: 3, class: 32 }
const X32: ElfOptions = { machine: 62, class: 32 }
const ARM64: ElfOptions = { machine: 183 }
const ARMHF: ElfOptions = { machine: 40, class: 32, flags: 0x0500_0400 }
const ARMEL: ElfOptions = { machine: 40, class: 32, flags: 0x0500_0200 }
const S390X: ElfOptions = { machine: 22, endian: 'big' }
const UNKNOWN: ElfOptions = { machine: 4242 }

async function machineToldOf(options: ElfOptions, platform: string): Promise<string | undefined> {
  const tree = { '/x': buildElf({ ...options, type: 'exec', dynamic: false }) }
  const { findings } = await lift(smallImage(tree, { platform: parsePlatform(platform) }), ['/x'])
  const found = findings.find((one) => one.kind === 'other-platform')
  return found?.kind === 'other-platform' ? found.machine : undefined
}

test('a program of the machine of its image is fine', async () => {
  for (const [options, platform] of [
    [AMD64, 'linux/amd64'],
    [ARM64, 'linux/arm64/v8'],
    [ARMHF, 'linux/arm/v7'],
    [ARMEL, 'linux/arm/v5'],
    [S390X, 'linux/s390x'],
  ] as const) {
    assert.equal(await machineToldOf(options, platform), undefined, platform)
  }
})

test('a program that the same kernel starts too is fine', async () => {
  for (const [options, platform] of [
    [I386, 'amd64'],
    [X32, 'amd64'],
    [ARMHF, 'arm64'],
    [ARMEL, 'linux/arm/v7'],
  ] as const) {
    assert.equal(await machineToldOf(options, platform), undefined, platform)
  }
})

test('a program of another machine is told', async () => {
  assert.equal(await machineToldOf(ARM64, 'amd64'), 'arm64')
  assert.equal(await machineToldOf(AMD64, '386'), 'amd64')
  assert.equal(await machineToldOf(ARM64, 'linux/arm/v7'), 'arm64')
  assert.equal(await machineToldOf(UNKNOWN, 'amd64'), 'unknown (4242)')
})

test('nothing is told of a platform whose machine is not known', async () => {
  assert.equal(await machineToldOf(AMD64, 'linux/quantum'), undefined)
})
