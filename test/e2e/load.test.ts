import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeImage } from '../../src/destination/index.js'
import type { Packing } from '../../src/pack/packing.js'
import { connectToDocker } from '../../src/source/docker.js'
import { removeImage } from '../../src/source/engine-load.js'
import { openImage } from '../../src/source/index.js'
import { connectToPodman } from '../../src/source/podman.js'
import { packingOf } from '../support/packing.js'
import { GREETING, helloPacking } from './packings.js'
import { docker, must, type Outcome, run, runImage } from './surroundings.js'

const OWN = `liftbin-e2e-load-${randomBytes(4).toString('hex')}`

let folder: string
let packing: Packing

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-e2e-load-'))
  packing = helloPacking(folder, { annotations: { own: OWN } })
})

after(() => {
  docker(['rmi', '--force', `${OWN}:1`])
  run('podman', ['rmi', '--force', `localhost/${OWN}:1`])
  rmSync(folder, { recursive: true, force: true })
})

const ENGINES = {
  docker: { reference: `docker:${OWN}:1`, name: `${OWN}:1`, command: docker, connect: connectToDocker },
  podman: {
    reference: `podman:localhost/${OWN}:1`,
    name: `localhost/${OWN}:1`,
    command: podman,
    connect: connectToPodman,
  },
} as const

for (const [scheme, { reference, name, command, connect }] of Object.entries(ENGINES)) {
  test(`an image that is loaded into ${scheme} is there with its configuration, and read back`, async () => {
    const written = await writeImage(`${scheme}:${OWN}:1`, [packing])
    assert.equal(written.reference, reference)
    const { stdout } = command(['image', 'inspect', '--format', '{{.Id}} {{json .Config.Entrypoint}}', name])
    assert.equal(stdout.trim().replace(/^sha256:/, ''), `${written.imageId?.slice(7)} ["/bin/hello"]`)
    await using image = await openImage(reference)
    const file = await image.rootfs.lstat('/bin/hello')
    assert.equal(file?.kind, 'file')
    const bytes = await image.rootfs.open(file).read(0, file.size)
    assert.deepEqual(bytes, await packing.open(file).read(0, file.size))
    assert.equal((await image.rootfs.lstat('/bin/hi'))?.kind, 'symlink')
  })

  test(`an image that is loaded into ${scheme} again takes the name from the one before`, async () => {
    await writeImage(`${scheme}:${OWN}:1`, [packing])
    const other = packingOf({ '/bin/other': randomBytes(8).toString('hex') })
    const { imageId } = await writeImage(`${scheme}:${OWN}:1`, [other])
    const { stdout } = command(['image', 'inspect', '--format', '{{.Id}}', name])
    assert.equal(stdout.trim().replace(/^sha256:/, ''), imageId?.slice(7))
  })

  test(`an image is removed from ${scheme} by its name`, async () => {
    await writeImage(`${scheme}:${OWN}:1`, [packing])
    await using engine = await connect({})
    await removeImage(engine.client, name)
    assert.notEqual(command(['image', 'inspect', name]).status, 0)
    await removeImage(engine.client, name)
  })

  test(`an interrupted load leaves nothing in ${scheme}`, async () => {
    const large = packingOf({ '/data': { file: randomBytes(60 << 20) } })
    const abort = new AbortController()
    const onStep = () => void setTimeout(() => abort.abort(), 100)
    const load = writeImage(`${scheme}:${OWN}:2`, [large], { signal: abort.signal, onStep })
    await assert.rejects(load, { code: 'interrupted' })
    assert.notEqual(command(['image', 'inspect', name.replace(/1$/, '2')]).status, 0)
  })
}

test('a loaded image runs in Docker', async () => {
  await writeImage(`docker:${OWN}:1`, [packing])
  const { status, stdout, stderr } = runImage(`${OWN}:1`)
  assert.deepEqual([status, stdout], [0, GREETING], stderr)
})

test('Podman makes containers of a loaded image, by its short name, whose program runs', async () => {
  await writeImage(`podman:${OWN}:1`, [packing])
  const container = must('podman', ['create', '--network=none', `${OWN}:1`]).trim()
  try {
    // A container is not started: crun wants cgroups that not every machine has.
    const root = must('podman', ['mount', container]).trim()
    assert.equal(must('chroot', [root, '/bin/hi']), GREETING)
  } finally {
    must('podman', ['rm', container])
  }
})

function podman(args: readonly string[]): Outcome {
  return run('podman', args)
}
