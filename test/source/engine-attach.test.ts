import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { attachTo } from '../../src/source/engine-attach.js'
import { engineClient } from '../../src/source/engine-client.js'

/** What is attached to an engine that answers like this, once it was asked and once its input has ended. */
async function attached(
  answer: (socket: Socket) => void,
  atEnd: (socket: Socket, input: string) => void = () => {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-attach-'))
  const socketPath = join(folder, 'engine.sock')
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let said = ''
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const isFirst = !said.includes('\r\n\r\n')
      said += data
      if (isFirst && said.includes('\r\n\r\n')) answer(socket)
    })
    socket.on('end', () => atEnd(socket, said.slice(said.indexOf('\r\n\r\n') + 4)))
  })
  await new Promise<void>((done) => server.listen(socketPath, done))
  const client = await engineClient({ engine: 'Docker', place: 'here', hint: '', socketPath })
  const close = async () => {
    client.close()
    await new Promise((done) => server.close(done))
    rmSync(folder, { recursive: true })
  }
  return { attach: () => attachTo(client, 'name'), close }
}

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n\r\n'

async function printedBy(pieces: AsyncIterable<{ stream: string; bytes: Uint8Array }>) {
  const all = { stdout: '', stderr: '' } as Record<string, string>
  for await (const { stream, bytes } of pieces) all[stream] += Buffer.from(bytes).toString()
  return all
}

test('input reaches the container whole, ends, and what it prints then comes back', async () => {
  const { attach, close } = await attached(
    (socket) => socket.write(UPGRADED),
    (socket, input) => socket.end(Buffer.concat([frame(1, `got ${input}`), frame(2, 'done')])),
  )
  try {
    const { give, printed } = await attach()
    give(Buffer.from('some input'))
    assert.deepEqual(await printedBy(printed), { stdout: 'got some input', stderr: 'done' })
  } finally {
    await close()
  }
})

test('frames may be cut anywhere', async () => {
  const bytes = Buffer.concat([Buffer.from(UPGRADED), frame(1, 'abc'), frame(2, 'x'), frame(1, 'def')])
  const { attach, close } = await attached(async (socket) => {
    for (const byte of bytes) {
      socket.write(Buffer.of(byte))
      await new Promise((done) => setImmediate(done))
    }
    socket.end()
  })
  try {
    assert.deepEqual(await printedBy((await attach()).printed), { stdout: 'abcdef', stderr: 'x' })
  } finally {
    await close()
  }
})

test('an engine that refuses says why', async () => {
  const { attach, close } = await attached((socket) =>
    socket.end(
      'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n{"message":"no such container"}',
    ),
  )
  try {
    await assert.rejects(attach(), { code: 'engine-failed', message: /attached to: no such container/ })
  } finally {
    await close()
  }
})

test('an engine that says nothing sensible is no engine', async () => {
  for (const answer of ['', 'what?', 'x'.repeat(100_000)]) {
    const { attach, close } = await attached((socket) => socket.end(answer))
    try {
      await assert.rejects(attach(), { code: 'engine-failed' })
    } finally {
      await close()
    }
  }
})
