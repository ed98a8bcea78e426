import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { httpClient } from '../../src/source/registry-http.js'
import { QUICK } from '../support/fake-registry.js'
import { wire } from '../support/wire.js'

const PAUSE = 500

test('a reader that takes its time is no pause of the other side', async () => {
  const size = 4 << 20
  await using server = await wire((socket) =>
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      socket.write(Buffer.alloc(size))
    }),
  )
  using http = httpClient({ env: {}, patience: { ...QUICK, pause: PAUSE } })
  const { body } = await http.send({ url: new URL(`http://${server.host}/`) })
  let taken = 0
  for await (const chunk of body) {
    if (taken === 0) await after(2 * PAUSE)
    taken += chunk.length
  }
  assert.equal(taken, size)
})
