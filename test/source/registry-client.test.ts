import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Patience } from '../../src/source/http-request.js'
import type { Credentials } from '../../src/source/registry-auth.js'
import { parseChallenges } from '../../src/source/registry-challenge.js'
import { type RegistryClient, registryClient } from '../../src/source/registry-client.js'
import { httpClient } from '../../src/source/registry-http.js'
import { type FakeRegistry, type Fault, fakeRegistry, HASTY, QUICK } from '../support/fake-registry.js'
import {
  answers,
  cutAt,
  cutEach,
  guarded,
  silence,
  stallAt,
  tokenService,
  withoutRanges,
} from '../support/registry-faults.js'
import { registryImage } from '../support/registry-image.js'

/** Its layer is some kilobytes that do not compress. */
const IMAGE = registryImage([[{ path: 'noise', content: noise(9000) }]])
const LAYER = IMAGE.layers[0]!
const BYTES = IMAGE.blobs.get(LAYER)!.bytes
const ME: Credentials = { kind: 'password', username: 'me', password: 'p:w secret' }
const BASIC = `Basic ${Buffer.from('me:p:w secret').toString('base64')}`

test('a blob that breaks off goes on where it broke', async () => {
  await using setting = await demo([cutAt(/blobs/, 5000, 1)])
  assert.deepEqual(await setting.blob(), BYTES)
  assert.deepEqual(ranges(setting.registry), [undefined, 'bytes=5000-'])
})

test('a blob that breaks off more than once still goes on', async () => {
  await using setting = await demo([cutEach(/blobs/, 3000, 3)])
  assert.deepEqual(await setting.blob(), BYTES)
  assert.deepEqual(ranges(setting.registry), [undefined, 'bytes=3000-', 'bytes=6000-', 'bytes=9000-'])
})

test('a registry without ranges sends everything again, and each byte is given once', async () => {
  await using setting = await demo([cutAt(/blobs/, 5000, 2), withoutRanges(/blobs/)])
  assert.deepEqual(await setting.blob(), BYTES)
})

test('a part that begins before the place asked for is cut to it; one that begins after it is an error', async () => {
  const early: Fault = ({ headers }, response) => {
    if (headers.range === undefined) return false
    response.writeHead(206, { 'content-range': `bytes 1000-${BYTES.length - 1}/${BYTES.length}` })
    response.end(BYTES.subarray(1000))
    return true
  }
  await using setting = await demo([cutAt(/blobs/, 5000, 1), early])
  assert.deepEqual(await setting.blob(), BYTES)
  for (const range of [`bytes 6000-${BYTES.length - 1}/*`, 'bytes */1', '']) {
    const wrong = answers(/blobs/, 206, { 'content-range': range }, BYTES.subarray(6000))
    await using other = await demo([cutAt(/blobs/, 5000, 1), wrong])
    await assert.rejects(other.blob(), { code: 'registry-failed' }, range)
  }
})

test('a blob that always breaks off at the same place is given up', async () => {
  await using setting = await demo([cutAt(/blobs/, 5000)])
  await assert.rejects(setting.blob(), {
    code: 'registry-failed',
    message: new RegExp(`^http://${setting.registry.host} broke off while sending demo: `),
    hint: /kept/,
  })
  assert.equal(setting.registry.lines.length, QUICK.retries + 1)
})

test('crumbs do not buy a transfer more tries', async () => {
  await using setting = await demo([cutEach(/blobs/, 10)])
  await assert.rejects(setting.blob(), { code: 'registry-failed' })
  assert.equal(setting.registry.lines.length, QUICK.retries + 1)
})

test('a transfer that gets far each time gets all its tries again', async () => {
  const large = registryImage([[{ path: 'noise', content: noise(6 << 20) }]])
  const [layer] = large.layers
  await using setting = await demo([cutEach(/blobs/, (1 << 20) + 100_000)], {}, QUICK, large)
  const { bytes } = large.blobs.get(layer!)!
  assert.ok((await setting.blob(bytes.length, layer!)).equals(bytes))
  assert.ok(setting.registry.lines.length > QUICK.retries + 1)
})

test('a body that stands still is asked for again from there', async () => {
  await using setting = await demo([stallAt(/blobs/, 5000, 1)], {}, HASTY)
  assert.deepEqual(await setting.blob(), BYTES)
  assert.deepEqual(ranges(setting.registry), [undefined, 'bytes=5000-'])
})

test('a blob that is longer than its size is an error before a byte too many is given', async () => {
  await using setting = await demo([])
  await assert.rejects(setting.blob(BYTES.length - 1), {
    code: 'registry-failed',
    message: /sends more than the \d+ bytes/,
  })
})

