import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { sha256 } from '../../src/image/digest.js'
import type { Patience } from '../../src/source/http-request.js'
import type { Credentials } from '../../src/source/registry-auth.js'
import { httpClient } from '../../src/source/registry-http.js'
import {
  type NewBlob,
  type NewManifest,
  type RegistryWriter,
  registryWriter,
} from '../../src/source/registry-push.js'
import { type FakeRegistry, type Fault, fakeRegistry, HASTY, QUICK } from '../support/fake-registry.js'
import { answers, guarded, tokenService } from '../support/registry-faults.js'
import { MANIFEST, registryImage } from '../support/registry-image.js'

const BYTES = randomBytes(300_000)
const BLOB = blobOf(BYTES)
const ME: Credentials = { kind: 'password', username: 'me', password: 'p:w secret' }
const BASIC = `Basic ${Buffer.from('me:p:w secret').toString('base64')}`
const EMPTY: NewManifest = documentOf({ schemaVersion: 2, mediaType: MANIFEST, layers: [] })

test('a blob is looked for, announced and sent whole, with its length', async () => {
  await using setting = await demo([])
  assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'sent')
  assert.deepEqual(setting.registry.contents.get(`/v2/team/app/blobs/${BLOB.digest}`)?.bytes, BYTES)
  assert.deepEqual(setting.registry.lines, [
    `HEAD /v2/team/app/blobs/${BLOB.digest}`,
    'POST /v2/team/app/blobs/uploads/',
    `PUT /v2/team/app/blobs/uploads/1?_state=a%2Bb%3D&digest=${encodeURIComponent(BLOB.digest)}`,
  ])
  const { headers } = setting.registry.requests[2]!
  assert.deepEqual(
    [headers['content-length'], headers['content-type'], headers['transfer-encoding']],
    ['300000', 'application/octet-stream', undefined],
  )
})

test('a blob that is there is not sent again', async () => {
  await using setting = await demo([])
  await setting.writer.blob(BLOB, 'layer 1')
  assert.equal(await setting.writer.blob(unreadable(), 'layer 1'), 'there')
  assert.deepEqual(setting.lines('PUT').length, 1)
})

test('a blob that another repository of the registry has is mounted from there', async () => {
  await using setting = await demo([], { from: 'base/image' })
  const image = registryImage([[{ path: 'a', content: 'x' }]])
  setting.registry.put('base/image', '1', image)
  const digest = image.layers[0]!
  assert.equal(await setting.writer.blob({ ...unreadable(), digest }, 'layer 1'), 'mounted')
  assert.equal(
    setting.lines('POST')[0],
    `POST /v2/team/app/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=base%2Fimage`,
  )
})

test('a blob that the other repository lacks goes up in the upload that was opened for it', async () => {
  await using setting = await demo([], { from: 'base/image' })
  assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'sent')
  assert.equal(setting.lines('POST').length, 1)
})

test('a registry that does not let us mount is sent the blob', async () => {
  for (const status of [401, 403, 404, 405]) {
    await using setting = await demo([answers(/mount=/, status)], { from: 'secret/base' })
    assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'sent')
  }
})

test('an upload goes where the registry says: to a path, a whole address, another host', async () => {
  await using storage = await fakeRegistry(answers(/^\/bucket/, 201))
  const query = `digest=${encodeURIComponent(BLOB.digest)}`
  const cases = (host: string): [location: string, path: string, goesAway: boolean][] => [
    ['/up/a', `PUT /up/a?${query}`, false],
    ['b?x=%2F', `PUT /v2/team/app/blobs/uploads/b?x=%2F&${query}`, false],
    [`http://${host}/up/c?x=1`, `PUT /up/c?x=1&${query}`, false],
    [`http://${storage.host}/bucket?sig=a%2Bb`, `PUT /bucket?sig=a%2Bb&${query}`, true],
  ]
  for (const index of cases('').keys()) {
    const start = method('POST', (_, response) => {
      response.writeHead(202, { location: cases(setting.registry.host)[index]![0] }).end()
    })
    const end = method('PUT', (_, response) => void response.writeHead(201).end())
    const guard = guarded('Basic realm="x"', () => [BASIC])
    await using setting = await demo([guard, start, end], { credentials: ME })
    assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'sent')
    const [, path, goesAway] = cases(setting.registry.host)[index]!
    const { requests, lines } = goesAway ? storage : setting.registry
    assert.equal(lines.at(-1), path)
    assert.deepEqual(requests.at(-1)!.bytes, BYTES)
    assert.equal(requests.at(-1)!.headers.authorization, goesAway ? undefined : BASIC)
  }
})

