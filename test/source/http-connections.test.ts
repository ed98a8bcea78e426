import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { HttpAnswer } from '../../src/source/http-request.js'
import { type HttpClient, httpClient } from '../../src/source/registry-http.js'
import { selfSigned } from '../support/certificate.js'
import { fakeRegistry, QUICK } from '../support/fake-registry.js'
import { answers } from '../support/registry-faults.js'
import { tlsBefore, wire } from '../support/wire.js'

const ONCE = { ...QUICK, retries: 0 }
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('requests one after the other go over one connection', async () => {
  await using server = await wire((socket) => socket.on('data', () => socket.write(OK)))
  using http = httpClient({ env: {}, patience: ONCE })
  for (const _ of [1, 2, 3]) assert.equal(await textOf(await ask(http, server.host)), 'ok')
  assert.equal(server.sockets.length, 1)
})

test('a connection goes on after an answer that nobody wants, where all of it has come', async () => {
  await using server = await wire((socket) => socket.on('data', () => socket.write(OK)))
  using http = httpClient({ env: {}, patience: ONCE })
  for (const _ of [1, 2]) await (await ask(http, server.host)).drop()
  assert.equal(server.sockets.length, 1)
})

test('an answer that nobody wants is not waited for', async () => {
  const begun = OK.replace('Content-Length: 2', 'Content-Length: 9')
  await using server = await wire((socket) => socket.on('data', () => socket.write(begun)))
  using http = httpClient({ env: {}, patience: ONCE })
  const answer = await ask(http, server.host)
  const closed = once(server.sockets[0]!, 'close')
  await answer.drop()
  await closed
})

test('a connection that is found closed when it is used again counts as no try', async () => {
  await using server = await wire((socket, index) => {
    let requests = 0
    socket.on('data', () => {
      if (index < 2 && ++requests > 1) socket.resetAndDestroy()
      else socket.write(OK)
    })
  })
  const steps: string[] = []
  using http = httpClient({ env: {}, patience: ONCE, onStep: (step) => steps.push(step) })
  const both = await Promise.all([ask(http, server.host), ask(http, server.host)])
  for (const answer of both) await textOf(answer)
  assert.equal(await textOf(await ask(http, server.host)), 'ok')
  assert.deepEqual([server.sockets.length, steps], [3, []])
})

test('a new connection that closes without an answer is a try', async () => {
  await using server = await wire((socket) => socket.on('data', () => socket.destroy()))
  using http = httpClient({ env: {}, patience: { ...QUICK, retries: 2 } })
  await assert.rejects(ask(http, server.host), { code: 'registry-unreachable', message: /socket hang up/ })
  assert.equal(server.sockets.length, 3)
})

test('who takes a connection but says nothing of TLS is given up as one who does not take it', async () => {
  await using server = await wire(() => {})
  using http = httpClient({ env: {}, patience: { ...ONCE, connect: 50 } })
  await assert.rejects(http.send({ url: new URL(`https://${server.host}/v2/`) }), {
    code: 'registry-unreachable',
    message: /no connection in time/,
  })
})

test('a certificate that nobody vouches for is final, and the error says what to do', async () => {
  await using registry = await fakeRegistry(answers(/v2/, 200))
  await using server = await tlsBefore(portOf(registry.host), selfSigned('localhost'))
  using http = httpClient({ env: {}, patience: QUICK })
  await assert.rejects(http.send({ url: new URL(`https://localhost:${server.port}/v2/`) }), {
    code: 'registry-unreachable',
    message: /self-signed certificate/,
    hint: /NODE_EXTRA_CA_CERTS/,
  })
  assert.deepEqual([server.sockets.length, registry.lines], [1, []])
})

test('what comes before an answer is passed over', async () => {
  const early = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
  await using server = await wire((socket) => socket.on('data', () => socket.write(`${early}${OK}`)))
  using http = httpClient({ env: {}, patience: ONCE })
  assert.equal(await textOf(await ask(http, server.host)), 'ok')
})

test('who changes to another protocol is an error, not a hang', async () => {
  const change = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: smtp\r\n\r\n220 hello'
  await using server = await wire((socket) => socket.on('data', () => socket.write(change)))
  using http = httpClient({ env: {}, patience: ONCE })
  await assert.rejects(ask(http, server.host), {
    code: 'registry-unreachable',
    message: /without an answer/,
  })
})

test('a body that ends early is an error, whether it says its length or comes in chunks', async () => {
  const bodies = ['Content-Length: 9\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n']
  for (const body of bodies) {
    await using server = await wire((socket) =>
      socket.on('data', () => socket.end(`HTTP/1.1 200 OK\r\n${body}`)),
    )
    using http = httpClient({ env: {}, patience: ONCE })
    await assert.rejects(textOf(await ask(http, server.host)), { code: 'ECONNRESET' })
  }
})

test('disposing ends every connection: used before, waiting for an answer, and bringing one', async () => {
  const begun = OK.replace('Content-Length: 2', 'Content-Length: 9')
  const said = [OK, '', begun]
  await using server = await wire((socket, index) => socket.once('data', () => socket.write(said[index]!)))
  const http = httpClient({ env: {}, patience: ONCE })
  const [first, silent, body] = [0, 1, 2].map(() => ask(http, server.host))
  await textOf(await first!)
  const reading = textOf(await body!)
  const closed = server.sockets.map((socket) => once(socket, 'close'))
  http[Symbol.dispose]()
  await Promise.all([assert.rejects(silent!), assert.rejects(reading), ...closed])
  assert.equal(closed.length, 3)
})

test('a percent sign in the password of a proxy need not escape anything', async () => {
  await using proxy = await fakeRegistry(answers(/example/, 200))
  using http = httpClient({ env: { HTTP_PROXY: `http://a%40b:5%25%zz@${proxy.host}` }, patience: ONCE })
  await (await http.send({ url: new URL('http://registry.example/v2/') })).drop()
  const headers = proxy.requests[0]?.headers
  assert.equal(headers?.host, 'registry.example')
  assert.equal(headers?.['proxy-authorization'], `Basic ${btoa('a@b:5%25%zz')}`)
})

function ask(http: HttpClient, host: string): Promise<HttpAnswer> {
  return http.send({ url: new URL(`http://${host}/v2/`) })
}

async function textOf({ body }: HttpAnswer): Promise<string> {
  let text = ''
  for await (const chunk of body) text += Buffer.from(chunk).toString()
  return text
}

function portOf(host: string): number {
  return Number(host.split(':')[1])
}
