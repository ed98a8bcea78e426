import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { httpClient } from '../../src/source/registry-http.js'
import { selfSigned } from '../support/certificate.js'
import { type FakeRegistry, fakeRegistry, QUICK } from '../support/fake-registry.js'
import { registryImage } from '../support/registry-image.js'
import { tlsBefore, tunnelProxy, type Wire, wire } from '../support/wire.js'

const URL_FAR = new URL('https://registry.example/v2/')
const CERTIFICATE = selfSigned('registry.example', 'localhost')
const MAIN = [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
]

test('an image of an HTTPS registry comes through one tunnel, by a proxy with or without TLS', async () => {
  await using registry = await fakeRegistry()
  registry.put('demo', '1', registryImage([[{ path: 'etc/hello', content: 'hello' }]]))
  await using far = await tlsBefore(portOf(registry), CERTIFICATE)
  for (const scheme of ['http', 'https']) {
    await using proxy = await tunnelProxy(far.port)
    await using near = scheme === 'https' ? await tlsBefore(proxy.port, CERTIFICATE) : notThere()
    const port = scheme === 'https' ? near.port : proxy.port
    const asked = registry.lines.length
    const report = await audit(`${scheme}://me:secret@localhost:${port}`)
    assert.match(report, /"reference": "registry:registry\.example\/demo:1"/)
    assert.equal(registry.lines.length - asked, 3)
    assert.deepEqual(proxy.asked, [['registry.example:443', `Basic ${btoa('me:secret')}`]])
  }
})

test('who answers at the end of a tunnel has to prove its name', async () => {
  await using registry = await fakeRegistry()
  await using far = await tlsBefore(portOf(registry), CERTIFICATE)
  await using proxy = await tunnelProxy(far.port)
  using http = httpClient({ env: { HTTPS_PROXY: proxy.host }, patience: QUICK })
  await assert.rejects(http.send({ url: URL_FAR }), { message: /self-signed certificate/ })
  assert.deepEqual([proxy.asked.length, registry.lines], [1, []])
})

test('an address of version 6 stands in brackets for the proxy', async () => {
  await using proxy = await tunnelProxy(1)
  using http = httpClient({ env: { HTTPS_PROXY: proxy.host }, patience: { ...QUICK, retries: 0 } })
  await assert.rejects(http.send({ url: new URL('https://[fd00::1]:5000/v2/') }))
  assert.equal(proxy.asked[0]?.[0], '[fd00::1]:5000')
})

test('what a proxy answers in place of a tunnel is never taken for the answer of the registry', async () => {
  for (const status of ['302 Found', '403 Forbidden', '503 Busy', '101 Switching Protocols']) {
    await using proxy = await wire((socket) =>
      socket.on('data', () =>
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\nLocation: /\r\n\r\nok`),
      ),
    )
    using http = httpClient({ env: { HTTPS_PROXY: proxy.host }, patience: { ...QUICK, retries: 0 } })
    await assert.rejects(http.send({ url: URL_FAR }), {
      code: 'registry-unreachable',
      message: new RegExp(`the proxy answers ${status.slice(0, 3)}`),
    })
  }
})

test('an abort does not wait for a tunnel, and disposing ends it', async () => {
  const abort = new AbortController()
  await using proxy = await wire((socket) => socket.on('data', () => abort.abort()))
  const http = httpClient({ env: { HTTPS_PROXY: proxy.host }, patience: QUICK, signal: abort.signal })
  await assert.rejects(http.send({ url: URL_FAR }), { code: 'interrupted' })
  const closed = new Promise((done) => proxy.sockets[0]?.on('close', done))
  http[Symbol.dispose]()
  await closed
})

/** What a run of its own says, since trust in a certificate is for a whole process. */
async function audit(proxy: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  const authority = join(folder, 'ca.pem')
  writeFileSync(authority, CERTIFICATE.cert)
  const env = { HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: authority, HOME: folder, PATH: '' }
  const argv = [...MAIN, 'audit', '-f', 'json', '--no-cache', 'registry:registry.example/demo:1']
  try {
    return (await promisify(execFile)(process.execPath, argv, { env })).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function notThere(): Wire {
  return { port: 0, host: '', sockets: [], [Symbol.asyncDispose]: async () => {} }
}

function portOf({ host }: FakeRegistry): number {
  return Number(host.split(':')[1])
}
