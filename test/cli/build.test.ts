import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../support/cli.js'
import { debianTree, program, smallImage } from '../support/small-image.js'

const whole = smallImage(debianTree({ '/usr/bin/x': program(['libc.so.6']) }))
const broken = smallImage(debianTree({ '/usr/bin/x': program(['libgone.so']) }))

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the digest is the answer, and all else is said on stderr', async () => {
  await inFolder(async (folder) => {
    const argv = ['build', 'docker:small', 'x', '--to', `oci-dir:${folder}/o:1`]
    const { status, out, err } = await runCli(argv, { image: whole })
    assert.equal(status, 0)
    assert.match(out, /^sha256:[0-9a-f]{64}\n$/)
    assert.ok(existsIn(`${folder}/o/blobs/sha256`, out.trim().slice('sha256:'.length)))
    assert.match(err, /\/usr\/bin\/x {2}program.*\n3 files, .*\nwritten to oci-dir:.*\/o:1\n$/s)
    assert.equal((await runCli([...argv, '-q'], { image: whole })).err, '')
  })
})

function existsIn(directory: string, name: string): boolean {
  return readdirSync(directory).includes(name)
}

test("what the source's user loses is told, unless the new image has another user", async () => {
  const named = smallImage(
    debianTree({
      '/usr/bin/x': program(),
      '/etc/passwd': 'app:x:7:8::/:',
      '/etc/group': 'disk:x:6:app',
    }),
    { config: { user: 'app' } },
  )
  const argv = ['build', 'docker:small', 'x', '--to', 'tar:-']
  assert.match(
    (await runCli(argv, { image: named })).err,
    /^warning: .* user app, who is in group 6 as well/m,
  )
  assert.doesNotMatch((await runCli([...argv, '--user', '7'], { image: named })).err, /warning/)
})

test('a root file system has no digest, so nothing is printed', async () => {
  await inFolder(async (folder) => {
    const argv = ['build', 'docker:small', 'x', '--to', `dir:${folder}/root`]
    const { status, out } = await runCli(argv, { image: whole })
    assert.deepEqual([status, out], [0, ''])
    assert.deepEqual(readdirSync(`${folder}/root`).sort(), ['lib', 'lib64', 'usr'])
  })
})

test('nothing follows an archive on stdout', async () => {
  for (const to of ['tar:-', 'docker-archive:-', 'docker-archive:-:me/x', 'oci-archive:-']) {
    const { status, out } = await runCli(['build', 'docker:small', 'x', '--to', to], { image: whole })
    assert.equal(status, 0)
    assert.doesNotMatch(out, /\n$/, to)
  }
})

test('an image that would not work is not written, unless that is forced', async () => {
  await inFolder(async (folder) => {
    const argv = ['build', 'docker:small', 'x', '--to', `tar:${folder}/t.tar`]
    const refused = await runCli(argv, { image: broken })
    assert.deepEqual([refused.status, refused.out, readdirSync(folder)], [1, '', []])
    assert.match(refused.err, /libgone\.so is not found.*\nNothing was written.*--force/s)
    const forced = await runCli([...argv, '--force'], { image: broken })
    assert.deepEqual([forced.status, readdirSync(folder)], [1, ['t.tar']])
  })
})

test('several platforms make one index, and each is told of by itself', async () => {
  await inFolder(async (folder) => {
    const platforms = ['--platform', 'linux/arm64,linux/amd64']
    const argv = ['build', 'docker:small', 'x', '--to', `oci-dir:${folder}/o`, '-f', 'json', ...platforms]
    const open = async (platform = '') => ({
      ...whole,
      platform: { os: 'linux', architecture: platform.slice('linux/'.length) },
    })
    const { status, out, err } = await runCli(argv, { open })
    assert.equal(status, 0, err)
    const { written, images } = JSON.parse(out)
    const index = JSON.parse(readFileSync(`${folder}/o/blobs/${written.digest.replace(':', '/')}`, 'utf8'))
    const architectures = (list: readonly { platform: { architecture: string } }[]) =>
      list.map(({ platform }) => platform.architecture)
    assert.deepEqual(architectures(index.manifests), ['amd64', 'arm64'])
    assert.deepEqual(
      images.map((one: { image: { platform: string } }) => one.image.platform),
      ['linux/amd64', 'linux/arm64'],
    )
    assert.match(err, /^linux\/arm64: .*\/usr\/bin\/x/m)
  })
})