test('an upload to nowhere, or to a less safe place, is refused', async () => {
  for (const location of [undefined, '', 'http://[', 'ftp://x/y', 'file:///etc/passwd']) {
    const start = method('POST', (_, response) => {
      response.writeHead(202, location === undefined ? {} : { location }).end()
    })
    await using setting = await demo([start])
    await assert.rejects(setting.writer.blob(BLOB, 'layer 1'), {
      code: 'registry-failed',
      message: /no safe place to upload to/,
    })
  }
})

test('a registry that believes to speak plain HTTP, behind a proxy that does not, is sent to by HTTPS', async () => {
  const STATUS: Readonly<Record<string, number>> = { HEAD: 404, POST: 202 }
  const seen: string[] = []
  const writer = registryWriter(
    { origin: 'https://registry.example', path: 'a', name: 'a' },
    {
      credentials: async () => undefined,
      http: {
        send: async ({ method: verb, url }) => {
          seen.push(`${verb} ${url.href}`)
          const location = 'http://registry.example/v2/a/blobs/uploads/1'
          return {
            status: STATUS[verb ?? 'GET'] ?? 201,
            url,
            header: (name) => (name === 'location' ? location : undefined),
            body: (async function* () {})(),
            drop: async () => {},
          }
        },
        [Symbol.dispose]: () => {},
      },
    },
  )
  await writer.blob(BLOB, 'layer 1')
  assert.match(seen[2]!, /^PUT https:\/\/registry\.example\/v2\/a\/blobs\/uploads\/1\?digest=/)
})

test('an upload that a redirect leads to another host takes the bytes along, and no credentials', async () => {
  await using storage = await fakeRegistry(answers(/^\/bucket/, 201))
  const away = method('PUT', (_, response) => {
    response.writeHead(307, { location: `http://${storage.host}/bucket` }).end()
  })
  await using setting = await demo([guarded('Basic realm="x"', () => [BASIC]), away], { credentials: ME })
  assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'sent')
  assert.deepEqual(storage.requests[0]!.bytes, BYTES)
  assert.equal(storage.requests[0]!.headers.authorization, undefined)
})

test('a token is asked for that allows to push, and to pull from where blobs are mounted', async () => {
  const service = tokenService(() => ({ token: 'T1' }))
  await using setting = await demo([service, bearer], { from: 'base/image', credentials: ME })
  await setting.writer.blob(BLOB, 'layer 1')
  const asked = new URL(setting.lines('GET')[0]!.slice('GET '.length), 'http://x')
  assert.deepEqual(asked.searchParams.getAll('scope'), [
    'repository:team/app:pull,push',
    'repository:base/image:pull',
  ])
})

test('a token that runs out while a blob is sent costs nothing but a second sending', async () => {
  let count = 0
  const service = tokenService(() => ({ token: `T${++count}` }))
  let isOver = false
  const runsOut: Fault = (request, ...rest) => {
    if (request.method === 'PUT' && !isOver) isOver = true
    return guarded(challenge(setting.registry), () => (isOver ? ['Bearer T2'] : ['Bearer T1']))(
      request,
      ...rest,
    )
  }
  await using setting = await demo([service, runsOut], { credentials: ME })
  assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'sent')
  assert.deepEqual([count, setting.lines('POST').length, setting.lines('PUT').length], [2, 1, 2])
})

test('an upload that fails for a while is begun anew', async () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    await using setting = await demo([
      times(
        2,
        method('PUT', (_, response) => void response.writeHead(status).end()),
      ),
    ])
    assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'sent', String(status))
    assert.deepEqual([setting.lines('POST').length, setting.lines('DELETE').length], [3, 2])
    assert.deepEqual([...setting.registry.uploads], [])
  }
  const cut = times(
    2,
    method('PUT', (_, response) => void response.destroy()),
  )
  await using setting = await demo([cut])
  assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'sent')
  assert.equal(setting.steps.length, 2)
})

test('an upload whose answer is lost is not sent again', async () => {
  const lost: Fault = ({ method: verb, path, bytes }, response) => {
    if (verb === 'PUT')
      setting.registry.put('team/app', 'x', {
        ...IMAGE,
        blobs: new Map([[BLOB.digest, { bytes: bytes!, type: '' }]]),
      })
    return verb === 'PUT' && path.includes('uploads') && response.destroy() !== undefined
  }
  await using setting = await demo([lost])
  assert.equal(await setting.writer.blob(BLOB, 'layer 1'), 'there')
  assert.equal(setting.lines('PUT').length, 1)
})

test('what the registry never takes is given up, with its reason', async () => {
  await using setting = await demo([method('PUT', (_, response) => void response.writeHead(503).end('busy'))])
  await assert.rejects(setting.writer.blob(BLOB, 'layer 1 of 2'), {
    code: 'registry-failed',
    message: `http://${setting.registry.host} does not take layer 1 of 2 of demo: status 503`,
  })
  assert.equal(setting.lines('PUT').length, QUICK.retries + 1)
  assert.deepEqual([...setting.registry.uploads], [])
})

