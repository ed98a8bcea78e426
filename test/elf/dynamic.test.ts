import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { readElf } from '../../src/elf/elf.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { rejection } from './rejection.js'

const DT_NEEDED = 1
const DT_STRTAB = 5
const DT_STRSZ = 10
const DT_SONAME = 14
const DT_RUNPATH = 29

async function dynamicOf(options: ElfOptions) {
  return (await readElf(bufferReader(buildElf(options)))).dynamic
}

async function problemOf(options: ElfOptions) {
  const error = await rejection(readElf(bufferReader(buildElf(options))))
  assert.equal(error.code, 'malformed-elf')
  return error.message
}

test('needed, auxiliary and filter entries keep their common order', async () => {
  const dependencies = [
    { kind: 'filter', name: 'libf.so' },
    { kind: 'needed', name: 'libb.so' },
    { kind: 'auxiliary', name: 'libx.so' },
    { kind: 'needed', name: 'liba.so' },
  ] as const
  const dynamic = await dynamicOf({ dependencies })
  assert.deepEqual(dynamic?.dependencies, dependencies)
  assert.deepEqual(dynamic?.needed, ['libb.so', 'liba.so'])
})

test('a name that is needed twice is kept twice', async () => {
  assert.deepEqual((await dynamicOf({ needed: ['liba.so', 'liba.so'] }))?.needed, ['liba.so', 'liba.so'])
})

test('every tag that matters to a loader has its field', async () => {
  const written = {
    soname: 'libs.so.1',
    rpath: '/r',
    runpath: '$ORIGIN/u',
    audit: '/a.so:b.so',
    depaudit: 'c.so',
  }
  const dynamic = await dynamicOf({ ...written, dtFlags: 8, dtFlags1: 0x0800_0801 })
  assert.deepEqual(dynamic, {
    ...written,
    dependencies: [],
    needed: [],
    flags: 8,
    flags1: 0x0800_0801,
    versionsNeeded: [],
  })
})

test('of a tag that may occur once the last one counts', async () => {
  const tags = [
    { tag: DT_RUNPATH, value: '/first' },
    { tag: DT_SONAME, value: 'libnew.so' },
    { tag: DT_RUNPATH, value: '/last' },
  ]
  const dynamic = await dynamicOf({ soname: 'libold.so', runpath: '/zeroth', tags })
  assert.deepEqual([dynamic?.soname, dynamic?.runpath], ['libnew.so', '/last'])
})

test('the first DT_NULL ends the array', async () => {
  const tags = [
    { tag: 0, value: 0 },
    { tag: DT_NEEDED, value: 'libghost.so' },
  ]
  assert.deepEqual((await dynamicOf({ needed: ['liba.so'], tags }))?.needed, ['liba.so'])
})

test('an array longer than one read is read to its end', async () => {
  const needed = Array.from({ length: 1000 }, (_, index) => `lib${index}.so`)
  assert.deepEqual((await dynamicOf({ needed }))?.needed, needed)
})

test('unknown tags with any value are passed over', async () => {
  const tags = [{ tag: 0x6000_0123, value: 2 ** 52 }]
  assert.deepEqual((await dynamicOf({ needed: ['liba.so'], tags }))?.needed, ['liba.so'])
})

for (const size of [32, 64] as const) {
  test(`addresses of a ${size}-bit file are translated by the segment that holds them`, async () => {
    const moved = { class: size, needed: ['liba.so'], soname: 'libs.so', base: 0x20_0000, vaddrDelta: 0x7000 }
    assert.equal((await dynamicOf(moved))?.soname, 'libs.so')
    const grown = { ...moved, strtabAtEnd: true, gap: 20_000, versionsDefined: ['V1'] }
    const dynamic = await dynamicOf(grown)
    assert.deepEqual([dynamic?.needed, dynamic?.versionsDefined], [['liba.so'], ['V1']])
  })
}