test('a blob that is shorter than its size is an error', async () => {
  await using setting = await demo([withoutRanges(/blobs/)])
  await assert.rejects(setting.blob(BYTES.length + 1), {
    code: 'registry-failed',
    message: new RegExp(`only ${BYTES.length} of ${BYTES.length + 1} bytes came`),
  })
})

test('a blob that is not there is an error in the words of the registry', async () => {
  const body = JSON.stringify({ errors: [{ code: 'BLOB_UNKNOWN', message: 'blob\nunknown' }] })
  await using setting = await demo([answers(/blobs/, 404, {}, body)])
  await assert.rejects(setting.blob(), {
    code: 'registry-failed',
    message: /does not give the blob sha256:[0-9a-f]{12} of demo: BLOB_UNKNOWN: blob unknown$/,
  })
})

test('an error page is not quoted', async () => {
  for (const page of ['<html><h1>Bad gateway</h1></html>', '', '[]', '{"errors":[]}', 'x'.repeat(100_000)]) {
    await using setting = await demo([answers(/blobs/, 418, { 'content-type': 'text/html' }, page)])
    await assert.rejects(setting.blob(), { code: 'registry-failed', message: /: status 418$/ })
  }
})

test('a registry that limits us says how to go on', async () => {
  await using setting = await demo([answers(/manifests/, 429, { 'retry-after': '86400' })])
  await assert.rejects(setting.client.manifest('latest'), { code: 'registry-failed', hint: /log in/ })
})

test('a web page in place of a manifest is said to be one', async () => {
  await using setting = await demo([
    answers(/manifests/, 200, { 'content-type': 'text/html; charset=utf-8' }),
  ])
  await assert.rejects(setting.client.manifest('latest'), { code: 'registry-failed', message: /web page/ })
})

test('a manifest without end is an error', async () => {
  await using setting = await demo([answers(/manifests/, 200, {}, Buffer.alloc((16 << 20) + 1))])
  await assert.rejects(setting.client.manifest('latest'), { code: 'limit' })
})

test('a name or a tag that is not there is no error', async () => {
  await using setting = await demo([])
  assert.equal(await setting.client.manifest('nowhere'), undefined)
})

test('an abort ends a manifest and a blob with the same error', async () => {
  for (const fault of [stallAt(/v2/, 10), silence(/v2/), cutAt(/v2/, 10)]) {
    const abort = new AbortController()
    const soon: Fault = (...args) => {
      setTimeout(() => abort.abort(), 20)
      return fault(...args)
    }
    const patience = { ...QUICK, firstWait: 3_600_000, longestWait: 3_600_000 }
    await using setting = await demo([soon], { signal: abort.signal }, patience)
    await assert.rejects(setting.blob(), { code: 'interrupted' })
    await assert.rejects(setting.client.manifest('latest'), { code: 'interrupted' })
  }
})

test('without a challenge nobody is told who we are', async () => {
  await using setting = await demo([], { credentials: ME })
  await setting.client.manifest('latest')
  assert.deepEqual([setting.registry.requests[0]?.headers.authorization, setting.asked()], [undefined, 0])
})

test('a Basic challenge is answered with the credentials, which are kept for what follows', async () => {
  await using setting = await demo([guarded('Basic realm="x"', () => [BASIC])], { credentials: ME })
  assert.ok(await setting.client.manifest('latest'))
  assert.deepEqual(await setting.blob(), BYTES)
  assert.deepEqual(authorisations(setting.registry), [undefined, BASIC, BASIC])
})

test('without credentials, or with wrong ones, a Basic challenge is a denial', async () => {
  for (const credentials of [undefined, ME]) {
    await using setting = await demo([guarded('Basic realm="x"', () => [])], { credentials })
    await assert.rejects(setting.client.manifest('latest'), {
      code: 'registry-denied',
      message: /denies demo: UNAUTHORIZED: authentication required/,
      hint: new RegExp(`docker login ${setting.registry.host}`),
    })
    assert.equal(setting.registry.lines.length, credentials === undefined ? 1 : 2)
  }
})

test('a Bearer challenge is answered with a token, which the credentials get', async () => {
  const seen: (string | undefined)[] = []
  const service = tokenService((authorization) => {
    seen.push(authorization)
    return { token: 'T1' }
  })
  for (const credentials of [undefined, ME]) {
    await using setting = await demo([service, bearer('Bearer T1')], { credentials })
    assert.ok(await setting.client.manifest('latest'))
    assert.equal(
      setting.registry.lines[1],
      'GET /token?a=1&service=the+service&scope=repository%3Ademo%3Apull',
    )
    assert.deepEqual(authorisations(setting.registry), [undefined, 'Bearer T1'])
  }
  assert.deepEqual(seen, [undefined, BASIC])
})

