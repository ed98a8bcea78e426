import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { walk } from '../../src/rootfs/walk.js'
import { openImage } from '../../src/source/index.js'
import { root } from './surroundings.js'

const OWN = `localhost/liftbin-e2e-${randomBytes(4).toString('hex')}:1`

before(() => {
  const tar = spawnSync('tar', ['--numeric-owner', '-C', root('musl'), '-c', '.'], { maxBuffer: 1 << 30 })
  podman(['import', '-', OWN], tar.stdout)
})

after(() => {
  podman(['rmi', '--force', OWN])
})

test('an image of Podman holds what the root file system holds that it was made of', async () => {
  await using image = await openImage(`podman:${OWN}`)
  const disk = directoryRootFs(root('musl'))
  const have = new Map<string, object>()
  for await (const entry of walk(image.rootfs, '/')) have.set(entry.path, { ...entry, identity: '' })
  for await (const entry of walk(disk, '/'))
    assert.deepEqual(have.get(entry.path), { ...entry, identity: '' })
})

test('neither containers nor a service nor its folder are left', async (t) => {
  const before = process.env.TMPDIR
  const temporary = mkdtempSync(join(tmpdir(), 'liftbin-podman-test-'))
  process.env.TMPDIR = temporary
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(temporary, { recursive: true })
  })
  const env = { ...process.env, CONTAINER_HOST: undefined }
  {
    await using image = await openImage(`podman:${OWN}`, { env })
    assert.equal((await image.rootfs.lstat('/'))?.kind, 'directory')
    assert.notEqual(containers(), '')
  }
  assert.equal(containers(), '')
  assert.deepEqual(readdirSync(temporary), [])
})

test('a bare name is found in Podman when the Docker daemon does not have it', async () => {
  await using image = await openImage(OWN)
  assert.equal(image.reference, `podman:${OWN}`)
  assert.deepEqual(image.copySource, { kind: 'image', from: OWN, pinned: false })
})

test('an image that Podman does not have and cannot pull is not found', async () => {
  await assert.rejects(openImage('podman:registry.invalid/nothing:1'), {
    code: 'image-not-found',
    message: /cannot pull it: .*registry\.invalid/,
  })
})

function containers(): string {
  return podman(['ps', '--all', '--quiet', '--filter', `ancestor=${OWN}`]).trim()
}

function podman(args: readonly string[], input?: Buffer): string {
  const { status, stdout, stderr } = spawnSync('podman', args, { encoding: 'utf8', ...(input && { input }) })
  assert.equal(status, 0, `podman ${args.join(' ')}\n${stderr}`)
  return stdout
}
