import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiftError } from '../../src/errors.js'
import { linesOf } from '../../src/trace/lines.js'
import { readTrace } from '../../src/trace/read-trace.js'
import { Sightings } from '../../src/trace/sightings.js'
import { randomOf } from '../support/fuzz-random.js'

async function* pieces(text: string, size = 1000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const read = (text: string) => readTrace(pieces(text), 'the file')
const isLimit = (error: unknown) => error instanceof LiftError && error.code === 'limit'

test('the two kinds of text are told apart, and may be mixed with each other and with anything', async () => {
  const { observed, unclear } = await read(
    'hello\n1 open("/a", O_RDONLY) = 3\n      1:\tcalling init: /b.so\n\n\u0000\u00ff\n1 open("/c", O_RDONLY) = 3',
  )
  assert.deepEqual(
    observed.map(({ path }) => path),
    ['/a', '/c', '/b.so'],
  )
  assert.equal(unclear, 0)
})

test('a text of neither kind is wrong usage, named, with a way to make one', async () => {
  for (const text of ['', 'hello\nworld\n', '\u0000'.repeat(5000)])
    await assert.rejects(read(text), (error) => {
      assert.ok(error instanceof LiftError && error.code === 'usage')
      assert.match(error.message, /^the file is neither/)
      assert.match(error.hint ?? '', /strace -f/)
      return true
    })
})

test('a text in which a run opened nothing is an answer', async () => {
  const text = 'open("/a", O_RDONLY) = -1 ENOENT (No such file or directory)\n'
  assert.deepEqual(await read(text), { observed: [], unclear: 0 })
})

test('lines come whole, whatever pieces they come in, and one that is too long is left out', async () => {
  const long = 'x'.repeat((1 << 20) + 1)
  const collect = async (size: number, text: string) => {
    const lines: string[] = []
    for await (const line of linesOf(pieces(text, size))) lines.push(line)
    return lines
  }
  for (const size of [1, 3, 100])
    assert.deepEqual(await collect(size, 'ab\n\ncdé\ne'), ['ab', '', 'cdé', 'e'])
  for (const size of [60_000, 1 << 22])
    assert.deepEqual(await collect(size, `a\n${long}\nb\n${long}`), ['a', 'b'])
})

test('a text without end is a limit', async () => {
  await assert.rejects(async () => {
    for await (const _ of linesOf(pieces('ab\n'.repeat(100)), 200));
  }, isLimit)
})

test('more names than any run has are a limit', () => {
  const sightings = new Sightings()
  assert.throws(() => {
    for (let index = 0; index < 300_000; index++) sightings.add(`/${index}`, 'read', undefined)
  }, isLimit)
})

const PARTS = [
  ...['1 ', '[pid 2] ', '12:00:00 ', 'open', 'openat', '(', ')', '"', '\\', '\\7', '...', ' = ', '3', '-1'],
  ...['<', '>', ', ', 'AT_FDCWD', 'O_RDONLY', '/a', ' <unfinished ...>', '<... open resumed>', 'execve'],
  ...[
    'chroot',
    'vfork',
    '      1:\t',
    'calling init: ',
    'trying file=',
    'file=',
    ' [0];  generating link map',
  ],
  ...['+++ ', '\u0000', '\ud7ff', ' ', '\n'],
]

test('no text ends otherwise than in an answer or in wrong usage', async () => {
  const random = randomOf(4711)
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: 60 }, () => random.pick(PARTS)).join('')
    await read(text).catch((error) =>
      assert.ok(error instanceof LiftError && error.code === 'usage', String(error)),
    )
  }
})

test('what repeats without end is read to its end', async () => {
  for (const part of PARTS)
    for (const head of [
      '1 open("',
      '1 openat(3<',
      '1 execve("/a", ["',
      '1 openat(3, "/a", ',
      '      1:\tfile=',
    ])
      await read(`${head}${part.replaceAll('\n', '').repeat(20_000)}\nopen("/a", O_RDONLY) = 3\n`)
})
