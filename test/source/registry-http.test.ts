import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { HttpAnswer, Patience } from '../../src/source/http-request.js'
import { type HttpOptions, httpClient } from '../../src/source/registry-http.js'
import { type FakeRegistry, type Fault, fakeRegistry, HASTY, QUICK } from '../support/fake-registry.js'
import { answers, silence, stallAt, trickle } from '../support/registry-faults.js'

const SECRET = { authorization: 'Bearer secret' }

test('answers that may be other ones next time are asked for again', async () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    await using registry = await fakeRegistry(
      answers(/a/, status, {}, '', 2),
      answers(/a/, 200, {}, 'at last'),
    )
    const { answer, text } = await get(registry, '/a')
    assert.deepEqual([answer.status, text, registry.lines.length], [200, 'at last', 3])
  }
})

test('other answers are final', async () => {
  for (const status of [200, 206, 400, 401, 403, 404, 410, 416, 501]) {
    await using registry = await fakeRegistry(answers(/a/, status))
    assert.equal((await get(registry, '/a')).answer.status, status)
    assert.equal(registry.lines.length, 1)
  }
})

test('after the last try the answer is what it is', async () => {
  await using registry = await fakeRegistry(answers(/a/, 503, {}, 'busy'))
  const { answer, text } = await get(registry, '/a')
  assert.deepEqual([answer.status, text, registry.lines.length], [503, 'busy', QUICK.retries + 1])
})

test('Retry-After is waited for, in seconds or until a date', async () => {
  const past = new Date(Date.now() - 60_000).toUTCString()
  for (const value of ['0', past, 'soon']) {
    await using registry = await fakeRegistry(answers(/a/, 429, { 'retry-after': value }, '', 1))
    const steps: string[] = []
    const { answer } = await get(registry, '/a', { onStep: (step) => steps.push(step) })
    assert.deepEqual([answer.status, registry.lines.length], [404, 2], value)
    assert.deepEqual(steps, [`${registry.host} answers 429; trying again`])
  }
})

test('who wants us to wait longer than anybody would is not asked again', async () => {
  const tomorrow = new Date(Date.now() + 86_400_000).toUTCString()
  for (const value of ['86400', '999999999', tomorrow]) {
    await using registry = await fakeRegistry(answers(/a/, 429, { 'retry-after': value }))
    assert.equal((await get(registry, '/a')).answer.status, 429)
    assert.equal(registry.lines.length, 1, value)
  }
})

test('nobody there is final, with the reason', async () => {
  const steps: string[] = []
  using http = httpClient({ env: {}, patience: QUICK, onStep: (step) => steps.push(step) })
  await assert.rejects(http.send({ url: new URL('http://127.0.0.1:1/v2/') }), {
    code: 'registry-unreachable',
    message: /127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED/,
    hint: /HTTPS_PROXY/,
  })
  assert.deepEqual(steps, [])
})

test('a registry that takes the connection and says nothing is given up', async () => {
  await using registry = await fakeRegistry(silence(/a/))
  await assert.rejects(get(registry, '/a', {}, HASTY), { code: 'registry-unreachable' })
  assert.equal(registry.lines.length, HASTY.retries + 1)
})

test('a body that stops, or that brings a byte now and then, is given up', async () => {
  for (const fault of [stallAt(/a/, 1), trickle(/a/, 20)]) {
    await using registry = await fakeRegistry(fault)
    await assert.rejects(get(registry, '/a', {}, HASTY), /nothing came for 0.1 s|too slowly/)
  }
})

test('who speaks another protocol is an error, not a hang', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH\r\n'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  try {
    for (const scheme of ['http', 'https']) {
      using http = httpClient({ env: {}, patience: QUICK })
      const url = new URL(`${scheme}://127.0.0.1:${port}/v2/`)
      await assert.rejects(http.send({ url }), { code: 'registry-unreachable' })
    }
  } finally {
    server.close()
  }
})

test('where HTTPS is spoken to who knows only HTTP, the error names the option', async () => {
  await using registry = await fakeRegistry()
  using http = httpClient({ env: {}, patience: QUICK })
  await assert.rejects(http.send({ url: new URL(`https://${registry.host}/v2/`) }), {
    code: 'registry-unreachable',
    hint: /--insecure-registry/,
  })
})

test('headers without end are refused', async () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, 'y'.repeat(100)]))
  await using registry = await fakeRegistry(answers(/a/, 200, many))
  await assert.rejects(get(registry, '/a'), { code: 'registry-unreachable' })
})

test('a redirect to another host goes without credentials, one to the same host with them', async () => {
  await using other = await fakeRegistry(answers(/blob/, 200, {}, 'elsewhere'))
  await using registry = await fakeRegistry(
    answers(/far/, 307, { location: `http://${other.host}/blob?signed=1` }),
    answers(/near/, 302, { location: '/here' }),
    answers(/here/, 200, {}, 'here'),
  )
  assert.equal((await get(registry, '/far')).text, 'elsewhere')
  assert.equal(other.requests[0]?.headers.authorization, undefined)
  assert.equal((await get(registry, '/near')).text, 'here')
  assert.equal(registry.requests.at(-1)?.headers.authorization, SECRET.authorization)
})

