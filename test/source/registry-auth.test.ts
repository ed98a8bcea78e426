import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { credentialsFor } from '../../src/source/registry-auth.js'

const HOST = 'registry.example:5000'

test('credentials are looked for where docker login and podman login leave them, in order', async () => {
  const places = ['docker/config.json', 'run/containers/auth.json', 'home/.config/containers/auth.json']
  for (const [index, place] of places.entries()) {
    await using home = await withHome()
    for (const later of places.slice(index)) home.write(later, auths({ [HOST]: `${later}:x` }))
    assert.deepEqual(await home.ask(HOST), password(place, 'x'))
  }
})

test('DOCKER_CONFIG and XDG_CONFIG_HOME have defaults below HOME', async () => {
  await using home = await withHome()
  const env = { ...home.env, DOCKER_CONFIG: undefined, XDG_RUNTIME_DIR: undefined }
  assert.equal(await credentialsFor(HOST, 'a', env), undefined)
  home.write('home/.config/containers/auth.json', auths({ [HOST]: 'podman:x' }))
  assert.deepEqual(await credentialsFor(HOST, 'a', env), password('podman', 'x'))
  home.write('home/.docker/config.json', auths({ [HOST]: 'docker:x' }))
  assert.deepEqual(await credentialsFor(HOST, 'a', env), password('docker', 'x'))
  const other = { ...env, XDG_CONFIG_HOME: join(home.folder, 'other'), HOME: join(home.folder, 'nobody') }
  home.write('other/containers/auth.json', auths({ [HOST]: 'other:x' }))
  assert.deepEqual(await credentialsFor(HOST, 'a', other), password('other', 'x'))
})

test('an empty HOME does not mean the working directory', async (t) => {
  await using home = await withHome()
  home.write('.docker/config.json', auths({ [HOST]: 'stranger:x' }))
  const before = process.cwd()
  t.after(() => process.chdir(before))
  process.chdir(home.folder)
  const env = { ...home.env, DOCKER_CONFIG: undefined, XDG_RUNTIME_DIR: undefined, HOME: '' }
  assert.notDeepEqual(await credentialsFor(HOST, 'a', env), password('stranger', 'x'))
})

test('REGISTRY_AUTH_FILE is the only place where it is set', async () => {
  await using home = await withHome()
  home.write('docker/config.json', auths({ [HOST]: 'docker:x' }))
  const file = join(home.folder, 'file.json')
  assert.equal(await home.ask(HOST, { REGISTRY_AUTH_FILE: file }), undefined)
  home.write('file.json', auths({ [HOST]: 'file:x' }))
  assert.deepEqual(await home.ask(HOST, { REGISTRY_AUTH_FILE: file }), password('file', 'x'))
})

test('a registry is filed under its host, with or without a scheme, and never under another host', async () => {
  const keys = [HOST, `https://${HOST}`, `https://${HOST}/v1/`, `https://${HOST}/v2/`]
  for (const key of keys) {
    await using home = await withHome({ 'docker/config.json': auths({ [key]: 'me:x' }) })
    assert.deepEqual(await home.ask(HOST), password('me', 'x'), key)
    for (const other of ['registry.example', 'registry.example:50', `a.${HOST}`, 'docker.io'])
      assert.equal(await home.ask(other), undefined, `${key} for ${other}`)
  }
})

test("Docker's own registry is filed under its old address", async () => {
  for (const key of ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io']) {
    await using home = await withHome({ 'docker/config.json': auths({ [key]: 'me:x' }) })
    assert.deepEqual(await home.ask('docker.io'), password('me', 'x'), key)
  }
})

test('credentials for a repository come before those for what it lies in', async () => {
  const all = { [HOST]: 'host:x', [`${HOST}/team`]: 'team:x', [`${HOST}/team/app`]: 'app:x' }
  await using home = await withHome({ 'docker/config.json': auths(all) })
  const users = { 'team/app': 'app', 'team/other': 'team', 'team/app/part': 'app', teams: 'host' }
  for (const [repository, user] of Object.entries(users))
    assert.deepEqual(await credentialsFor(HOST, repository, home.env), password(user, 'x'), repository)
})

test('an entry is base64, plain, or an identity token; a password may hold a colon', async () => {
  const cases = [
    [{ auth: base64('me:a:b') }, password('me', 'a:b')],
    [{ auth: base64('me:pass\0\0') }, password('me', 'pass')],
    [{ auth: base64('me:päss') }, password('me', 'päss')],
    [{ username: 'me', password: 'x' }, password('me', 'x')],
    [
      { auth: base64('0:'), identitytoken: 'T' },
      { kind: 'identity-token', token: 'T' },
    ],
    [{}, undefined],
    [{ auth: '' }, undefined],
    [{ auth: base64(':x') }, undefined],
    [{ auth: base64('nothing') }, undefined],
    [{ auth: 7, username: 'me' }, undefined],
    ['me:x', undefined],
  ] as const
  for (const [entry, expected] of cases) {
    await using home = await withHome({ 'docker/config.json': { auths: { [HOST]: entry } } })
    assert.deepEqual(await home.ask(HOST), expected, JSON.stringify(entry))
  }
})

test('a file that is no JSON is an error that quotes nothing of it', async () => {
  await using home = await withHome()
  home.writeText('docker/config.json', `{"auths": {"${HOST}": {"auth": "secret"`)
  await assert.rejects(home.ask(HOST), (error: Error & { code: string }) => {
    assert.equal(error.code, 'unreadable')
    assert.match(error.message, /config\.json, which holds credentials/)
    assert.ok(!`${error.stack}${error.cause}`.includes('secret'))
    return true
  })
})

