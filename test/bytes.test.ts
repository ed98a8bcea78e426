import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type ByteReader,
  bufferReader,
  decodeText,
  encodeText,
  fileReader,
  parseBlocks,
  windowReader,
} from '../src/bytes.js'

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) % 251)

/** Offsets and lengths within BYTES. */
const RANGES = [
  [0, 1],
  [0, 1000],
  [63, 2],
  [64, 64],
  [100, 500],
  [999, 1],
  [5, 0],
] as const

async function read(reader: ByteReader, offset: number, length: number): Promise<number[]> {
  return [...(await reader.read(offset, length))]
}

test('every reader gives what was asked for, and less only at the end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'file'), BYTES)
  const outer = bufferReader(Uint8Array.from([...BYTES.subarray(990), ...BYTES, 1, 2, 3]))
  const readers = {
    buffer: bufferReader(BYTES),
    file: fileReader(join(folder, 'file'), 1000),
    window: windowReader(outer, 10, 1000),
  }
  for (const [name, reader] of Object.entries(readers)) {
    assert.equal(reader.size, 1000, name)
    for (const [offset, length] of RANGES) {
      assert.deepEqual(await read(reader, offset, length), [...BYTES.slice(offset, offset + length)], name)
    }
    assert.deepEqual(await read(reader, 990, 100), [...BYTES.slice(990)], name)
    for (const [offset, length] of [
      [100, 500],
      [990, 100],
      [1000, 1],
    ] as const) {
      const into = new Uint8Array(length)
      const got = reader.readNow!(offset, into)
      assert.deepEqual([...into.subarray(0, got)], [...BYTES.slice(offset, offset + length)], name)
    }
    assert.deepEqual(await read(reader, 1000, 1), [], name)
    assert.deepEqual(await read(reader, 5000, 100), [], name)
  }
})

test('a window is never left, wherever it lies', async () => {
  const reader = bufferReader(BYTES)
  assert.equal(windowReader(reader, 990, 100).size, 10)
  assert.equal(windowReader(reader, 2000, 100).size, 0)
  assert.deepEqual(await read(windowReader(windowReader(reader, 10, 20), 5, 100), 0, 100), [
    ...BYTES.slice(15, 30),
  ])
})

test('a window can be read without waiting only where what it shows can', () => {
  const { size, read } = bufferReader(BYTES)
  assert.equal(windowReader({ size, read }, 10, 20).readNow, undefined)
})

test('blocks are read whole, each once, neighbours together', async () => {
  for (const waits of [true, false]) {
    const asked: [number, number][] = []
    const { read: readBytes, readNow: readBytesNow } = bufferReader(BYTES)
    const read = (offset: number, length: number) => {
      asked.push([offset, length])
      return readBytes(offset, length)
    }
    const readNow = (offset: number, into: Uint8Array) => {
      asked.push([offset, into.length])
      return readBytesNow!(offset, into)
    }
    const reader: ByteReader = { size: 1000, read, ...(waits ? {} : { readNow }) }
    let runs = 0
    const sum = await parseBlocks(
      reader,
      ({ at }) => {
        runs++
        return [at(250, 10), at(299, 1), at(150, 400), at(0, 600)].map(({ length }) => length)
      },
      100,
    )
    assert.deepEqual(sum, [10, 1, 400, 600])
    assert.deepEqual(asked, [
      [200, 100],
      [100, 100],
      [300, 300],
      [0, 100],
    ])
    assert.equal(runs, waits ? 5 : 1, 'a parser starts again after each wait, and only then')
  }
})

test('blocks give the bytes of the reader, and fewer only at the end', async () => {
  for (const blockSize of [64, 4096]) {
    for (const [offset, length] of [...RANGES, [990, 100], [1000, 1], [5000, 100]] as const) {
      const bytes = await parseBlocks(bufferReader(BYTES), ({ at }) => [...at(offset, length)], blockSize)
      assert.deepEqual(bytes, [...BYTES.slice(offset, offset + length)])
    }
  }
})

