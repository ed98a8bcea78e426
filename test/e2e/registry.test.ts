import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Fault } from '../support/fake-registry.js'
import { answers, cutAt, cutEach, stallAt, withoutRanges } from '../support/registry-faults.js'
import { faultyProxy } from './faulty-proxy.js'
import { basicAuth, type Running, startRegistry, startTokenService, USER } from './real-registry.js'
import { CLI, must, type Outcome } from './surroundings.js'

const IMAGE = 'liftbin-e2e/musl'
const REPOSITORY = 'team/musl'

let folder: string
let registry: Running
/** What the daemon's image gives, but for the name. */
let expected: Outcome

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-e2e-registry-'))
  registry = await startRegistry(folder)
  const from = ['--src-daemon-host', process.env.DOCKER_HOST ?? '', `docker-daemon:${IMAGE}:latest`]
  const to = ['--dest-tls-verify=false', `docker://${registry.host}/${REPOSITORY}:1`]
  must('skopeo', ['--insecure-policy', 'copy', '--quiet', ...from, ...to])
  expected = await audit(`docker:${IMAGE}`)
  assert.notEqual(expected.stdout, '', expected.stderr)
})

after(async () => {
  await registry[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('an image of a registry gives what the same image of the daemon gives', async () => {
  sameAsDaemon(await audit(`registry:${registry.host}/${REPOSITORY}:1`))
})

test('a bare name that no engine has comes from its registry', async () => {
  const outcome = await audit(`${registry.host}/${REPOSITORY}:1`)
  sameAsDaemon(outcome)
  assert.match(outcome.stdout, /"reference": "registry:127/)
})

test('the Dockerfile pins the digest that the registry gives', async () => {
  const inspect = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}']
  const digest = must('skopeo', [...inspect, `docker://${registry.host}/${REPOSITORY}:1`]).trim()
  const { stdout } = await liftbin(['lift', `registry:${registry.host}/${REPOSITORY}:1`, 'hello'])
  assert.ok(stdout.includes(`FROM ${registry.host}/${REPOSITORY}@${digest}`), stdout)
})

test('a registry that wants a name and a password gets them, and nobody else does', async () => {
  await using locked = await startRegistry(folder, basicAuth(folder))
  await behindLogin(locked)
})

test('a registry that wants a token gets one of its token service', async () => {
  await using service = await startTokenService(folder)
  await using locked = await startRegistry(folder, service.auth)
  await behindLogin(locked)
  assert.ok(service.given() > 0)
})

async function behindLogin({ host }: Running): Promise<void> {
  const reference = `registry:${host}/${REPOSITORY}:1`
  sameAsDaemon(await audit(reference, login(host, USER.password)))
  for (const config of [login(host, 'wrong-one'), login('other.example', USER.password), {}]) {
    const { status, stdout, stderr } = await audit(reference, config)
    assert.deepEqual([status, stdout], [3, ''], stderr)
    assert.match(stderr, /denies .*\n {2}Log in with `docker login/)
    for (const secret of [USER.password, 'wrong-one', base64(`${USER.name}:wrong-one`)])
      assert.ok(!stderr.includes(secret), stderr)
  }
}

/** Where a run can break, by the path of the request. */
const STAGES = { manifest: /manifests/, configuration: /CONFIG/, layer: /LAYER/ }

test('whatever goes wrong for a while, the run succeeds', async () => {
  const faults: Record<string, Fault> = {
    'layer sent in parts': cutEach(/LAYER/, 20_000, 3),
    'no ranges': together(cutAt(/LAYER/, 1000, 1), withoutRanges(/LAYER/)),
    'limit with a time': answers(/v2/, 429, { 'retry-after': '1' }, '', 1),
    'limit with a date': answers(
      /v2/,
      429,
      { 'retry-after': new Date(Date.now() + 500).toUTCString() },
      '',
      1,
    ),
  }
  for (const [stage, path] of Object.entries(STAGES)) {
    if (stage !== 'manifest') faults[`${stage} cut`] = cutAt(path, 100, 2)
    for (const status of [429, 500, 503]) faults[`${stage} ${status}`] = answers(path, status, {}, '', 2)
  }
  await withFaults(faults, async (outcome, name) => sameAsDaemon(outcome, name))
})

test('whatever stays wrong, the run ends with a clear error and nothing wrong is kept', async () => {
  const faults: Record<string, Fault> = {
    'wrong layer': answers(/LAYER/, 200, {}, 'wrong'),
    'wrong configuration': answers(/CONFIG/, 200, {}, '{}'),
    'wrong manifest': answers(/manifests/, 200, {}, '<html>'),
    'bytes changed': changed(/LAYER/, (bytes) => bytes.fill(0, -50, -40)),
    'bytes added': changed(/LAYER/, (bytes) => Buffer.concat([bytes, Buffer.from('more')])),
    'bytes missing': changed(/LAYER/, (bytes) => bytes.subarray(0, -9)),
    'redirect to nowhere': answers(/LAYER/, 307, { location: 'http://127.0.0.1:1/' }),
    'redirect to a file': answers(/LAYER/, 307, { location: 'file:///etc/passwd' }),
    'redirect without end': answers(/LAYER/, 307, { location: '?again' }),
  }
  for (const [stage, path] of Object.entries(STAGES)) {
    faults[`${stage} cut`] = cutAt(path, 100)
    faults[`${stage} 500`] = answers(path, 500)
    faults[`${stage} gone`] = answers(path, 410)
  }
  await withFaults(faults, async ({ status, stdout, stderr }, name) => {
    assert.deepEqual([status, stdout], [3, ''], `${name}: ${stderr}`)
    assert.match(stderr, /^liftbin: /m, name)
    assert.doesNotMatch(stderr, /bug in liftbin/, name)
  })
})

test('Ctrl-C at any stage leaves nothing that a later run would trust', async () => {
  for (const [stage, path] of Object.entries(STAGES)) {
    const cache = mkdtempSync(join(folder, 'cache-'))
    const reached = new AbortController()
    const stall = stallAt(await pathOf(path), 50)
    await using proxy = await faultyProxy(registry.host, (...args) => {
      const taken = stall(...args)
      if (taken) setTimeout(() => reached.abort(), 100)
      return taken
    })
    const argv = ['audit', `registry:${proxy.host}/${REPOSITORY}:1`]
    const { status, stdout } = await liftbin(argv, { XDG_CACHE_HOME: cache }, reached.signal)
    assert.deepEqual([status, stdout], [130, ''], stage)
    await soundCache(cache, stage)
  }
})

/** Runs against each fault at the same time, each with a cache of its own, and looks at the caches. */
async function withFaults(
  faults: Readonly<Record<string, Fault>>,
  check: (outcome: Outcome, name: string) => Promise<void>,
): Promise<void> {
  const names = await blobNames()
  const work = Object.entries(faults).map(async ([name, fault]) => {
    const cache = mkdtempSync(join(folder, 'cache-'))
    await using proxy = await faultyProxy(registry.host, (request, ...rest) =>
      fault({ ...request, path: names(request.path) }, ...rest),
    )
    const outcome = await audit(`registry:${proxy.host}/${REPOSITORY}:1`, {}, cache)
    await check(outcome, name)
    await soundCache(cache, name)
  })
  const failures = (await Promise.allSettled(work)).filter(({ status }) => status === 'rejected')
  if (failures[0]?.status === 'rejected') throw failures[0].reason
}

/** Every blob in a cache is what its name and stamp say, and nothing is half done. */
async function soundCache(cache: string, name: string): Promise<void> {
  const good = await goodCache()
  const directory = join(cache, 'liftbin')
  if (!existsSync(directory)) return
  assert.deepEqual(readdirSync(join(directory, 'in-work')), [], name)
  for (const file of readdirSync(directory).filter((one) => /^sha256-[0-9a-f]+$/.test(one)))
    assert.equal(hashOf(join(directory, file)), hashOf(join(good, file)), `${name}: ${file}`)
}

let filled: Promise<string> | undefined

/** The cache of a run that nothing went wrong in. */
function goodCache(): Promise<string> {
  filled ??= (async () => {
    const cache = mkdtempSync(join(folder, 'cache-'))
    sameAsDaemon(await audit(`registry:${registry.host}/${REPOSITORY}:1`, {}, cache))
    return join(cache, 'liftbin')
  })()
  return filled
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Puts CONFIG and LAYER after the paths of the image's blobs, so that faults can name them. */
async function blobNames(): Promise<(path: string) => string> {
  const { config, layers } = await manifest()
  return (path) => {
    if (path.includes(config.digest)) return `${path}#CONFIG`
    return layers.some(({ digest }) => path.includes(digest)) ? `${path}#LAYER` : path
  }
}

async function pathOf(stage: RegExp): Promise<RegExp> {
  const { config, layers } = await manifest()
  if (stage.source === 'CONFIG') return new RegExp(config.digest)
  return stage.source === 'LAYER' ? new RegExp(layers[0]!.digest) : stage
}

interface ManifestJson {
  readonly config: { readonly digest: string }
  readonly layers: readonly { readonly digest: string }[]
}

async function manifest(): Promise<ManifestJson> {
  const accept = 'application/vnd.docker.distribution.manifest.v2+json'
  const url = `http://${registry.host}/v2/${REPOSITORY}/manifests/1`
  return (await fetch(url, { headers: { accept } })).json() as Promise<ManifestJson>
}

/** The real answer with other bytes, its length as the manifest has it left unsaid. */
function changed(path: RegExp, change: (bytes: Buffer) => Buffer): Fault {
  return (request, response, usual) => {
    if (!path.test(request.path) || usual === undefined) return false
    response.writeHead(200).end(change(Buffer.from(usual.bytes)))
    return true
  }
}

function together(...faults: readonly Fault[]): Fault {
  return (...args) => faults.some((fault) => fault(...args))
}

/** Reports that say the same of two images but for their names. */
function sameAsDaemon({ status, stdout, stderr }: Outcome, name?: string): void {
  assert.equal(status, expected.status, `${name ?? ''}: ${stderr}`)
  assert.deepEqual(withoutName(stdout), withoutName(expected.stdout), name)
}

function withoutName(text: string): unknown {
  const { image, ...rest } = JSON.parse(text) as { image: { platform: string } }
  return { platform: image.platform, ...rest }
}

function audit(reference: string, config: object = {}, cache = mkdtempSync(join(folder, 'cache-'))) {
  const home = mkdtempSync(join(folder, 'docker-'))
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  return liftbin(['audit', reference, '--format', 'json', '--verbose'], {
    XDG_CACHE_HOME: cache,
    DOCKER_CONFIG: home,
    HOME: home,
  })
}

/** The command line, while servers of this process go on answering; SIGINT when the signal aborts. */
function liftbin(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  interrupt?: AbortSignal,
): Promise<Outcome> {
  return new Promise((done) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 28 }
    const child = execFile(process.execPath, [CLI, ...argv], options, (_, stdout, stderr) => {
      done({ status: child.exitCode, stdout, stderr })
    })
    interrupt?.addEventListener('abort', () => child.kill('SIGINT'))
  })
}

function login(host: string, password: string): object {
  return { auths: { [host]: { auth: base64(`${USER.name}:${password}`) } } }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
