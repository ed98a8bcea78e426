import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ByteReader, bufferReader } from '../../src/bytes.js'
import { type ElfKind, readElf, readNotes } from '../../src/elf/elf.js'
import { LiftError } from '../../src/errors.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { rejection } from './rejection.js'

const PIE = { dtFlags1: 0x0800_0000 }
const INTERP = { interp: '/lib64/ld-linux-x86-64.so.2' }

const KINDS: [string, ElfOptions, ElfKind][] = [
  ['EXEC with interpreter and dynamic section', { type: 'exec', ...INTERP }, 'program'],
  ['EXEC with interpreter but no dynamic section', { type: 'exec', ...INTERP, dynamic: false }, 'klibc'],
  ['EXEC without interpreter', { type: 'exec', dynamic: false }, 'static'],
  ['EXEC without interpreter but with dynamic section', { type: 'exec' }, 'static'],
  ['DYN with interpreter and the PIE flag', { ...INTERP, ...PIE }, 'program'],
  ['DYN with interpreter and without the PIE flag', INTERP, 'program'],
  ['DYN without interpreter but with the PIE flag', PIE, 'static-pie'],
  ['DYN without interpreter and PIE flag', { soname: 'liba.so' }, 'library'],
  ['DYN without dynamic section', { dynamic: false }, 'other'],
  ['REL', { type: 'rel' }, 'relocatable'],
  ['CORE', { type: 'core' }, 'core'],
  ['a processor-specific type', { type: 0xff00 }, 'other'],
]

for (const [words, options, kind] of KINDS) {
  test(`${words}: ${kind}`, async () => {
    assert.equal((await readElf(bufferReader(buildElf(options)))).kind, kind)
  })
}

test('the first of several interpreters counts, up to its NUL', async () => {
  const bytes = buildElf({ interp: '/lib/ld.so\0/ignored', segments: [{ type: 3, offset: 0, filesz: 4 }] })
  assert.equal((await readElf(bufferReader(bytes))).interpreter, '/lib/ld.so')
})

test('an interpreter that leaves the file is malformed', async () => {
  const segments = [{ type: 3, offset: 100, filesz: 2 ** 40 }]
  const error = await rejection(readElf(bufferReader(buildElf({ segments }))))
  assert.match(error.message, /PT_INTERP at offset 0x64/)
})

test('section headers change nothing, present, absent or cut off', async () => {
  const options = { ...INTERP, needed: ['liba.so'], versionsDefined: ['V'] }
  const without = await readElf(bufferReader(buildElf(options)))
  const bytes = buildElf({ ...options, sections: true })
  assert.deepEqual(await readElf(bufferReader(bytes)), without)
  assert.deepEqual(await readElf(bufferReader(bytes.subarray(0, bytes.length - 100))), without)
})

test('a file cut off anywhere gives an answer or a LiftError', async () => {
  for (const size of [32, 64] as const) {
    const bytes = rich(size)
    for (let length = 0; length < bytes.length; length++) await answerOrLiftError(bytes.subarray(0, length))
  }
})

test('a file with any single byte spoilt gives an answer or a LiftError', async () => {
  for (const size of [32, 64] as const) {
    const bytes = rich(size)
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const spoilt = bytes.slice()
        spoilt[at] = value
        await answerOrLiftError(spoilt)
      }
    }
  }
})

test('a file that shrinks while it is read gives a LiftError', async () => {
  const bytes = tableFarAway()
  const reader: ByteReader = {
    size: bytes.length,
    read: async (offset, length) => (offset === 0 ? bytes.subarray(0, length) : new Uint8Array(0)),
  }
  assert.equal((await rejection(readElf(reader))).code, 'malformed-elf')
})

test('a program of 100 MB costs a few reads of a few blocks', async () => {
  const options = {
    ...INTERP,
    ...PIE,
    needed: Array.from({ length: 40 }, (_, index) => `libneeded${index}.so.1`),
    versionsNeeded: [{ file: 'libc.so.6', versions: ['GLIBC_2.2.5', 'GLIBC_2.34'] }],
    versionsDefined: ['V1'],
    gap: 100_000_000,
    strtabAtEnd: true,
  }
  const { reader, cost } = counting(bufferReader(buildElf(options)))
  const elf = await readElf(reader)
  assert.equal(elf.dynamic?.needed.length, 40)
  assert.ok(cost.reads <= 3, `${cost.reads} reads`)
  assert.ok(cost.bytes <= 16_384, `${cost.bytes} bytes`)
})

test('a name deep in a string table of many megabytes does not cost the table', async () => {
  const filler = Array.from({ length: 60 }, (_, index) => ({
    tag: 0x6000_0001,
    value: `${index}`.repeat(50_000),
  }))
  const options = { needed: ['liba.so'], tags: [...filler, { tag: 29, value: '/deep' }] }
  const { reader, cost } = counting(bufferReader(buildElf(options)))
  assert.equal((await readElf(reader)).dynamic?.runpath, '/deep')
  assert.ok(cost.reads <= 6, `${cost.reads} reads`)
  assert.ok(cost.bytes <= 65_536, `${cost.bytes} bytes`)
})

/** A file with everything in it. */
function rich(size: 32 | 64): Uint8Array {
  return buildElf({
    ...INTERP,
    class: size,
    endian: size === 32 ? 'big' : 'little',
    needed: ['liba.so'],
    soname: 'librich.so',
    rpath: '/r',
    runpath: '/u',
    versionsNeeded: [{ file: 'liba.so', versions: ['A1'] }],
    versionsDefined: ['R1'],
    notes: [{ notes: [{ owner: 'GNU', type: 3, desc: 'id' }] }],
    strtabAtEnd: true,
  })
}

async function answerOrLiftError(bytes: Uint8Array): Promise<void> {
  const reader = bufferReader(bytes)
  try {
    await readNotes(reader, await readElf(reader))
  } catch (error) {
    if (!(error instanceof LiftError)) throw error
  }
}

/** A file whose program header table is said to lie behind the first page. */
function tableFarAway(): Uint8Array {
  const bytes = buildElf({ gap: 20_000 })
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(32, 10_000n, true)
  return bytes
}

/** The same bytes, with what was read of them counted. */
function counting(inner: ByteReader): { reader: ByteReader; cost: { reads: number; bytes: number } } {
  const cost = { reads: 0, bytes: 0 }
  const read = async (offset: number, length: number) => {
    const bytes = await inner.read(offset, length)
    cost.reads++
    cost.bytes += bytes.length
    return bytes
  }
  return { reader: { size: inner.size, read }, cost }
}