test('the dynamic section is found by its address, as loaders do, not by its file offset', async () => {
  const bytes = buildElf({ needed: ['liba.so'] })
  const elf = await readElf(bufferReader(bytes))
  const index = elf.segments.findIndex(({ type }) => type === 2)
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(64 + 56 * index + 8, 16n, true)
  assert.deepEqual((await readElf(bufferReader(bytes))).dynamic?.needed, ['liba.so'])
})

test('a string table that no segment holds is malformed', async () => {
  const tags = [{ tag: DT_STRTAB, value: 0x7777_0000 }]
  assert.match(
    await problemOf({ needed: ['liba.so'], tags }),
    /dynamic section at offset 0x.*DT_STRTAB is 0x77770000/,
  )
})

test('an address above 2^53 is malformed', async () => {
  const tags = [{ tag: 0x6fff_fffe, value: 2 ** 60 }]
  assert.match(await problemOf({ needed: ['liba.so'], tags }), /DT_VERNEED/)
})

test('names without any string table are malformed', async () => {
  const bytes = buildElf({ needed: ['liba.so'] })
  overwriteTag(bytes, DT_STRTAB, 0x6000_0123)
  const error = await rejection(readElf(bufferReader(bytes)))
  assert.equal(error.code, 'malformed-elf')
  assert.match(error.message, /no DT_STRTAB/)
})

test('a name outside of the string table is malformed', async () => {
  const tags = [{ tag: DT_NEEDED, value: 100_000 }]
  assert.match(await problemOf({ tags, gap: 200_000 }), /string table at offset 0x/)
})

test('a name may not run past DT_STRSZ', async () => {
  const tags = [{ tag: DT_STRSZ, value: 6 }]
  assert.match(await problemOf({ needed: ['liba.so'], tags }), /has no end/)
})

test('a DT_STRSZ beyond the end of the file means the rest of the file', async () => {
  const tags = [{ tag: DT_STRSZ, value: 2 ** 40 }]
  assert.deepEqual((await dynamicOf({ needed: ['liba.so'], tags, strtabAtEnd: true }))?.needed, ['liba.so'])
})

test('names of any length up to the size of a search path are read in full', async () => {
  const runpath = Array.from({ length: 3000 }, (_, index) => `/opt/store/${index}`).join(':')
  const dynamic = await dynamicOf({ runpath, needed: ['libafter.so'] })
  assert.deepEqual([dynamic?.runpath, dynamic?.needed], [runpath, ['libafter.so']])
})

test('names in UTF-8 come out as text', async () => {
  assert.deepEqual((await dynamicOf({ needed: ['libß 库.so'] }))?.needed, ['libß 库.so'])
})

test('an empty PT_DYNAMIC, as in files of debug information, is none', async () => {
  const elf = await readElf(bufferReader(buildElf({ dynamic: false, segments: [{ type: 2 }] })))
  assert.deepEqual([elf.dynamic, elf.kind], [undefined, 'other'])
})

test('a dynamic section that leaves the file is malformed', async () => {
  const segments = [{ type: 2, offset: 64, vaddr: 64, filesz: 1_000_000 }]
  assert.match(
    await problemOf({ dynamic: false, segments }),
    /dynamic section at offset 0x40: leaves the file/,
  )
})

test('more names than any real file has are refused, not read', async () => {
  const needed = Array.from({ length: 5000 }, (_, index) => `lib${index}.so`)
  assert.match(await problemOf({ needed }), /more than 4096 names/)
})

test('a string table of overlapping long names is refused before it fills the memory', async () => {
  const text = 'x'.repeat(60_000)
  const tags = Array.from({ length: 100 }, (_, index) => ({ tag: DT_NEEDED, value: index + 1 }))
  assert.match(await problemOf({ soname: text, tags }), /bytes of names/)
})

/** Replaces a tag's number in the dynamic section of a 64-bit little-endian file. */
function overwriteTag(bytes: Uint8Array, from: number, to: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = bytes.length - 16; at >= 64; at -= 8) {
    if (view.getBigInt64(at, true) !== BigInt(from)) continue
    view.setBigInt64(at, BigInt(to), true)
    return
  }
}