test('a destination for one platform is not given several', async () => {
  const platforms = ['--platform', 'linux/arm64,linux/amd64']
  const argv = ['build', 'docker:small', 'x', '--to', 'tar:t.tar', ...platforms]
  const { status, err } = await runCli(argv, { image: whole })
  assert.equal(status, 2)
  assert.match(err, /one platform.*\n.*oci-dir/)
})

test('the JSON has the files and where the image is', async () => {
  await inFolder(async (folder) => {
    const argv = ['build', 'docker:small', 'x', '--to', `docker-archive:${folder}/a:n`, '-f', 'json']
    const { written, images } = JSON.parse((await runCli(argv, { image: whole })).out)
    assert.match(written.imageId, /^sha256:/)
    assert.equal(written.reference, `docker-archive:${folder}/a:n`)
    assert.ok(images[0].files.some(({ path }: { path: string }) => path === '/usr/bin/x'))
  })
})

test('SOURCE_DATE_EPOCH is the time of creation', async () => {
  await inFolder(async (folder) => {
    const build = async (name: string, env: Record<string, string>) => {
      const argv = ['build', 'docker:small', 'x', '--to', `docker-archive:${folder}/${name}`]
      return (await runCli(argv, { image: whole, env })).out
    }
    const plain = await build('a', {})
    assert.equal(await build('b', {}), plain)
    assert.notEqual(await build('c', { SOURCE_DATE_EPOCH: '1700000000' }), plain)
    assert.ok(readFileSync(`${folder}/c`).includes('2023-11-14T22:13:20Z'))
  })
})

test('wrong usage of build is said before the image is opened', async () => {
  const wrong = [
    ['build', 'dir:/', 'x'],
    ['build', 'dir:/', 'x', '--to', 'nowhere:x'],
    ['build', 'dir:/', 'x', '--to', 'tar:'],
    ['build', 'dir:/', 'x', '--to', 'tar:t', '--compression', 'lzma'],
    ...['docker', 'podman', 'registry'].map((scheme) => ['build', 'dir:/', 'x', '--to', `${scheme}:No Name`]),
    ...['--env', '--label', '--annotation'].map((option) => [
      'build',
      'dir:/',
      'x',
      '--to',
      'tar:t',
      option,
      'a',
    ]),
  ]
  for (const argv of wrong) {
    const { status, out, calls } = await runCli(argv, { image: whole })
    assert.deepEqual([status, out, calls], [2, '', []], argv.join(' '))
  }
  const env = { SOURCE_DATE_EPOCH: 'yesterday' }
  const { status, calls } = await runCli(['build', 'dir:/', 'x', '--to', 'tar:t'], { image: whole, env })
  assert.deepEqual([status, calls], [2, []])
})

test('options of the configuration reach the image', async () => {
  await inFolder(async (folder) => {
    const options = ['--entrypoint', '/usr/bin/x -v', '--user', '7', '--env', 'A=1', '--label', 'l=2']
    const argv = ['build', 'docker:small', 'x', '--to', `docker-archive:${folder}/a`, ...options]
    await runCli(argv, { image: whole })
    const text = readFileSync(`${folder}/a`, 'latin1')
    for (const part of [
      '"Entrypoint":["/usr/bin/x","-v"]',
      '"User":"7"',
      '"Env":["A=1"]',
      '"Labels":{"l":"2"}',
    ])
      assert.ok(text.includes(part), part)
  })
})
