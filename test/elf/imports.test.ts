import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { importedSymbols, readElf } from '../../src/elf/elf.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'

const WANTED = new Set(['getpwnam', 'tzset'])

async function imports(options: ElfOptions, change: (bytes: Buffer) => void = () => {}, wanted = WANTED) {
  const bytes = Buffer.from(buildElf(options))
  change(bytes)
  const reader = bufferReader(bytes)
  return [...(await importedSymbols(reader, await readElf(reader), wanted))].sort()
}

const LAYOUTS: readonly ElfOptions[] = [
  { machine: 62 },
  { class: 32, machine: 3 },
  { endian: 'big', machine: 21 },
  { class: 32, endian: 'big', machine: 20 },
]

test('imported symbols are found with either hash table, in every class and byte order', async () => {
  for (const layout of LAYOUTS) {
    for (const hashStyle of ['gnu', 'sysv'] as const) {
      const options = { ...layout, hashStyle, imports: ['open', 'getpwnam', 'tzset'], defines: ['own'] }
      assert.deepEqual(await imports(options), ['getpwnam', 'tzset'], JSON.stringify(options))
    }
  }
})

test('what a file defines itself, or calls nearly so, is not imported', async () => {
  for (const hashStyle of ['gnu', 'sysv'] as const) {
    const options = { hashStyle, imports: ['getpwnam_r', 'tzse', 'my_tzset'], defines: ['getpwnam', 'tzset'] }
    assert.deepEqual(await imports(options), [])
  }
})

test('a * at the end of a name stands for all that start so, and is found as it was asked for', async () => {
  const wanted = new Set(['_ZN3Abc*', 'tz*', 'tzset'])
  const found = (...names: string[]) => imports({ imports: names, defines: ['tzown'] }, undefined, wanted)
  const long = `_ZN3AbcC1${'Ev'.repeat(60)}`
  assert.deepEqual(await found('_ZN3Abc1fEv', 'tzset'), ['_ZN3Abc*', 'tz*', 'tzset'])
  assert.deepEqual(await found(long), ['_ZN3Abc*'])
  assert.deepEqual(await found('_ZN3Abd1fEv', 'x_ZN3Abc1f', 't'), [])
})

test('names before one that is not ASCII are found, and those after it', async () => {
  assert.deepEqual(await imports({ imports: ['getpwnam', 'größe', 'tzset'] }), ['getpwnam', 'tzset'])
})

test('a file without symbols imports nothing', async () => {
  assert.deepEqual(await imports({}), [])
  assert.deepEqual(await imports({ dynamic: false, type: 'exec' }), [])
})

test('tables that say to be larger than the file give what lies in the file', async () => {
  const options: ElfOptions = { imports: ['getpwnam'], defines: ['own'] }
  const huge = await imports({ ...options, tags: [{ tag: 10, value: 0x7fff_ffff }] })
  assert.deepEqual(huge, ['getpwnam'])
  assert.deepEqual(await imports({ ...options, tags: [{ tag: 6, value: 0x7fff_ffff }] }), [])
  assert.deepEqual(await imports({ ...options, tags: [{ tag: 10, value: 0 }] }), [])
})
