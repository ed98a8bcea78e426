import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { skopeo, withUsualEngine } from './images.js'
import { MANY, PORTS, type Port, pushPorts, runForeign } from './platform-images.js'
import { type Running, startRegistry } from './real-registry.js'
import { buildImage, CLI, docker, listImage, must, type Outcome, run } from './surroundings.js'

const REPOSITORY = 'team/ports'
const ALL = PORTS.map(({ platform }) => platform)

let folder: string
let registry: Running
let image: string
/** The Dockerfile for all platforms. */
let dockerfile: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-platforms-'))
  registry = await startRegistry(folder)
  await pushPorts(folder, registry.host, REPOSITORY)
  image = `registry:${registry.host}/${REPOSITORY}:1`
  dockerfile = lifted(image, '/bin/bash', '--platform', ALL.join(','))
})

after(async () => {
  await registry[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

for (const port of PORTS) {
  test(`a build for ${port.platform} gives what the Dockerfile for it alone gives, and that runs`, async () => {
    const one = lifted(image, '/bin/bash', '--platform', port.platform)
    const alone = buildFor(port, one)
    const tag = buildFor(port, dockerfile)
    assert.deepEqual(withoutTimes(listImage(tag)), withoutTimes(listImage(alone)))
    assert.deepEqual(configOf(tag), configOf(alone))
    assert.equal(configOf(tag).platform, port.platform)
    assert.deepEqual(configOf(tag).env, [`LD_LIBRARY_PATH=/opt/${port.root}`])
    assert.deepEqual(loadersIn(tag), [port.loader])
    assert.equal(shellOf(port, tag), `${port.machine}\n`)
  })
}

test('the source of each platform is pinned by its own manifest', () => {
  for (const { platform, root } of PORTS) {
    const name = `${registry.host}/${REPOSITORY}`
    const inspect = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${name}:${root}`]
    const line = `FROM --platform=${platform} ${name}@${must('skopeo', inspect).trim()} AS `
    assert.ok(dockerfile.includes(line), `${line}\n${dockerfile}`)
  }
})

test('the order of the platforms means nothing', () => {
  const options = ALL.toReversed().flatMap((platform) => ['--platform', platform])
  assert.equal(lifted(image, '/bin/bash', ...options), dockerfile)
})

test('a source of a platform that is not built for is not asked for', () => {
  const [amd64] = PORTS
  const broken = dockerfile.replace(/(FROM --platform=linux\/(?!amd64)\S+ )\S+/g, '$1nowhere.invalid/x:1')
  assert.equal(broken.match(/nowhere\.invalid/g)?.length, PORTS.length - 1)
  assert.deepEqual(loadersIn(buildFor(amd64!, broken)), [amd64!.loader])
})

test('more files than one stage can copy are all there', () => {
  const [, armv7, arm64] = PORTS
  const platforms = `${armv7!.platform},${arm64!.platform}`
  const text = lifted(image, '/bin/bash', '--platform', platforms, '--include', '/many/*')
  assert.match(text, /^FROM scratch AS liftbin-files-arm-v7-2$/m)
  const names = listImage(buildFor(arm64!, text)).filter((line) => / many\/.*\/file$/.test(line))
  assert.equal(names.length, MANY)
})

test('a platform is built for by any of the names that builders know', () => {
  for (const [platform, index] of [
    ['linux/arm', 1],
    ['arm', 1],
    ['linux/arm64/v8', 2],
    ['aarch64', 2],
  ] as const) {
    const tag = buildImage(dockerfile, 'BuildKit', undefined, '--platform', platform)
    assert.deepEqual(loadersIn(tag), [PORTS[index]!.loader], platform)
  }
})

test('what several platforms of an OCI layout need is said, and makes the Dockerfile build', () => {
  const layout = join(folder, 'layout')
  const name = `${registry.host}/${REPOSITORY}:1`
  skopeo(`docker://${name}`, `oci:${layout}:1`, '--all', '--src-tls-verify=false')
  const text = lifted(`oci-dir:${layout}:1`, '/bin/bash', '--platform', 'arm64,s390x')
  const commands = [...text.matchAll(/^# First: (.*)$/gm)].map(([, command]) => command!)
  assert.equal(commands.length, 2)
  for (const command of commands) withUsualEngine(command)
  for (const port of PORTS.slice(2)) assert.deepEqual(loadersIn(buildFor(port, text)), [port.loader])
})

test('a stage of the reader is copied from as it is for the platform that is built for', () => {
  const name = `${registry.host}/${REPOSITORY}:1`
  const fragment = lifted(image, '/bin/bash', '--platform', 'amd64,arm64,linux/arm/v7', '--stage', 'build')
  const text = `FROM ${name} AS build\n${fragment}`
  for (const port of PORTS.slice(0, 3)) assert.equal(shellOf(port, buildFor(port, text)), `${port.machine}\n`)
})

test('a platform that is not there is exit 3, and those that are there are named', () => {
  const { status, stdout, stderr } = liftbin(image, '/bin/bash', '--platform', 'amd64,riscv64')
  assert.deepEqual([status, stdout], [3, ''])
  assert.match(stderr, /not there for linux\/riscv64; it is for linux\/amd64, linux\/arm\/v7, linux\/arm64/)
})

test('an engine has an image for one platform, and what has several is named', () => {
  const { status, stdout, stderr } = liftbin('docker:liftbin-e2e/musl', 'hello', '--platform', 'amd64,arm64')
  assert.deepEqual([status, stdout], [3, ''])
  assert.match(stderr, /is here for linux\/amd64, not for linux\/arm64\n {2}.*registry:liftbin-e2e\/musl/)
})

test('JSON has a lift of each platform', () => {
  const text = lifted(image, '/bin/bash', '--platform', ALL.join(','), '--format', 'json')
  const { images } = JSON.parse(text) as { images: { files: { path: string; kind: string }[] }[] }
  const loaders = images.map(({ files }) =>
    files
      .find(({ kind }) => kind === 'loader')
      ?.path.split('/')
      .at(-1),
  )
  assert.deepEqual(
    loaders,
    PORTS.map(({ loader }) => loader),
  )
})

test('an image that is packed for all platforms is an index, and what is in each image runs', () => {
  const name = `${registry.host}/team/packed:1`
  const { stdout } = run(process.execPath, [
    CLI,
    'build',
    image,
    '/bin/bash',
    '--platform',
    ALL.join(','),
    '--to',
    `registry:${name}`,
  ])
  const raw = must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name}`])
  const { manifests } = JSON.parse(raw) as { manifests: { digest: string; platform: object }[] }
  assert.equal(
    must('sh', ['-c', 'printf %s "$0" | sha256sum', raw]).split(' ')[0],
    stdout.trim().slice('sha256:'.length),
  )
  assert.deepEqual(
    manifests.map(({ platform }) => Object.values(platform).sort().join()),
    PORTS.map(({ platform }) => platform.split('/').sort().join()),
  )
  for (const [index, port] of PORTS.entries()) {
    const tag = `liftbin-e2e-packed/${port.root}:1`
    const from = `docker://${registry.host}/team/packed@${manifests[index]!.digest}`
    skopeo(
      from,
      `docker-daemon:${tag}`,
      '--src-tls-verify=false',
      `--dest-daemon-host=${process.env.DOCKER_HOST}`,
    )
    assert.deepEqual(loadersIn(tag), [port.loader])
    assert.equal(shellOf(port, tag), `${port.machine}\n`)
  }
})

function liftbin(...args: readonly string[]): Outcome {
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') }
  return run(process.execPath, [CLI, ...args], { env })
}

function lifted(...args: readonly string[]): string {
  const { status, stdout, stderr } = liftbin(...args)
  assert.equal(status, 0, stderr)
  return stdout
}

function buildFor({ platform }: Port, text: string): string {
  return buildImage(text, 'BuildKit', undefined, '--platform', platform)
}

/** Directories that a build makes have its time. */
function withoutTimes(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/ \d{4}-\d\d-\d\d \d\d:\d\d /, ' ')).sort()
}

interface Config {
  readonly platform: string
  readonly env: readonly string[]
  readonly command: unknown
}

function configOf(tag: string): Config {
  const { stdout } = docker(['image', 'inspect', tag])
  const [{ Os, Architecture, Variant, Config }] = JSON.parse(stdout)
  return {
    platform: [Os, Architecture, Variant].filter((part) => part !== undefined && part !== '').join('/'),
    env: Config.Env.filter((line: string) => !line.startsWith('PATH=')),
    command: [Config.Entrypoint, Config.Cmd, Config.WorkingDir],
  }
}

/** The loaders of any port that are in an image. */
function loadersIn(tag: string): readonly string[] {
  const names = listImage(tag).map((line) => line.split('/').at(-1))
  return PORTS.flatMap(({ loader }) => (names.includes(loader) ? [loader] : []))
}

/** What bash says of the machine it was built for, run from the image's own files. */
function shellOf(port: Port, tag: string): string {
  const to = mkdtempSync(join(folder, 'unpacked-'))
  const id = docker(['create', tag]).stdout.trim()
  must('sh', ['-c', 'docker export "$1" | tar -x -C "$2"', 'sh', id, to])
  docker(['rm', id])
  const [program] = configOf(tag).command as readonly [readonly string[]]
  return runForeign(port, to, program[0]!, '-c', 'echo $HOSTTYPE')
}
