import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { type Machine, machineOf, machineOfPlatform, ociPlatform, readElf } from '../../src/elf/elf.js'
import { buildElf } from '../support/elf-builder.js'

type Row = [Machine, 32 | 64, 'little' | 'big', number, number?]

const ROWS: Row[] = [
  ['amd64', 64, 'little', 62],
  ['x32', 32, 'little', 62],
  ['i386', 32, 'little', 3],
  ['arm64', 64, 'little', 183],
  ['arm64be', 64, 'big', 183],
  ['armhf', 32, 'little', 40, 0x0500_0400],
  ['armel', 32, 'little', 40, 0x0500_0200],
  ['arm', 32, 'little', 40, 0x0500_0000],
  ['arm', 32, 'little', 40, 0x0400_0400],
  ['armeb', 32, 'big', 40, 0x0500_0400],
  ['riscv64', 64, 'little', 243, 5],
  ['riscv32', 32, 'little', 243],
  ['ppc64el', 64, 'little', 21, 2],
  ['ppc64', 64, 'big', 21, 1],
  ['powerpc', 32, 'big', 20],
  ['s390x', 64, 'big', 22],
  ['s390x', 64, 'big', 0xa390],
  ['s390', 32, 'big', 22],
  ['mips', 32, 'big', 8, 0x7000_1007],
  ['mipsel', 32, 'little', 8, 0x7000_1007],
  ['mipsn32', 32, 'big', 8, 0x8000_0027],
  ['mipsn32el', 32, 'little', 8, 0x8000_0027],
  ['mips64', 64, 'big', 8, 0x8000_0007],
  ['mips64el', 64, 'little', 8, 0x8000_0007],
  ['loong64', 64, 'little', 258, 0x43],
  ['sparc64', 64, 'big', 43],
  ['alpha', 64, 'little', 0x9026],
  ['hppa', 32, 'big', 15],
  ['m68k', 32, 'big', 4],
  ['sh4', 32, 'little', 42],
]

for (const [machine, size, endian, number, flags = 0] of ROWS) {
  const hex = `0x${flags.toString(16)}`
  test(`a ${size}-bit ${endian}-endian file of e_machine ${number} with flags ${hex} is ${machine}`, async () => {
    const bytes = buildElf({
      class: size,
      endian,
      machine: number,
      flags,
      interp: '/lib/ld.so.1',
      needed: ['libm.so.6', 'libc.so.6'],
      runpath: '$ORIGIN',
      versionsNeeded: [{ file: 'libc.so.6', versions: ['GLIBC_2.34'] }],
    })
    const elf = await readElf(bufferReader(bytes))
    assert.equal(elf.machine, machine)
    assert.equal(elf.interpreter, '/lib/ld.so.1')
    assert.deepEqual(elf.dynamic?.needed, ['libm.so.6', 'libc.so.6'])
    assert.equal(elf.dynamic?.runpath, '$ORIGIN')
    assert.equal(elf.dynamic?.versionsNeeded[0]?.versions[0]?.name, 'GLIBC_2.34')
  })
}

test('a combination without a name has no machine', () => {
  assert.equal(machineOf({ class: 64, endian: 'little', machineNumber: 9999, flags: 0 }), undefined)
  assert.equal(machineOf({ class: 64, endian: 'big', machineNumber: 62, flags: 0 }), undefined)
  assert.equal(machineOf({ class: 64, endian: 'little', machineNumber: 40, flags: 0 }), undefined)
})

test('machines have the platform words of OCI images', () => {
  assert.deepEqual(ociPlatform('i386'), { architecture: '386' })
  assert.deepEqual(ociPlatform('x32'), { architecture: 'amd64' })
  assert.deepEqual(ociPlatform('armhf'), { architecture: 'arm', variant: 'v7' })
  assert.deepEqual(ociPlatform('armel'), { architecture: 'arm', variant: 'v5' })
  assert.deepEqual(ociPlatform('ppc64el'), { architecture: 'ppc64le' })
  assert.deepEqual(ociPlatform('mips64el'), { architecture: 'mips64le' })
  assert.equal(ociPlatform('hppa'), undefined)
})

test('a platform names the machine of its programs', () => {
  assert.equal(machineOfPlatform({ architecture: 'amd64' }), 'amd64')
  assert.equal(machineOfPlatform({ architecture: 'arm64', variant: 'v8' }), 'arm64')
  assert.equal(machineOfPlatform({ architecture: 'arm', variant: 'v6' }), 'armhf')
  assert.equal(machineOfPlatform({ architecture: 'arm', variant: 'v5' }), 'armel')
  assert.equal(machineOfPlatform({ architecture: 'wasm' }), undefined)
})