test('an identity token gets its token by POST', async () => {
  const bodies: string[] = []
  const service = tokenService((authorization, body) => {
    bodies.push(body)
    return authorization === undefined ? { access_token: 'T1' } : undefined
  })
  const credentials: Credentials = { kind: 'identity-token', token: 'id&secret' }
  await using setting = await demo([service, bearer('Bearer T1')], { credentials })
  assert.ok(await setting.client.manifest('latest'))
  assert.deepEqual(Object.fromEntries(new URLSearchParams(bodies[0])), {
    grant_type: 'refresh_token',
    client_id: 'liftbin',
    refresh_token: 'id&secret',
    scope: 'repository:demo:pull',
    service: 'the service',
  })
})

test('a token that runs out is replaced, however often', async () => {
  let count = 0
  const service = tokenService(() => ({ token: `T${++count}` }))
  const once: Fault = (request, ...rest) => {
    const used = setting.registry.requests.filter(
      ({ path, headers }) =>
        path.startsWith('/v2/') && headers.authorization === request.headers.authorization,
    )
    return bearer(used.length > 1 ? 'nobody' : `Bearer T${count}`)(request, ...rest)
  }
  await using setting = await demo([service, once])
  for (let round = 0; round < 20; round++) assert.deepEqual(await setting.blob(), BYTES)
  assert.equal(count, 20)
})

test('requests whose token runs out together get one new token', async () => {
  let count = 0
  const service = tokenService(() => ({ token: `T${++count}` }))
  await using setting = await demo([service, (...args) => bearer('Bearer T1')(...args)])
  await Promise.all([setting.blob(), setting.blob(), setting.blob()])
  assert.equal(count, 1)
})

test('a token service that refuses, is broken or gives no token is an error', async () => {
  const cases: readonly (readonly [Fault, string])[] = [
    [tokenService(() => undefined), 'registry-denied'],
    [answers(/token/, 500), 'registry-failed'],
    [answers(/token/, 200, {}, '<html>'), 'registry-failed'],
    [answers(/token/, 200, {}, '{}'), 'registry-failed'],
    [answers(/token/, 200, {}, '{"token":"a\\r\\nb"}'), 'registry-failed'],
    [answers(/token/, 200, {}, Buffer.alloc(2 << 20, ' ')), 'limit'],
  ]
  for (const [service, code] of cases) {
    await using setting = await demo([service, bearer('Bearer T1')], { credentials: ME })
    await assert.rejects(setting.client.manifest('latest'), { code })
  }
})

test('a token that does not help is a denial, not a loop', async () => {
  await using setting = await demo([tokenService(() => ({ token: 'T' })), bearer('Bearer other')])
  await assert.rejects(setting.client.manifest('latest'), { code: 'registry-denied' })
  assert.equal(setting.registry.lines.length, 3)
})

test('a realm that is less safe than the registry, or none, gets nothing', async () => {
  const realms = ['file:///etc/passwd', 'ftp://x/', 'nowhere', '', 'http://[']
  for (const realm of realms) {
    await using setting = await demo([guarded(`Bearer realm="${realm}"`, () => [])], { credentials: ME })
    await assert.rejects(setting.client.manifest('latest'), {
      code: 'registry-failed',
      message: /no safe place/,
    })
  }
  const challenge = { 'www-authenticate': 'Bearer realm="http://127.0.0.1:1/token"' }
  const client = registryClient(
    { origin: 'https://registry.example', path: 'demo', name: 'demo' },
    {
      credentials: async () => ME,
      http: {
        send: async ({ url }) => ({
          status: 401,
          url,
          header: (name) => challenge[name as keyof typeof challenge],
          body: (async function* () {})(),
          drop: async () => {},
        }),
        [Symbol.dispose]: () => {},
      },
    },
  )
  await assert.rejects(client.manifest('latest'), { code: 'registry-failed', message: /no safe place/ })
})

test('a host that a redirect led to cannot ask for credentials', async () => {
  await using other = await fakeRegistry((request, response, usual) =>
    guarded([`Basic realm="x"`], () => [])({ ...request, path: '/v2/' }, response, usual),
  )
  const away = answers(/blobs/, 307, { location: `http://${other.host}/v2/x` })
  await using setting = await demo([away], { credentials: ME })
  await assert.rejects(setting.blob(), { code: 'registry-denied' })
  assert.deepEqual(
    [setting.asked(), other.requests.map(({ headers }) => headers.authorization)],
    [0, [undefined]],
  )
})

