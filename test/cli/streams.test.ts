import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const STREAMS = new URL('../../src/cli/streams.ts', import.meta.url).pathname

/** Writes these texts to stdout; stderr gets `stream` when Node's is made, and what each write ended with. */
function program(texts: readonly string[]): string[] {
  const code = `
    import { writeSync } from 'node:fs'
    import { streamOf } from ${JSON.stringify(STREAMS)}
    const out = streamOf(1, () => { writeSync(2, 'stream '); return process.stdout })
    for (const text of ${JSON.stringify(texts)}) {
      const error = await new Promise((done) => out.write(text, done))
      writeSync(2, (error?.code ?? 'written') + ' ')
    }`
  return ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', code]
}

async function run(texts: readonly string[], stdout: 'pipe' | number) {
  const child = spawn(process.execPath, program(texts), { stdio: ['ignore', stdout, 'pipe'] })
  const collected = { out: '', err: '' }
  child.stdout?.on('data', (data) => {
    collected.out += data
  })
  child.stderr!.on('data', (data) => {
    collected.err += data
  })
  return { child, collected, closed: once(child, 'close') }
}

test('a file is written to without a stream of Node', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = openSync(join(folder, 'out'), 'w')
  const { collected, closed } = await run(['a\n', 'ü'.repeat(40_000)], file)
  await closed
  closeSync(file)
  assert.equal(collected.err, 'written written ')
  assert.equal(readFileSync(join(folder, 'out'), 'utf8'), `a\n${'ü'.repeat(40_000)}`)
})

test('a pipe is written to without a stream of Node while it surely has room', async () => {
  const small = await run(['a', 'b'.repeat(30_000)], 'pipe')
  await small.closed
  assert.equal(small.collected.err, 'written written ')
  assert.equal(small.collected.out, `a${'b'.repeat(30_000)}`)
  const large = await run(['a', 'b'.repeat(30_000), 'c'.repeat(3000), 'd'], 'pipe')
  await large.closed
  assert.equal(large.collected.err, 'written written stream written written ')
  assert.equal(large.collected.out, `a${'b'.repeat(30_000)}${'c'.repeat(3000)}d`)
})

test('a pipe that is full and does not block is waited for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'fifo')
  execFileSync('mkfifo', [path])
  const fifo = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const filled = fill(fifo)
  const { child, collected, closed } = await run(['late'], fifo)
  while (collected.err === '') await once(child.stderr!, 'data')
  assert.equal(collected.err, 'stream ')
  assert.equal(readSome(fifo), filled)
  await closed
  assert.equal(collected.err, 'stream written ')
  assert.equal(readSome(fifo), 'late'.length)
  closeSync(fifo)
})

/** Writes until there is no room; gives how much that was, in bytes. */
function fill(descriptor: number): number {
  for (let filled = 0; ; filled += 1024) {
    try {
      writeSync(descriptor, Buffer.alloc(1024))
    } catch {
      return filled
    }
  }
}

/** How many bytes there are to read. */
function readSome(descriptor: number): number {
  return readSync(descriptor, Buffer.alloc(0x20_0000))
}

test('a disk that is full and a reader that has gone are told to the writer', async () => {
  const full = openSync('/dev/full', 'w')
  const onFull = await run(['a'], full)
  await onFull.closed
  closeSync(full)
  assert.equal(onFull.collected.err, 'ENOSPC ')
  const gone = await run(['a'], 'pipe')
  gone.child.stdout!.destroy()
  await gone.closed
  assert.equal(gone.collected.err, 'EPIPE ')
})
