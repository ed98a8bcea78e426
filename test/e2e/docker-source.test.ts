import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Image } from '../../src/image/image.js'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { isInside, type RootPath } from '../../src/rootfs/path.js'
import type { Entry, RootFs } from '../../src/rootfs/rootfs.js'
import { walk } from '../../src/rootfs/walk.js'
import { openImage } from '../../src/source/index.js'
import { containersOf, docker, ownImage, root } from './surroundings.js'

/** An image of its own, so that no other test has containers of it. */
const OWN = `liftbin-e2e/source-${randomBytes(4).toString('hex')}:latest`

before(() => ownImage('liftbin-e2e/bookworm', OWN))

test('the image holds what the root file system holds that it was made of', async () => {
  const expected = await described(directoryRootFs(root('bookworm')))
  await using image = await openImage(`docker:${OWN}`)
  assert.deepEqual(await described(image.rootfs), expected)
})

test('asked for single paths in any order, the image gives the same answers', async () => {
  const disk = directoryRootFs(root('bookworm'))
  const all = (await entriesOf(disk)).filter(({ kind }) => kind !== 'directory')
  const paths = Array.from({ length: 60 }, (_, index) => all[(index * 7919) % all.length]!.path)
  await using image = await openImage(`docker:${OWN}`)
  for (const path of paths) {
    const [have, want] = [await image.rootfs.lstat(path), await disk.lstat(path)]
    assert.deepEqual(comparable(have), comparable(want))
    assert.equal(await contentHash(image.rootfs, have), await contentHash(disk, want), path)
    assert.equal(await image.rootfs.lstat(`${path}-absent`), undefined)
  }
})

test('names of one inode are one file', async () => {
  const disk = directoryRootFs(root('bookworm'))
  await using image = await openImage(`docker:${OWN}`)
  assert.deepEqual(await hardLinks(image.rootfs), await hardLinks(disk))
})

test('an image of another architecture is read like any other', async () => {
  await using image = await openImage('docker:liftbin-e2e/arm64', { platform: 'linux/arm64' })
  assert.equal(image.platform.architecture, 'arm64')
  assert.equal((await image.rootfs.lstat('/usr/bin/basename'))?.kind, 'file')
})

test('an image that exists only here is named by its tag, or by a tag made from its ID', async () => {
  await using tagged = await openImage(`docker:${OWN}`)
  assert.deepEqual(tagged.copySource, { kind: 'image', from: OWN, pinned: false })
  const name = await untagged()
  await using image = await openImage(`docker:${name}`)
  const { copySource } = image
  assert.ok(copySource.kind === 'image' && /^liftbin-src:[0-9a-f]{12}$/.test(copySource.from))
  assert.equal(docker(['image', 'inspect', copySource.from]).status, 0)
})

test('no container is left after success, nor after a failure', async () => {
  {
    await using image = await openImage(`docker:${OWN}`)
    await image.rootfs.lstat('/usr/bin/echo')
    assert.notDeepEqual(containersOf(OWN), [])
  }
  assert.deepEqual(containersOf(OWN), [])
  await assert.rejects(async () => {
    await using image = await openImage(`docker:${OWN}`)
    await image.rootfs.lstat('/usr/bin/echo')
    throw new Error('something else')
  }, /something else/)
  assert.deepEqual(containersOf(OWN), [])
})

for (const step of ['creating helper containers', 'reading']) {
  test(`no container is left after Ctrl-C while ${step}`, async () => {
    assert.equal(await interruptedAt(step), 'interrupted')
    assert.deepEqual(containersOf(OWN), [])
  })
}

test('an engine at another place than a socket is reached through the docker command', async () => {
  const socket = (process.env.DOCKER_HOST ?? '').replace('unix://', '')
  const relay = createServer((client) => {
    const engine = connect(socket)
    client.pipe(engine).pipe(client)
    for (const one of [client, engine]) one.on('error', () => {})
    client.on('close', () => engine.destroy())
    engine.on('close', () => client.destroy())
  })
  await new Promise<void>((done) => relay.listen(0, '127.0.0.1', done))
  const address = relay.address()
  assert.ok(typeof address === 'object' && address !== null)
  const env = { ...process.env, DOCKER_HOST: `tcp://127.0.0.1:${address.port}` }
  {
    await using image: Image = await openImage(`docker:${OWN}`, { env })
    assert.equal((await image.rootfs.lstat('/usr/bin/echo'))?.kind, 'file')
  }
  assert.deepEqual(containersOf(OWN), [])
  relay.close()
})

test('an image that nobody has and nobody can pull is not found, in the words of the engine', async () => {
  const name = 'registry.invalid/nothing:1'
  await assert.rejects(openImage(`docker:${name}`), {
    code: 'image-not-found',
    message: /cannot pull it: .*registry\.invalid/,
  })
})

/** Trees that the engine or the running system fills. */
const NOT_OF_THE_IMAGE: readonly RootPath[] = ['/dev', '/proc', '/sys']
const OF_THE_ENGINE = ['/.dockerenv', '/etc/hostname', '/etc/hosts', '/etc/mtab', '/etc/resolv.conf']

async function entriesOf(rootfs: RootFs): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const entry of walk(rootfs, '/')) {
    if (OF_THE_ENGINE.includes(entry.path)) continue
    if (!NOT_OF_THE_IMAGE.some((tree) => isInside(entry.path, tree))) entries.push(entry)
  }
  return entries
}

async function described(rootfs: RootFs): Promise<string[]> {
  return (await entriesOf(rootfs)).map(comparable)
}

/** All but the identity, which each root makes up by itself. */
function comparable(entry: Entry | undefined): string {
  return JSON.stringify({ ...entry, identity: undefined }, [
    'kind',
    'path',
    'mode',
    'uid',
    'gid',
    'size',
    'target',
  ])
}

async function contentHash(rootfs: RootFs, entry: Entry | undefined): Promise<string | undefined> {
  if (entry?.kind !== 'file') return undefined
  return createHash('sha256')
    .update(await rootfs.open(entry).read(0, entry.size))
    .digest('hex')
}

async function hardLinks(rootfs: RootFs): Promise<string[]> {
  const names = new Map<string, string[]>()
  for (const entry of await entriesOf(rootfs)) {
    if (entry.kind === 'file') names.set(entry.identity, [...(names.get(entry.identity) ?? []), entry.path])
  }
  return [...names.values()].filter((paths) => paths.length > 1).map((paths) => paths.join(' '))
}

/** An image without any name, by its ID. */
async function untagged(): Promise<string> {
  const dockerfile = `FROM ${OWN}\nLABEL liftbin.test=none-${OWN}\n`
  const { stdout, stderr } = docker(['build', '--quiet', '-'], { input: dockerfile })
  const id = /sha256:[0-9a-f]{64}/.exec(stdout)?.[0]
  assert.ok(id, stderr)
  return id
}

/** Runs a reader of the image, interrupts it at the step, and gives the last line it prints. */
async function interruptedAt(step: string): Promise<string | undefined> {
  const script = fileURLToPath(new URL('interruptible.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, `docker:${OWN}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last: string | undefined
  for await (const line of createInterface(child.stdout)) {
    last = line
    if (line === step) child.kill('SIGINT')
  }
  return last
}