test('no error says a secret, even where the other side says it', async () => {
  const identity: Credentials = { kind: 'identity-token', token: 'p:w secret' }
  const echo: Fault = ({ headers, body }, response) => {
    if (headers.authorization === undefined && body === '') return false
    const said = `you said ${headers.authorization} ${body} ${[...new URLSearchParams(body).values()]} me:p:w secret`
    response.writeHead(403).end(
      JSON.stringify({
        errors: [{ code: said, message: `${'x'.repeat(BEFORE_CUT - said.length)}p:w secret` }],
      }),
    )
    return true
  }
  const halves = tokenService(() => ({ token: 'T-secret' }))
  const notJson = answers(/token/, 200, {}, 'T-secret p:w secret')
  const cases: readonly (readonly [readonly Fault[], Credentials | undefined])[] = [
    [[echo, guarded('Basic realm="x"', () => [])], ME],
    [[echo, bearer('nobody')], ME],
    [[echo, bearer('nobody')], identity],
    [[halves, echo, bearer('nobody')], ME],
    [[notJson, bearer('nobody')], ME],
    [[answers(/token/, 307, { location: 'http://127.0.0.1:1/' }), bearer('nobody')], ME],
    [[cutAt(/token/, 1), bearer('nobody')], ME],
    [[silence(/token/), bearer('nobody')], identity],
  ]
  for (const [index, [faults, credentials]] of cases.entries()) {
    await using setting = await demo(faults, { credentials }, HASTY)
    await assert.rejects(setting.client.manifest('latest'), (error: Error) => {
      const text = allTextOf(error)
      for (const secret of ['p:w s', 'p%3Aw', BASIC.slice(6), 'T-secret'])
        assert.ok(!text.includes(secret), `case ${index}: ${text}`)
      return true
    })
  }
})

test('a WWW-Authenticate header may hold several challenges, quotes and blanks', () => {
  const cases: Readonly<Record<string, unknown>> = {
    '': [],
    'Basic realm="a, b=\\"c\\""': [{ scheme: 'basic', parameters: { realm: 'a, b="c"' } }],
    'bearer REALM=https://x/token,service=s': [
      { scheme: 'bearer', parameters: { realm: 'https://x/token', service: 's' } },
    ],
    'Negotiate, Basic realm="a", Bearer realm="b"': [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'a' } },
      { scheme: 'bearer', parameters: { realm: 'b' } },
    ],
    'Bearer realm="Basic x", scope=""': [{ scheme: 'bearer', parameters: { realm: 'Basic x', scope: '' } }],
  }
  for (const [header, expected] of Object.entries(cases)) assert.deepEqual(parseChallenges(header), expected)
})

test('of several challenges the one for a token is met', async () => {
  const service = tokenService(() => ({ token: 'T1' }))
  const realm = () => `Bearer realm="http://${setting.registry.host}/token"`
  const several: Fault = (...args) => guarded(['Basic realm="x"', realm()], () => ['Bearer T1'])(...args)
  await using setting = await demo([service, several], { credentials: ME })
  assert.ok(await setting.client.manifest('latest'))
})

interface Setting extends AsyncDisposable {
  readonly registry: FakeRegistry
  readonly client: RegistryClient
  blob(size?: number, digest?: typeof LAYER): Promise<Buffer>
  /** How often the credentials were asked for. */
  asked(): number
}

/** A registry with the image `demo`, and a client for it. */
async function demo(
  faults: readonly Fault[],
  options: { readonly credentials?: Credentials | undefined; readonly signal?: AbortSignal } = {},
  patience: Patience = QUICK,
  image = IMAGE,
): Promise<Setting> {
  const registry = await fakeRegistry(...faults)
  registry.put('demo', 'latest', image)
  const http = httpClient({ env: {}, patience, signal: options.signal })
  let asked = 0
  const client = registryClient(
    { origin: `http://${registry.host}`, path: 'demo', name: 'demo' },
    {
      http,
      patience,
      signal: options.signal,
      credentials: async () => {
        asked++
        return options.credentials
      },
    },
  )
  return {
    registry,
    client,
    asked: () => asked,
    blob: async (size = BYTES.length, digest = LAYER) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of client.blob(digest, size)) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    [Symbol.asyncDispose]: async () => {
      http[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
    },
  }
}

/** Messages are cut; this is a place where a secret would be in two. */
const BEFORE_CUT = 393

/** A challenge for a token of the registry's own host. */
function bearer(allowed: string): Fault {
  return (request, ...rest) => {
    const realm = `http://${request.headers.host}/token?a=1`
    return guarded(`Bearer realm="${realm}",service="the service",scope="x"`, () => [allowed])(
      request,
      ...rest,
    )
  }
}

function ranges({ requests }: FakeRegistry) {
  return requests.map(({ headers }) => headers.range)
}

function authorisations({ requests }: FakeRegistry) {
  return requests.filter(({ path }) => path.startsWith('/v2/')).map(({ headers }) => headers.authorization)
}

/** Bytes that no compression makes smaller, always the same. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 1
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Everything an error would show, its causes included. */
function allTextOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${error.message}${error.stack}${JSON.stringify(error)}${allTextOf(error.cause ?? '')}`
}
