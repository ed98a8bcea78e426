import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { definedSymbols, definesSymbols, readElf } from '../../src/elf/elf.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'

async function defines(options: ElfOptions, names: readonly string[]): Promise<boolean> {
  return definesIn(buildElf(options), names)
}

async function definesIn(bytes: Uint8Array, names: readonly string[]): Promise<boolean> {
  const reader = bufferReader(bytes)
  return definesSymbols(reader, await readElf(reader), names)
}

const LAYOUTS: readonly ElfOptions[] = [
  { machine: 62 },
  { class: 32, machine: 3 },
  { endian: 'big', machine: 21 },
  { class: 32, endian: 'big', machine: 20 },
]
const SOME = ['alpha', 'beta', 'gamma', 'delta', 'a name that is longer than others']

test('each defined symbol is found by either hash table, in every class and byte order', async () => {
  for (const layout of LAYOUTS) {
    for (const hashStyle of ['gnu', 'sysv'] as const) {
      const options = { ...layout, hashStyle, defines: SOME }
      assert.equal(await defines(options, SOME), true, JSON.stringify(options))
      for (const name of ['alph', 'alphaa', 'epsilon', '']) {
        assert.equal(await defines(options, ['alpha', name]), false, `${name} ${JSON.stringify(options)}`)
      }
    }
  }
})

test('a file without symbols or without a dynamic section defines nothing', async () => {
  assert.equal(await defines({}, ['alpha']), false)
  assert.equal(await defines({ hashStyle: 'gnu' }, ['alpha']), false)
  assert.equal(await defines({ dynamic: false, type: 'exec' }, ['alpha']), false)
})

test('a symbol that is only imported, local or without a place is not defined', async () => {
  const bytes = Buffer.from(buildElf({ defines: ['alpha'] }))
  const at = symbolAt(bytes)
  const changed = (offset: number, value: number) => {
    const copy = Buffer.from(bytes)
    copy[at + offset] = value
    return copy
  }
  assert.equal(await definesIn(bytes, ['alpha']), true)
  assert.equal(await definesIn(changed(6, 0), ['alpha']), false, 'imported')
  assert.equal(await definesIn(changed(4, 0x02), ['alpha']), false, 'local')
  assert.equal(await definesIn(changed(4, 0x14), ['alpha']), false, 'the name of a file')
  assert.equal(await definesIn(changed(8, 0), ['alpha']), false, 'without a place')
})

test('tables that lead out of the file, go in circles or have no bucket define nothing', async () => {
  const bytes = Buffer.from(buildElf({ defines: ['alpha', 'beta'] }))
  const hash = symbolAt(bytes) - 24 - 4 * 8
  const words = (...values: number[]) => {
    const copy = Buffer.from(bytes)
    for (const [index, value] of values.entries()) copy.writeUInt32LE(value, hash + 4 * index)
    return copy
  }
  assert.equal(bytes.readUInt32LE(hash), 2)
  assert.equal(await definesIn(words(0), ['alpha']), false)
  assert.equal(await definesIn(words(0xffff_fff0), ['alpha']), false)
  assert.equal(await definesIn(words(2, 0xffff_ffff, 0xffff_fff0, 0xffff_fff0), ['alpha']), false)
  const gnu = Buffer.from(buildElf({ defines: ['alpha'], hashStyle: 'gnu' }))
  gnu.writeUInt32LE(0, gnu.indexOf(Buffer.from([2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])))
  assert.equal(await definesIn(gnu, ['alpha']), false)
  assert.equal(await definesIn(words(2, 3, 1, 1, 0, 1, 1), ['gamma', 'gamm']), false)
})

/** Where the first symbol after the null one lies: the only place that these bytes occur. */
function symbolAt(bytes: Buffer): number {
  const at = bytes.indexOf(Buffer.from([0x12, 0, 1, 0, 0x40, 0, 0, 0, 0, 0, 0, 0])) - 4
  return at > 0 ? at : assert.fail('no symbol')
}

test('of many wanted symbols the defined ones are told, and imported ones are not defined', async () => {
  for (const hashStyle of ['gnu', 'sysv'] as const) {
    const reader = bufferReader(buildElf({ hashStyle, defines: SOME, imports: ['omega'] }))
    const wanted = new Set(['beta', 'omega', 'nothing', 'delta'])
    const defined = await definedSymbols(reader, await readElf(reader), wanted)
    assert.deepEqual([...defined], ['beta', 'delta'])
  }
})
