import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { readElf, readNotes } from '../../src/elf/elf.js'
import { buildElf, type ElfOptions, type NoteSegment } from '../support/elf-builder.js'
import { rejection } from './rejection.js'

const DLOPEN = 0x407c_0c0a
const PACKAGE = 0xcafe_1a7e

async function notesOf(notes: NoteSegment[], options: ElfOptions = {}) {
  const reader = bufferReader(buildElf({ ...options, notes }))
  return readNotes(reader, await readElf(reader))
}

function words(endian: 'little' | 'big', ...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  values.forEach((value, index) => {
    view.setUint32(index * 4, value, endian === 'little')
  })
  return new Uint8Array(view.buffer)
}

for (const endian of ['little', 'big'] as const) {
  test(`build id and ABI tag of a ${endian}-endian file are read`, async () => {
    const notes = [
      { owner: 'GNU', type: 3, desc: new Uint8Array([0xde, 0xad, 0x01]) },
      { owner: 'GNU', type: 1, desc: words(endian, 0, 6, 1, 2) },
    ]
    const found = await notesOf([{ notes }], { endian, class: 32, machine: 8 })
    assert.deepEqual(found, { dlopen: [], buildId: 'dead01', abiTag: { os: 0, kernel: [6, 1, 2] } })
  })
}

test('every dlopen note of a segment is kept, in order, up to its first NUL', async () => {
  const notes = [
    { owner: 'FDO', type: PACKAGE, desc: '{"type":"deb"}\0' },
    { owner: 'FDO', type: DLOPEN, desc: '[{"soname":["liba.so"]}]\0\0\0' },
    { owner: 'FDO', type: DLOPEN, desc: '[{"soname":["libb.so"]}]' },
  ]
  const found = await notesOf([{ notes }])
  assert.deepEqual(found, {
    dlopen: ['[{"soname":["liba.so"]}]', '[{"soname":["libb.so"]}]'],
    package: '{"type":"deb"}',
  })
})

test('notes of another owner with the same number are not meant', async () => {
  const notes = [
    { owner: 'Go', type: 3, desc: 'x' },
    { owner: 'GNU', type: DLOPEN, desc: 'x' },
  ]
  assert.deepEqual(await notesOf([{ notes }]), { dlopen: [] })
})

test('a segment aligned to 8 has records padded to 8', async () => {
  const isa = words('little', 0xc000_0002, 4, 1, 0, 0xc000_8002, 4, 7, 0)
  const notes = [
    { owner: 'FDO', type: 1, desc: 'abc' },
    { owner: 'GNU', type: 5, desc: isa },
  ]
  assert.equal((await notesOf([{ align: 8, notes }])).isaNeeded, 7)
})

test('a note that leaves its segment is malformed', async () => {
  const reader = bufferReader(buildElf({ notes: [{ notes: [{ owner: 'GNU', type: 3, desc: 'abcd' }] }] }))
  const elf = await readElf(reader)
  const note = elf.segments.find(({ type }) => type === 4)!
  const shorter = { ...elf, segments: [{ ...note, filesz: note.filesz - 4 }] }
  assert.match((await rejection(readNotes(reader, shorter))).message, /PT_NOTE at offset 0x/)
  const longer = { ...elf, segments: [{ ...note, filesz: 1e9 }] }
  assert.equal((await rejection(readNotes(reader, longer))).code, 'malformed-elf')
})
