import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onAllImages } from '../../src/cli/on-image.js'
import { type Finding, type Lift, LiftError } from '../../src/index.js'
import { finding } from '../../src/lift/finding.js'
import { contextOf, runCli, transcript } from '../support/cli.js'
import { matchesGolden } from '../support/golden.js'
import { lsLift } from '../support/lift-literal.js'

const missing = finding({
  kind: 'library-missing',
  name: 'liblost.so.1',
  neededBy: '/usr/bin/ls',
  attempts: [{ rule: 'default', path: '/lib/liblost.so.1', outcome: 'absent' }],
})
const warning = finding({ kind: 'not-executable', program: '/usr/bin/ls' })

const AMD64 = 'linux/amd64'
const ARM64 = 'linux/arm64'
const BOTH = ['registry:debian', 'ls', '--platform', `${ARM64},${AMD64}`]

function liftFor(architecture: string, findings: readonly Finding[] = []): Lift {
  return lsLift({
    findings,
    image: { reference: 'registry:debian', platform: { os: 'linux', architecture } },
  })
}

const lifts = { [AMD64]: liftFor('amd64', [warning]), [ARM64]: liftFor('arm64', [missing]) }

test('a lift for two platforms', async () => {
  const ran = await runCli(BOTH, { lifts })
  matchesGolden('lift-platforms.txt', transcript(BOTH, ran))
})

test('an image is opened for one platform after the other, and each is closed before the next', async () => {
  const { calls } = await runCli(BOTH, { lifts })
  const opened = calls.map((call) => (call.to === 'openImage' ? call.options : call.to))
  assert.deepEqual(
    opened.map((one) => (typeof one === 'string' ? one : [one.platform, one.otherPlatforms])),
    [[AMD64, [ARM64]], 'lift', 'dispose', [ARM64, [AMD64]], 'lift', 'dispose'],
  )
})

test('platforms in any order, with commas or one by one, named twice or not, are the same', async () => {
  const expected = await runCli(BOTH, { lifts })
  for (const options of [
    [`${AMD64},${ARM64}`],
    [AMD64, ARM64],
    [ARM64, 'x86_64', AMD64],
    ['arm64,amd64', 'linux/arm64/v8'],
  ]) {
    const argv = ['registry:debian', 'ls', ...options.flatMap((one) => ['--platform', one])]
    const { status, out, err } = await runCli(argv, { lifts })
    assert.deepEqual([status, out, err], [expected.status, expected.out, expected.err], argv.join(' '))
  }
})

test('one platform is no list: the answer is the same as ever', async () => {
  const argv = ['registry:debian', 'ls', '--format', 'json']
  const one = await runCli([...argv, '--platform', 'arm64,linux/arm64'], { lifts })
  assert.equal(one.out, (await runCli(argv, { lift: lifts[ARM64]! })).out)
  const [opened] = one.calls
  assert.ok(opened?.to === 'openImage' && opened.options.otherPlatforms === undefined)
})

test('JSON for several platforms has a document of each', async () => {
  const { out } = await runCli([...BOTH, '-f', 'json'], { lifts })
  const { images } = JSON.parse(out) as { images: { image: { platform: string } }[] }
  assert.deepEqual(
    images.map(({ image }) => image.platform),
    [AMD64, ARM64],
  )
})

test('the worst of the platforms is the exit status', async () => {
  const fine = liftFor('amd64')
  assert.equal((await runCli(BOTH, { lift: fine })).status, 0)
  assert.equal((await runCli(BOTH, { lifts: { ...lifts, [ARM64]: fine } })).status, 0)
  assert.equal((await runCli(BOTH, { lifts: { [AMD64]: lifts[ARM64]!, [ARM64]: fine } })).status, 1)
})

test('no answer for one platform is no answer at all, and the error names it', async () => {
  const refusal = new LiftError('file-not-found', 'there is no ls')
  for (const platform of [AMD64, ARM64]) {
    const { status, out, err } = await runCli(BOTH, { lifts: { [platform]: refusal } })
    assert.deepEqual([status, out], [3, ''])
    assert.equal(err, `liftbin: registry:debian for ${platform}: there is no ls\n`)
  }
})

test('each step of several platforms says which one it is for', async () => {
  const { err } = await runCli([...BOTH, '--verbose'], { lifts })
  assert.match(err, /^liftbin: linux\/amd64: resolving\nliftbin: linux\/arm64: resolving$/m)
  const one = await runCli(['registry:debian', 'ls', '--platform', ARM64, '-v'], { lifts })
  assert.match(one.err, /^liftbin: resolving$/m)
})

test('a stage is copied from for several platforms too', async () => {
  const { out } = await runCli([...BOTH, '--stage', 'build'], { lifts })
  assert.match(out, /^FROM scratch AS liftbin-arm64\n(#.*\n)*COPY --from=build /m)
})

test('the images of all platforms are open together for what is made of all, and closed whatever comes', async () => {
  for (const fails of [false, true]) {
    const { context, calls } = contextOf({ lifts })
    const flags = { platform: [`${ARM64},${AMD64}`], color: false, progress: false }
    const asked = onAllImages('registry:debian', flags, context, async (opened) => {
      assert.deepEqual(
        calls.map(({ to }) => to),
        ['openImage', 'openImage'],
      )
      if (fails) throw new LiftError('output', 'the disk is full')
      return opened.map(({ image }) => image.platform.architecture)
    })
    if (fails) await assert.rejects(asked, { code: 'output', message: 'the disk is full' })
    else assert.deepEqual(await asked, ['amd64', 'arm64'])
    assert.equal(calls.filter(({ to }) => to === 'dispose').length, 2)
  }
})