/** A reader that has to be waited for, and what was asked of it. */
function slowReader(size: number): { readonly reader: ByteReader; readonly asked: number[] } {
  const asked: number[] = []
  const read = async (offset: number, length: number) => {
    asked.push(offset)
    return new Uint8Array(Math.min(length, size - offset))
  }
  return { reader: { size, read }, asked }
}

test('places that are named ahead are waited for together', async () => {
  const { reader, asked } = slowReader(100_000)
  const places = Array.from({ length: 20 }, (_, index) => ({ offset: index * 5000, length: 10 }))
  let runs = 0
  await parseBlocks(reader, ({ at, ahead }) => {
    runs++
    ahead(places)
    for (const { offset, length } of places) at(offset, length)
  })
  assert.deepEqual([runs, asked.length], [2, 20])
})

test('a parser that starts again and again is given up', async () => {
  const { reader, asked } = slowReader(10_000_000)
  const scattered = parseBlocks(reader, ({ at }) => {
    for (let offset = 0; offset < 10_000_000; offset += 10_000) at(offset, 1)
  })
  await assert.rejects(scattered, { code: 'malformed-elf', message: /scattered over too many places/ })
  assert.ok(asked.length < 100)
})

test('a parser that looks at more places than any real file has tables in is given up', async () => {
  const size = 100_000 * 4096
  const readNow = (_: number, into: Uint8Array) => into.length
  const reader = { size, readNow, read: async (_: number, length: number) => new Uint8Array(length) }
  const scattered = parseBlocks(reader, ({ at }) => {
    for (let offset = 0; offset < size; offset += 4096) at(offset, 1)
  })
  await assert.rejects(scattered, { code: 'malformed-elf', message: /scattered over too many places/ })
})

test('more than is lent at once is read all the same, and what was lent before stays', async () => {
  const large = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) % 253)
  const parts = await parseBlocks(bufferReader(large), ({ at }) => {
    const early = at(0, 10)
    const all = at(0, large.length)
    return [early, all, at(299_990, 10), early].map((bytes) => [...bytes])
  })
  assert.deepEqual(parts, [
    [...large.slice(0, 10)],
    [...large],
    [...large.slice(-10)],
    [...large.slice(0, 10)],
  ])
})

test('an error of the parser is that of the parse', async () => {
  const parse = () => {
    throw new RangeError('no')
  }
  await assert.rejects(parseBlocks(bufferReader(BYTES), parse), RangeError)
})

test('a check may refuse the opened file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'file'), 'x')
  const reader = fileReader(join(folder, 'file'), 1, () => {
    throw new Error('no')
  })
  await assert.rejects(reader.read(0, 1), { code: 'unreadable' })
})

test('a file that is gone is unreadable when it is read, not before', async () => {
  const reader = fileReader('/nonexistent/file', 10)
  assert.equal(reader.size, 10)
  await assert.rejects(reader.read(0, 1), { code: 'unreadable', message: /nonexistent.file/ })
})

test('bytes that are text are that text', () => {
  for (const text of ['', 'plain', 'ünïcödé', '漢字', '😀', 'a\ufffdb', '\ufffd\ufffd']) {
    assert.equal(decodeText(Buffer.from(text)), text)
    assert.deepEqual(encodeText(text), Buffer.from(text))
  }
})

test('bytes that are no text keep their values on the way there and back', () => {
  assert.equal(decodeText(Uint8Array.of(0x63, 0xe9)), 'c\udce9')
  const odd = [
    [0xff],
    [0xc3],
    [0xc3, 0x28],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xc3, 0xa9, 0xe9, 0xc3, 0xa9],
    [0xef, 0xbf, 0xbd, 0x80],
    [0xc0, 0xaf],
    [0x80, 0xf0, 0x9f, 0x98, 0x80],
  ]
  for (const bytes of odd) {
    const text = decodeText(Uint8Array.from(bytes))
    assert.deepEqual([...encodeText(text)], bytes, text)
    assert.equal(text.isWellFormed(), false)
  }
})

test('different bytes are different texts', () => {
  const texts = Array.from({ length: 256 }, (_, byte) => decodeText(Uint8Array.of(0x61, byte)))
  assert.equal(new Set(texts).size, 256)
})
