import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ByteReader, bufferReader } from '../../src/bytes.js'
import { constantTexts, readElf } from '../../src/elf/elf.js'
import type { TextLimits } from '../../src/elf/texts.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'

const ALL = (_: string): boolean => true

async function textsOf(options: ElfOptions, isWanted = ALL, limits?: TextLimits): Promise<readonly string[]> {
  const reader = bufferReader(buildElf(options))
  return constantTexts(reader, await readElf(reader), isWanted, limits)
}

test('a text is what stands printable and without blanks in front of a NUL', async () => {
  const constants = '/bin/sh\0\x01\x02libz.so\0\0two words\0no end\n/a/b\0\xff/c/d\0tail'
  assert.deepEqual(await textsOf({ constants }), ['/bin/sh', 'libz.so', '/a/b', '/c/d'])
})

test('only texts that are wanted are given, each once', async () => {
  const constants = '/bin/sh\0libz.so\0/bin/sh\0/bin/shx\0'
  assert.deepEqual(await textsOf({ constants }, (text) => text.endsWith('sh')), ['/bin/sh'])
})

test('names of the dynamic string table are no constants where those have a segment of their own', async () => {
  const options: ElfOptions = { needed: ['libneeded.so.1'], constants: '/a/b\0' }
  assert.deepEqual(await textsOf(options), ['/a/b'])
})

test('where no segment is for constants alone, they are in the one that is run', async () => {
  assert.ok((await textsOf({ needed: ['libneeded.so.1'] })).includes('libneeded.so.1'))
})

test('what is written to holds no constants', async () => {
  const table = Buffer.from('/a/b\0')
  const bytes = buildElf({ segments: [{ type: 1, flags: 6, offset: 0x1000, filesz: table.length }] })
  const reader = bufferReader(Buffer.concat([bytes], 0x1000 + table.length))
  table.copy((await reader.read(0x1000, table.length)) as Buffer)
  assert.ok(!(await constantTexts(reader, await readElf(reader), ALL)).includes('/a/b'))
})

test('a text that lies over the border of two readings is whole', async () => {
  const piece = 1 << 20
  for (const before of [piece - 3, piece - 1, piece, piece + 1]) {
    const constants = `${'\0'.repeat(before)}/some/path\0/other\0`
    assert.deepEqual(await textsOf({ constants }), ['/some/path', '/other'], String(before))
  }
})

test('what is longer than any path is none, however it is read', async () => {
  const long = 'x'.repeat(513)
  assert.deepEqual(await textsOf({ constants: `/${'x'.repeat(500)}\0${long}\0` }), [`/${'x'.repeat(500)}`])
  const constants = `${'\0'.repeat((1 << 20) - 5)}${'x'.repeat(3 << 20)}\0/a/b\0`
  assert.deepEqual(await textsOf({ constants }), ['/a/b'])
})

test('as much is read and kept as the limits allow', async () => {
  const constants = '/a/1\0/a/2\0/a/3\0/a/4\0'
  const some = (bytes: number, texts: number) => textsOf({ constants }, ALL, { bytes, texts })
  assert.deepEqual(await some(100, 2), ['/a/1', '/a/2'])
  assert.deepEqual(await some(12, 9), ['/a/1', '/a/2'])
})

test('segments that lead out of the file have the texts that are in it', async () => {
  const bytes = buildElf({ constants: '/a/b\0/c/d\0' })
  const elf = await readElf(bufferReader(bytes))
  const segments = elf.segments.map((one) => (one.flags === 4 ? { ...one, filesz: 2 ** 40 } : one))
  const reader: ByteReader = bufferReader(bytes)
  assert.deepEqual((await constantTexts(reader, { ...elf, segments }, ALL)).slice(0, 2), ['/a/b', '/c/d'])
})