test('a file that is JSON of another kind holds nothing', async () => {
  for (const text of [
    'null',
    '[]',
    '"x"',
    '{"auths":[]}',
    '{"auths":{"x":null},"credHelpers":7,"credsStore":7}',
  ]) {
    await using home = await withHome()
    home.writeText('docker/config.json', text)
    assert.equal(await home.ask(HOST), undefined, text)
  }
})

test('a credential helper is asked for the host, on its standard input', async () => {
  await using home = await withHome({
    'docker/config.json': { credHelpers: { [HOST]: 'own' }, credsStore: 'all' },
  })
  home.helper('own', ANSWERS)
  home.helper('all', ANSWERS)
  assert.deepEqual(await home.ask(HOST), password('own', 'get'))
  assert.equal(home.asked('own'), `${HOST}\n`)
  assert.deepEqual(await home.ask('other.example'), password('all', 'get'))
  assert.equal(home.asked('all'), 'other.example\n')
  await home.ask('docker.io')
  assert.equal(home.asked('all'), 'https://index.docker.io/v1/\n')
})

test('what stands in the file comes before the store of all credentials', async () => {
  await using home = await withHome({
    'docker/config.json': { ...auths({ [HOST]: 'file:x' }), credsStore: 'all' },
  })
  home.helper('all', ANSWERS)
  assert.deepEqual(await home.ask(HOST), password('file', 'x'))
})

test('a helper gives an identity token by its name for it', async () => {
  await using home = await withHome({ 'docker/config.json': { credsStore: 'x' } })
  home.helper('x', `echo '{"Username":"<token>","Secret":"T"}'`)
  assert.deepEqual(await home.ask(HOST), { kind: 'identity-token', token: 'T' })
})

test('a helper without an entry for the registry leaves the next place', async () => {
  await using home = await withHome({
    'docker/config.json': { credsStore: 'x' },
    'run/containers/auth.json': auths({ [HOST]: 'podman:x' }),
  })
  for (const body of ['echo "credentials not found in native keychain"; exit 1', 'echo "{}"']) {
    home.helper('x', body)
    assert.deepEqual(await home.ask(HOST), password('podman', 'x'), body)
  }
})

test('a helper that fails, is missing or says nonsense is an error without what it said', async () => {
  const cases: Readonly<Record<string, RegExp>> = {
    'echo secret; echo secret >&2; exit 1': /it failed/,
    'echo "secret {"': /is not JSON/,
    'kill -9 $$': /it failed/,
  }
  for (const [body, message] of Object.entries(cases)) {
    await using home = await withHome({ 'docker/config.json': { credsStore: 'x' } })
    home.helper('x', body)
    await assert.rejects(home.ask(HOST), (error: Error & { code: string }) => {
      assert.equal(error.code, 'registry-denied')
      assert.match(error.message, message)
      assert.ok(!`${error.stack}${error.cause}`.includes('secret'))
      return true
    })
  }
  await using home = await withHome({ 'docker/config.json': { credsStore: 'missing' } })
  await assert.rejects(home.ask(HOST), { code: 'registry-denied', message: /is not installed/ })
})

test('the name of a helper is no path', async () => {
  for (const name of ['../x', 'a/b', 'a b', '$(id)', 'a\0']) {
    await using home = await withHome({ 'docker/config.json': { credsStore: name } })
    await assert.rejects(home.ask(HOST), { code: 'registry-denied', message: /name is not valid/ }, name)
  }
})

test('a helper that does not answer is given up', async () => {
  await using home = await withHome({ 'docker/config.json': { credsStore: 'x' } })
  home.helper('x', 'exec sleep 3600')
  const asked = credentialsFor(HOST, 'a', home.env, undefined, 200)
  await assert.rejects(asked, { code: 'registry-denied', message: /does not answer/ })
})

test('an abort ends a helper', async () => {
  await using home = await withHome({ 'docker/config.json': { credsStore: 'x' } })
  home.helper('x', 'exec sleep 3600')
  const asked = credentialsFor(HOST, 'a', home.env, AbortSignal.timeout(100))
  await assert.rejects(asked, { code: 'interrupted' })
})

/** A helper that writes down what it was asked, and gives its own name. */
const ANSWERS = `cat >"$0.asked"; name=\${0##*-}; echo '{"ServerURL":"x","Username":"'$name'","Secret":"'$1'"}'`

interface Home extends AsyncDisposable {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  write(path: string, value: unknown): void
  writeText(path: string, text: string): void
  helper(name: string, body: string): void
  /** What a helper was asked last. */
  asked(name: string): string
  ask(registry: string, env?: Readonly<Record<string, string>>): ReturnType<typeof credentialsFor>
}

/** A home of its own, with these files in it. */
async function withHome(files: Readonly<Record<string, unknown>> = {}): Promise<Home> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-auth-'))
  const env = {
    HOME: join(folder, 'home'),
    DOCKER_CONFIG: join(folder, 'docker'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
  }
  const writeText = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const write = (path: string, value: unknown) => writeText(path, JSON.stringify(value))
  for (const [path, value] of Object.entries(files)) write(path, value)
  const helperPath = (name: string) => `bin/docker-credential-${name}`
  return {
    folder,
    env,
    write,
    writeText,
    helper: (name, body) => {
      writeText(helperPath(name), `#!/bin/sh\n${body}\n`)
      chmodSync(join(folder, helperPath(name)), 0o755)
    },
    asked: (name) => readFileSync(join(folder, `${helperPath(name)}.asked`), 'utf8'),
    ask: (registry, more = {}) => credentialsFor(registry, 'some/app', { ...env, ...more }),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

function auths(entries: Readonly<Record<string, string>>) {
  return {
    auths: Object.fromEntries(Object.entries(entries).map(([key, text]) => [key, { auth: base64(text) }])),
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function password(username: string, secret: string) {
  return { kind: 'password', username, password: secret }
}
