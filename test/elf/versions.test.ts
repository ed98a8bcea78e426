import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { readElf } from '../../src/elf/elf.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { rejection } from './rejection.js'

const LAYOUTS = [
  { class: 32, endian: 'little' },
  { class: 32, endian: 'big' },
  { class: 64, endian: 'little' },
  { class: 64, endian: 'big' },
] as const

const NEEDS = [
  { file: 'libc.so.6', versions: ['GLIBC_2.2.5', { name: 'GLIBC_ABI_DT_RELR', weak: true }] },
  { file: 'libm.so.6', versions: ['GLIBC_2.29'] },
]

async function dynamicOf(options: ElfOptions) {
  return (await readElf(bufferReader(buildElf(options)))).dynamic
}

for (const layout of LAYOUTS) {
  test(`versions needed and defined of a ${layout.class}-bit ${layout.endian}-endian file are read`, async () => {
    const options = { ...layout, soname: 'libx.so', versionsNeeded: NEEDS, versionsDefined: ['X_1', 'X_2'] }
    const dynamic = await dynamicOf(options)
    assert.deepEqual(dynamic?.versionsNeeded, [
      {
        file: 'libc.so.6',
        versions: [
          { name: 'GLIBC_2.2.5', weak: false },
          { name: 'GLIBC_ABI_DT_RELR', weak: true },
        ],
      },
      { file: 'libm.so.6', versions: [{ name: 'GLIBC_2.29', weak: false }] },
    ])
    assert.deepEqual(dynamic?.versionsDefined, ['X_1', 'X_2'])
  })
}

test('an object without DT_VERDEF differs from one that defines its base alone', async () => {
  assert.equal((await dynamicOf({ soname: 'liba.so' }))?.versionsDefined, undefined)
  assert.deepEqual((await dynamicOf({ soname: 'liba.so', versionsDefined: [] }))?.versionsDefined, [])
})

test('tables longer than the first read are read to their end', async () => {
  const names = Array.from({ length: 900 }, (_, index) => `V_${index}`)
  const dynamic = await dynamicOf({
    versionsDefined: names,
    versionsNeeded: [{ file: 'l.so', versions: names }],
  })
  assert.deepEqual(dynamic?.versionsDefined, names)
  assert.deepEqual(
    dynamic?.versionsNeeded[0]?.versions.map(({ name }) => name),
    names,
  )
})

test('a chain that leaves the file is malformed and named', async () => {
  assert.match(
    await problemAfter({ field: 12, value: 0xffff_fff0 }),
    /DT_VERNEED at offset 0x.*leaves the file/,
  )
  assert.match(
    await problemAfter({ field: 8, value: 0xffff_fff0 }),
    /DT_VERNEED at offset 0x.*leaves the file/,
  )
})

test('a table of an unknown revision is malformed', async () => {
  assert.match(await problemAfter({ field: 0, value: 0x0001_0002 }), /DT_VERNEED.*revision 2/)
})

test('chains that share their records are refused before they are walked over and over', async () => {
  const step = 16
  const table = Buffer.alloc(0x4_0000)
  for (let at = 0; at < table.length; at += step) {
    table.writeUInt16LE(1, at)
    table.writeUInt32LE(step, at + 8)
    table.writeUInt32LE(at + step < table.length ? step : 0, at + 12)
  }
  const options = { tags: [{ tag: 0x6fff_fffe, value: 0 }], gap: 0 }
  const size = buildElf(options).length
  const address = 0x10_0000
  const segments = [{ type: 1, offset: size + 56, vaddr: address, filesz: table.length }]
  const bytes = buildElf({ ...options, tags: [{ tag: 0x6fff_fffe, value: address }], segments })
  const error = await rejection(readElf(bufferReader(Buffer.concat([bytes, table]))))
  assert.match(error.message, /DT_VERNEED.*more than 65536 records/)
})

/** The message for a file of which one 32-bit field of its first DT_VERNEED record is overwritten. */
async function problemAfter({ field, value }: { field: number; value: number }): Promise<string> {
  const bytes = buildElf({ versionsNeeded: NEEDS })
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = record.indexOf(Buffer.from([1, 0, 2, 0]), 64 + 56 * 4)
  record.writeUInt32LE(value, start + field)
  const error = await rejection(readElf(bufferReader(bytes)))
  assert.equal(error.code, 'malformed-elf')
  return error.message
}