test('each refusal is an error with the next step, and is not tried again', async () => {
  const cases: [status: number, code: string, hint: RegExp | undefined][] = [
    [401, 'registry-denied', /^Log in with `docker login 127\.0\.0\.1:\d+`/],
    [403, 'registry-denied', /may push/],
    [404, 'registry-failed', /created first/],
    [405, 'registry-failed', /mirror/],
    [413, 'registry-failed', /limit of size/],
    [400, 'registry-failed', undefined],
  ]
  const body = JSON.stringify({ errors: [{ code: 'NO', message: 'the words of it' }] })
  for (const verb of ['POST', 'PUT']) {
    for (const [status, code, hint] of cases) {
      await using setting = await demo([
        method(verb, (_, response) => void response.writeHead(status).end(body)),
      ])
      await assert.rejects(
        setting.writer.blob(BLOB, 'layer 1'),
        (error: Error & { code: string; hint?: string }) => {
          assert.equal(error.code, code)
          assert.match(error.message, /NO: the words of it$/)
          if (hint === undefined) assert.equal(error.hint, undefined)
          else assert.match(error.hint ?? '', hint)
          return true
        },
      )
      assert.equal(setting.lines(verb).length, 1)
    }
  }
})

test('a registry that denies to look is not sent anything', async () => {
  await using setting = await demo([guarded('Basic realm="x"', () => [])])
  await assert.rejects(setting.writer.blob(BLOB, 'layer 1'), { code: 'registry-denied' })
  assert.deepEqual(setting.lines('POST'), [])
})

test('a refusal in the middle of an upload ends it at once', async () => {
  let came = 0
  const server = createServer((incoming, response) => {
    if (incoming.method === 'HEAD') return void response.writeHead(404).end()
    if (incoming.method === 'POST') return void response.writeHead(202, { location: '/up' }).end()
    if (incoming.method === 'DELETE') return void response.writeHead(204).end()
    incoming.once('data', () => response.writeHead(413).end())
    incoming.on('data', (chunk: Buffer) => {
      came += chunk.length
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const size = 1 << 30
    const chunk = Buffer.alloc(1 << 20)
    const open = async function* () {
      for (let at = 0; at < size; at += chunk.length) yield chunk
    }
    using http = httpClient({ env: {}, patience: QUICK })
    const access = { http, patience: QUICK, credentials: async () => undefined }
    const writer = registryWriter({ origin: `http://${host}`, path: 'a', name: 'demo' }, access)
    await assert.rejects(writer.blob({ digest: BLOB.digest, size, open }, 'layer 1'), {
      code: 'registry-failed',
      hint: /limit of size/,
    })
    assert.ok(came < size / 2, String(came))
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a registry that stops taking bytes, or never says that it has them, is given up', async () => {
  const stuck = createServer((incoming, response) => {
    if (incoming.method === 'POST') return void response.writeHead(202, { location: '/up' }).end()
    if (incoming.method === 'PUT') return void incoming.pause()
    response.writeHead(404).end()
  })
  await new Promise<void>((done) => stuck.listen(0, '127.0.0.1', done))
  const origin = `http://127.0.0.1:${(stuck.address() as AddressInfo).port}`
  try {
    for (const bytes of [randomBytes(32 << 20), BYTES]) {
      using http = httpClient({ env: {}, patience: HASTY })
      const access = { http, patience: HASTY, credentials: async () => undefined }
      const writer = registryWriter({ origin, path: 'a', name: 'demo' }, access)
      await assert.rejects(writer.blob(blobOf(bytes), 'layer 1'), {
        code: 'registry-unreachable',
        message: /no answer in time/,
      })
    }
  } finally {
    stuck.closeAllConnections()
    stuck.close()
  }
})

test('an interrupted upload is cancelled', async () => {
  const abort = new AbortController()
  const during = method('PUT', () => abort.abort())
  await using setting = await demo([during], { signal: abort.signal })
  await assert.rejects(setting.writer.blob(BLOB, 'layer 1'), { code: 'interrupted' })
  assert.deepEqual([setting.lines('PUT').length, setting.lines('DELETE').length], [1, 1])
  assert.deepEqual([...setting.registry.uploads], [])
})

test('a blob whose bytes cannot be had, or are not as many as was said, is no fault of the registry', async () => {
  await using setting = await demo([])
  await assert.rejects(setting.writer.blob({ ...unreadable(), digest: BLOB.digest }, 'layer 1'), {
    code: 'unreadable',
    message: /nobody may read this$/,
  })
  for (const size of [BYTES.length - 1, BYTES.length + 1]) {
    await assert.rejects(setting.writer.blob({ ...BLOB, size }, 'layer 1'), { code: 'unreadable' })
  }
  assert.deepEqual([...setting.registry.uploads], [])
})

test('a manifest is put under its tag with its media type', async () => {
  await using setting = await demo([])
  await setting.writer.manifest('1.0', EMPTY)
  assert.deepEqual(setting.registry.contents.get('/v2/team/app/manifests/1.0'), {
    bytes: Buffer.from(EMPTY.bytes),
    type: MANIFEST,
  })
})

test('a manifest that the registry refuses is an error in its words; one it fails to store is put again', async () => {
  await using setting = await demo([times(2, answers(/manifests/, 500))])
  await setting.writer.manifest('1', EMPTY)
  assert.equal(setting.lines('PUT').length, 3)
  const config = { mediaType: 'x', digest: BLOB.digest, size: 1 }
  await assert.rejects(setting.writer.manifest('1', documentOf({ schemaVersion: 2, config, layers: [] })), {
    code: 'registry-failed',
    message: /does not take the manifest of demo: MANIFEST_BLOB_UNKNOWN: blob unknown/,
  })
})

test('a registry that says it has stored another manifest is not believed', async () => {
  await using setting = await demo([answers(/manifests/, 201, { 'docker-content-digest': BLOB.digest })])
  await assert.rejects(setting.writer.manifest('1', EMPTY), {
    code: 'registry-failed',
    message: /another manifest/,
  })
})

test('no error of a push says a secret', async () => {
  const echo: Fault = ({ headers }, response) => {
    if (headers.authorization === undefined) return false
    const message = `you said ${headers.authorization} me:p:w secret`
    response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'X', message }] }))
    return true
  }
  await using setting = await demo([echo, guarded('Basic realm="x"', () => [])], { credentials: ME })
  await assert.rejects(setting.writer.blob(BLOB, 'layer 1'), ({ message }: Error) => {
    assert.ok(!message.includes('p:w') && !message.includes(BASIC.slice(6)), message)
    return true
  })
})