test('credentials that were left behind do not come back with a redirect back', async () => {
  const faults: Fault[] = []
  await using other = await fakeRegistry((...args) => faults.some((fault) => fault(...args)))
  await using registry = await fakeRegistry(
    answers(/far/, 307, { location: `http://${other.host}/back` }),
    answers(/home/, 200, {}, 'home'),
  )
  faults.push(answers(/back/, 307, { location: `http://${registry.host}/home` }))
  assert.equal((await get(registry, '/far')).text, 'home')
  assert.equal(registry.requests.at(-1)?.headers.authorization, undefined)
})

test('redirects without end, to a file or to no address are errors', async () => {
  const cases = {
    '/a': /redirects without end/,
    'file:///etc/passwd': /redirects to file:, which is not safe/,
    'ftp://x/': /redirects to ftp:/,
    'javascript:1': /not safe/,
    'http://[': /redirects to no address/,
  }
  for (const [location, message] of Object.entries(cases)) {
    await using registry = await fakeRegistry(answers(/a/, 302, { location }))
    await assert.rejects(get(registry, '/a'), { code: 'registry-failed', message })
  }
})

test('what was sent by POST is not sent to another host', async () => {
  await using other = await fakeRegistry()
  await using registry = await fakeRegistry(answers(/token/, 307, { location: `http://${other.host}/` }))
  using http = httpClient({ env: {}, patience: QUICK })
  const url = new URL(`http://${registry.host}/token`)
  await assert.rejects(http.send({ method: 'POST', url, body: 'refresh_token=secret' }), {
    code: 'registry-failed',
    message: /to another host/,
  })
  assert.deepEqual(other.lines, [])
})

test('an abort ends the wait for an answer, for a body and for the next try', async () => {
  const faults = { answer: silence(/a/), body: stallAt(/a/, 1), retry: answers(/a/, 503) }
  for (const [phase, fault] of Object.entries(faults)) {
    const abort = new AbortController()
    await using registry = await fakeRegistry((...args) => {
      setTimeout(() => abort.abort(), 30)
      return fault(...args)
    })
    const patience = { ...QUICK, firstWait: 3_600_000, longestWait: 3_600_000 }
    const expected = phase === 'body' ? { name: 'AbortError' } : { code: 'interrupted' }
    await assert.rejects(get(registry, '/a', { signal: abort.signal }, patience), expected, phase)
  }
})

test('a compressed blob comes as it is', async () => {
  const packed = Buffer.from('1f8b08000000000000034b040043beb7e801000000', 'hex')
  await using registry = await fakeRegistry(answers(/a/, 200, {}, packed))
  using http = httpClient({ env: {}, patience: QUICK })
  const answer = await http.send({ url: new URL(`http://${registry.host}/a`) })
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body) chunks.push(chunk)
  assert.equal(gunzipSync(Buffer.concat(chunks)).toString(), 'a')
})

test('HTTPS goes through the proxy by CONNECT, and its password is never said', async () => {
  const heads: string[] = []
  const proxy = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (data) => {
      heads.push(data.toString())
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    })
  })
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  const { port } = proxy.address() as { port: number }
  try {
    const env = { HTTPS_PROXY: `http://me:secret@127.0.0.1:${port}` }
    using http = httpClient({ env, patience: { ...QUICK, retries: 0 } })
    await assert.rejects(http.send({ url: new URL('https://registry.example/v2/') }), (error: Error) => {
      assert.match(error.message, /registry\.example cannot be reached: .*407/)
      return !allTextOf(error).includes('secret')
    })
    assert.match(heads[0] ?? '', /^CONNECT registry\.example:443 HTTP\/1\.1\r\n/)
    assert.match(heads[0] ?? '', /proxy-authorization: Basic bWU6c2VjcmV0\r\n/i)
  } finally {
    proxy.close()
  }
})

test('plain HTTP goes through the proxy by the whole address', async () => {
  await using proxy = await fakeRegistry(answers(/registry\.example/, 200, {}, 'by proxy'))
  using http = httpClient({ env: { HTTP_PROXY: proxy.host }, patience: QUICK })
  const answer = await http.send({ url: new URL('http://registry.example:5000/v2/?x=1') })
  assert.equal(answer.status, 200)
  assert.deepEqual(proxy.lines, ['GET http://registry.example:5000/v2/?x=1'])
  await answer.drop()
})

test('a proxy that is silent is given up', async () => {
  const proxy = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  const { port } = proxy.address() as { port: number }
  try {
    using http = httpClient({ env: { HTTPS_PROXY: `127.0.0.1:${port}` }, patience: HASTY })
    await assert.rejects(http.send({ url: new URL('https://registry.example/v2/') }), {
      code: 'registry-unreachable',
      message: /no answer in time/,
    })
  } finally {
    proxy.close()
  }
})

/** Sends one request with a secret in it and reads all of its answer. */
async function get(
  registry: FakeRegistry,
  path: string,
  options: Partial<HttpOptions> = {},
  patience: Patience = QUICK,
): Promise<{ answer: HttpAnswer; text: string }> {
  using http = httpClient({ env: {}, patience, ...options })
  const answer = await http.send({ url: new URL(`http://${registry.host}${path}`), headers: SECRET })
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body) chunks.push(chunk)
  return { answer, text: Buffer.concat(chunks).toString() }
}

/** Everything an error would show, its causes included. */
function allTextOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${error.message}${error.stack}${JSON.stringify(error)}${error.cause === undefined ? '' : allTextOf(error.cause)}`
}
