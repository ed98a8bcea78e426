import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { headerFault, readElf, readHeader } from '../../src/elf/elf.js'
import { inContext, LiftError } from '../../src/errors.js'
import { buildElf } from '../support/elf-builder.js'
import { rejection } from './rejection.js'

const LAYOUTS = [
  { class: 32, endian: 'little' },
  { class: 32, endian: 'big' },
  { class: 64, endian: 'little' },
  { class: 64, endian: 'big' },
] as const

for (const layout of LAYOUTS) {
  test(`the header of a ${layout.class}-bit ${layout.endian}-endian file is read as written`, async () => {
    const bytes = buildElf({
      ...layout,
      machine: 0x1234,
      type: 0xfe00,
      flags: 0x8765_4321,
      osabi: 3,
      abiVersion: 2,
    })
    const header = await readHeader(bufferReader(bytes))
    const { segments, ...numbers } = header
    assert.deepEqual(numbers, {
      ...layout,
      identVersion: 1,
      osabi: 3,
      abiVersion: 2,
      paddingZero: true,
      type: 0xfe00,
      machineNumber: 0x1234,
      version: 1,
      flags: 0x8765_4321,
      phentsize: layout.class === 32 ? 32 : 56,
      phnum: segments.length,
    })
  })

  test(`segments of a ${layout.class}-bit ${layout.endian}-endian file keep type and flags as numbers`, async () => {
    const raw = { type: 0x6474_e553, flags: 0x8000_0005, offset: 1, vaddr: 2, filesz: 3, memsz: 4, align: 5 }
    const header = await readHeader(bufferReader(buildElf({ ...layout, segments: [raw] })))
    assert.deepEqual(header.segments.at(-1), raw)
  })
}

test('versions and padding of e_ident are kept for the loader to judge', async () => {
  const bytes = buildElf({ identVersion: 7, version: 9, padding: 1 })
  const header = await readHeader(bufferReader(bytes))
  assert.deepEqual([header.identVersion, header.version, header.paddingZero], [7, 9, false])
})

test('a file shorter than the ELF header is told apart from one without magic', async () => {
  const elf = buildElf()
  const faultOf = async (bytes: Uint8Array) => {
    const error = await rejection(readHeader(bufferReader(bytes)))
    return [error.code, headerFault(error)]
  }
  assert.deepEqual(await faultOf(new Uint8Array(0)), ['not-elf', 'too short'])
  assert.deepEqual(await faultOf(elf.subarray(0, 51)), ['not-elf', 'too short'])
  assert.deepEqual(await faultOf(elf.subarray(0, 63)), ['not-elf', 'too short'])
  assert.deepEqual(await faultOf(Buffer.from(`/* GNU ld script */${' '.repeat(100)}`)), [
    'not-elf',
    'not elf',
  ])
})

test('a 32-bit header needs 52 bytes only', async () => {
  const bytes = buildElf({ class: 32, dynamic: false }).slice(0, 52)
  assert.equal((await readHeader(bufferReader(bytes))).class, 32)
})

test('an unknown class or byte order is malformed, and says which', async () => {
  for (const [index, fault] of [
    [4, 'unknown class'],
    [5, 'unknown byte order'],
  ] as const) {
    const bytes = buildElf()
    bytes[index] = 7
    const error = await rejection(readHeader(bufferReader(bytes)))
    assert.deepEqual([error.code, headerFault(error)], ['malformed-elf', fault])
  }
})

test('the fault of a header survives a prefix on the message', async () => {
  const error = await rejection(readElf(bufferReader(new Uint8Array(3))))
  assert.equal(headerFault(inContext(error, '/lib/libx.so')), 'too short')
  assert.equal(headerFault(new LiftError('malformed-elf', 'something else')), undefined)
  assert.equal(headerFault(new Error('something else')), undefined)
})

test('a wrong e_phentsize leaves a header without segments, which is no program', async () => {
  const elf = await readElf(bufferReader(buildElf({ type: 'exec', phentsize: 55, needed: ['liba.so'] })))
  assert.deepEqual([elf.phentsize, elf.segments, elf.kind, elf.dynamic], [55, [], 'other', undefined])
})

test('program headers are read wherever they lie and however many there are', async () => {
  const many = Array.from({ length: 500 }, () => ({ type: 0x7000_0000 }))
  const elf = await readElf(bufferReader(buildElf({ segments: many, needed: ['liba.so'] })))
  assert.equal(elf.segments.length, elf.phnum)
  assert.deepEqual(elf.dynamic?.needed, ['liba.so'])

  const moved = tableAtEnd(buildElf({ gap: 10_000, needed: ['libb.so'] }))
  assert.deepEqual((await readElf(bufferReader(moved))).dynamic?.needed, ['libb.so'])
})

test('a program header table that leaves the file is malformed, but leaves the header to be judged', async () => {
  const bytes = buildElf()
  const reader = bufferReader(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (const spoil of [
    () => view.setUint16(56, 0xfffe, true),
    () => view.setBigUint64(32, 2n ** 63n, true),
  ]) {
    spoil()
    assert.equal((await readHeader(reader)).machineNumber, 62)
    assert.equal((await rejection(readElf(reader))).code, 'malformed-elf')
  }
})

test('the count of program headers that stands for more is malformed, however large the file', async () => {
  const bytes = buildElf({ gap: 0xffff * 56 })
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(56, 0xffff, true)
  assert.equal((await rejection(readElf(bufferReader(bytes)))).code, 'malformed-elf')
})

/** Moves the program header table of a 64-bit little-endian file to its end. */
function tableAtEnd(bytes: Uint8Array): Uint8Array {
  const table = bytes.slice(64, 64 + 56 * new DataView(bytes.buffer, bytes.byteOffset).getUint16(56, true))
  const moved = new Uint8Array(bytes.length + table.length)
  moved.set(bytes)
  moved.fill(0, 64, 64 + table.length)
  moved.set(table, bytes.length)
  new DataView(moved.buffer).setBigUint64(32, BigInt(bytes.length), true)
  return moved
}