const IMAGE = registryImage([[{ path: 'a', content: 'a' }]])

function blobOf(bytes: Buffer): NewBlob {
  return {
    digest: sha256(bytes),
    size: bytes.length,
    open: async function* () {
      for (let at = 0; at < bytes.length; at += 1 << 16) yield bytes.subarray(at, at + (1 << 16))
    },
  }
}

/** One whose bytes nobody should want. */
function unreadable(): NewBlob {
  return {
    ...BLOB,
    // biome-ignore lint/correctness/useYield: it fails before it gives anything
    open: async function* () {
      throw new Error('nobody may read this')
    },
  }
}

function documentOf(value: object): NewManifest {
  const bytes = Buffer.from(JSON.stringify(value))
  return { bytes, mediaType: MANIFEST, digest: sha256(bytes) }
}

/** A fault of the requests of one method. */
function method(verb: string, act: (...args: Parameters<Fault>) => void): Fault {
  return (...args) => {
    if (args[0].method !== verb) return false
    act(...args)
    return true
  }
}

function times(count: number, fault: Fault): Fault {
  let left = count
  return (...args) => left > 0 && fault(...args) && left-- > 0
}

function challenge({ host }: FakeRegistry): string {
  return `Bearer realm="http://${host}/token",service="s",scope="repository:team/app:pull"`
}

const bearer: Fault = (request, ...rest) =>
  guarded(`Bearer realm="http://${request.headers.host}/token"`, () => ['Bearer T1'])(request, ...rest)

interface Setting extends AsyncDisposable {
  readonly registry: FakeRegistry
  readonly writer: RegistryWriter
  readonly steps: readonly string[]
  /** The requests of one method. */
  lines(verb: string): readonly string[]
}

/** A registry with nothing in it, and a writer to its repository `team/app`. */
async function demo(
  faults: readonly Fault[],
  options: { readonly from?: string; readonly credentials?: Credentials; readonly signal?: AbortSignal } = {},
  patience: Patience = QUICK,
): Promise<Setting> {
  const registry = await fakeRegistry(...faults)
  const http = httpClient({ env: {}, patience, signal: options.signal })
  const steps: string[] = []
  const writer = registryWriter(
    { origin: `http://${registry.host}`, path: 'team/app', name: 'demo' },
    {
      http,
      patience,
      signal: options.signal,
      credentials: async () => options.credentials,
      onStep: (step) => steps.push(step),
    },
    options.from,
  )
  return {
    registry,
    writer,
    steps,
    lines: (verb) => registry.lines.filter((line) => line.startsWith(`${verb} `)),
    [Symbol.asyncDispose]: async () => {
      http[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
    },
  }
}
