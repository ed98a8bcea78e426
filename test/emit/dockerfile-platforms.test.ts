import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dockerfile } from '../../src/emit/dockerfile.js'
import type { EmitOptions, PlatformLift } from '../../src/emit/emitter.js'
import { parsePlatform } from '../../src/image/platform.js'
import type { CopySource } from '../../src/index.js'
import type { Lift } from '../../src/lift/lift.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { copyMeaning, heredocsOf, instructionsOf } from '../support/dockerfile-reader.js'
import { matchesGolden } from '../support/golden.js'
import { copyOf, liftOf, lsLift, programOf } from '../support/lift-literal.js'

const emit = (lifts: readonly PlatformLift[], options: EmitOptions = {}) =>
  dockerfile.emitMany(lifts, options)
const lines = (lifts: readonly PlatformLift[], word: string, options: EmitOptions = {}) =>
  instructionsOf(emit(lifts, options))
    .filter((one) => one.word === word)
    .map((one) => one.rest)
const digest = (digit: string) => `sha256:${digit.repeat(64)}`
const ofIndex = (digit: string): CopySource => ({
  kind: 'image',
  from: `debian@${digest('f')}`,
  pinned: true,
  ofPlatform: `debian@${digest(digit)}`,
})

/** A lift for the platform that its image says it is for. */
function liftFor(
  platform: string,
  lift: Lift = lsLift(),
  copySource: CopySource = ofIndex('1'),
): PlatformLift {
  const of = parsePlatform(platform)
  return {
    platform: of,
    lift: { ...lift, image: { ...lift.image, platform: of, copySource, reference: 'registry:debian' } },
  }
}

/** Programs and libraries lie elsewhere there. */
const arm = (platform: string, digit: string): PlatformLift => {
  const loader = '/lib/ld-linux-armhf.so.3'
  const libc = '/lib/arm-linux-gnueabihf/libc.so.6'
  const lift = liftOf({
    programs: [programOf('/usr/bin/ls', { interpreter: loader, machine: 'armhf', libraries: [libc] })],
    copies: [copyOf(loader, { role: 'loader' }), copyOf(libc), copyOf('/usr/bin/ls', { role: 'program' })],
    image: { env: ['LD_LIBRARY_PATH=/opt/arm'] },
  })
  return liftFor(platform, lift, ofIndex(digit))
}

test('two platforms become stages of their own, and the last line chooses one', () =>
  matchesGolden('ls-platforms.Dockerfile', emit([liftFor('linux/amd64'), liftFor('linux/s390x')])))

test('variants are part of the names of stages, and may be absent for a platform beside them', () =>
  matchesGolden('ls-variants.Dockerfile', emit([liftFor('linux/amd64'), arm('linux/arm/v7', '7')])))

test('lifts in another order give the same bytes', () => {
  const lifts = [liftFor('linux/amd64'), arm('linux/arm/v7', '7'), liftFor('linux/s390x')]
  assert.equal(emit(lifts.toReversed()), emit(lifts))
})

test('each stage copies from its own source, and holds the configuration of its own image', () => {
  const text = emit([liftFor('linux/amd64'), arm('linux/arm/v7', '7')], { labels: ['a=b'] })
  const stages = text.split(/^(?=FROM )/m).slice(1)
  const [, amd64, , armv7, chosen] = stages.map(instructionsOf)
  for (const [stage, name] of [
    [amd64!, 'liftbin-source-amd64'],
    [armv7!, 'liftbin-source-arm-v7'],
  ] as const) {
    const copies = stage.filter(({ word }) => word === 'COPY').map(({ rest }) => copyMeaning(rest))
    assert.ok(copies.length > 0 && copies.every(({ from }) => from === name))
  }
  const config = (stage: typeof amd64) => stage!.flatMap(({ word }) => (/FROM|COPY/.test(word) ? [] : [word]))
  assert.deepEqual(config(amd64), ['LABEL', 'ENTRYPOINT'])
  assert.deepEqual(config(armv7), ['ENV', 'LABEL', 'ENTRYPOINT'])
  assert.equal(chosen?.length, 1)
})

test('a stage is called as builders call the platform, whatever its variant is written like', () => {
  const stageOf = (platform: string) => /^scratch AS (.*)$/.exec(lines([liftFor(platform)], 'FROM')[1]!)?.[1]
  assert.equal(stageOf('linux/arm64/v8'), 'liftbin-arm64')
  assert.equal(stageOf('linux/amd64/v1'), 'liftbin-amd64')
  assert.equal(stageOf('linux/amd64/v3'), 'liftbin-amd64-v3')
  assert.equal(stageOf('linux/arm'), 'liftbin-arm-v7')
  assert.equal(stageOf('linux/arm/v6'), 'liftbin-arm-v6')
})

test('variants are asked for only where there are any', () => {
  const last = (...platforms: string[]) =>
    lines(
      platforms.map((one) => liftFor(one)),
      'FROM',
    ).at(-1)
  assert.equal(last('linux/amd64', 'linux/arm64/v8'), 'liftbin-$'.concat('{TARGETARCH}'))
  assert.match(last('linux/amd64', 'linux/arm/v6')!, /TARGETVARIANT:\+-\$TARGETVARIANT/)
})

test('an image for a lower variant is taken as what it is, for the platform that was asked for', () => {
  const old = arm('linux/arm/v5', '5')
  const lifts = [
    { ...old, platform: parsePlatform('linux/arm/v6') },
    { ...old, platform: parsePlatform('linux/arm/v7') },
  ]
  const image = `--platform=linux/arm/v5 debian@${digest('5')}`
  assert.deepEqual(lines(lifts, 'FROM').slice(0, 4), [
    `${image} AS liftbin-source-arm-v6`,
    'scratch AS liftbin-arm-v6',
    `${image} AS liftbin-source-arm-v7`,
    'scratch AS liftbin-arm-v7',
  ])
})

test('where no digest is known for one platform alone, the name of the image is taken', () => {
  const source: CopySource = { kind: 'image', from: 'app:1', pinned: false }
  assert.equal(
    lines([liftFor('linux/amd64', lsLift(), source)], 'FROM')[0],
    '--platform=linux/amd64 app:1 AS liftbin-source-amd64',
  )
})

test('what has to be loaded first is said of each platform, and then a build is for one alone', () => {
  const loaded = (name: string): CopySource => ({
    kind: 'image',
    from: name,
    pinned: false,
    madeBy: [['load', name]],
  })
  const text = emit([
    liftFor('linux/amd64', lsLift(), loaded('a:1')),
    liftFor('linux/arm64', lsLift(), loaded('b:1')),
  ])
  assert.match(text, /^# First: load a:1\n# First: load b:1\n# Build for one: /m)
  assert.doesNotMatch(text, /Build for all/)
})

test('too many files for one image are copied through helper stages, of each platform its own', () => {
  const files = Array.from({ length: 200 }, (_, index) => copyOf(`/d${index}/lib.so`))
  const lifts = ['linux/amd64', 'linux/arm/v7'].map((one) => liftFor(one, liftOf({ copies: files })))
  const names = lines(lifts, 'FROM').flatMap((from) => / AS (.*)$/.exec(from)?.[1] ?? [])
  assert.equal(new Set(names).size, names.length)
  for (const suffix of ['amd64', 'arm-v7']) {
    const text = emit(lifts)
    const part = text.slice(text.indexOf(`FROM scratch AS liftbin-${suffix}\n`))
    const copies = instructionsOf(part).slice(1, 4)
    assert.deepEqual(
      copies.map(({ rest }) => copyMeaning(rest).from),
      [1, 2, 3].map((index) => `liftbin-files-${suffix}-${index}`),
    )
  }
})

test('with a stage all is copied from that, for the end of a Dockerfile', () => {
  const lifts = [liftFor('linux/amd64'), arm('linux/arm/v7', '7')]
  matchesGolden('ls-platforms-stage.Dockerfile', emit(lifts, { stage: 'build' }))
  const froms = lines(lifts, 'COPY', { stage: 'build' }).map((rest) => copyMeaning(rest).from)
  assert.deepEqual([...new Set(froms)], ['build'])
})

test('TARGETARCH is not declared: the oldest BuildKit would take it for empty', () => {
  assert.deepEqual(lines([liftFor('linux/amd64'), liftFor('linux/arm64')], 'ARG'), [])
})

test('a build context is for one platform, unless all is copied from a stage', () => {
  const lifts = [liftFor('linux/amd64', lsLift(), { kind: 'context' })]
  assert.throws(() => emit(lifts), { code: 'usage', message: /build context/ })
  assert.match(emit(lifts, { stage: 'build' }), /^COPY --from=build /m)
})

test('two lifts for what a builder takes for one platform, or none at all, are refused', () => {
  const twice = [liftFor('linux/arm64'), liftFor('linux/arm64/v8')]
  assert.throws(() => emit(twice), { code: 'usage', message: /linux\/arm64/ })
  assert.throws(() => emit([]), { code: 'usage' })
})

test('a platform or name that would end the line it stands in is refused or spelled out', () => {
  const good = liftFor('linux/amd64')
  const evil = { os: 'linux', architecture: 'x\nRUN evil' }
  assert.throws(() => emit([{ ...good, platform: evil }]), { code: 'usage' })
  assert.throws(() => emit([{ ...good, platform: { os: 'freebsd', architecture: 'amd64' } }]), {
    code: 'usage',
  })
  const image = { ...good.lift.image, platform: evil }
  assert.throws(() => emit([{ ...good, lift: { ...good.lift, image } }]), { code: 'usage' })
  const from: CopySource = { kind: 'image', from: 'a', pinned: false, ofPlatform: 'a\nRUN evil' }
  assert.throws(() => emit([liftFor('linux/amd64', lsLift(), from)]), { code: 'usage' })
  const named = liftOf({ programs: [programOf('/x\nRUN evil' as RootPath)] })
  const text = emit([
    {
      ...good,
      lift: { ...named, image: { ...named.image, reference: 'registry:a\nRUN evil', digest: 'b\nRUN evil' } },
    },
  ])
  assert.deepEqual(
    instructionsOf(text).filter(({ word }) => word === 'RUN'),
    [],
  )
})

test("each platform has the packages of its own files, in a stage of its own and in the reader's", () => {
  const status = '/var/lib/dpkg/status' as RootPath
  const withStatus = (platform: string, text: string) =>
    liftFor(
      platform,
      lsLift({ packages: [], generated: [{ path: status, bytes: Buffer.from(text), mode: 0o644 }] }),
    )
  // Lines that would end a stage, a file or the Dockerfile, were they instructions.
  const texts = { amd64: 'Package: a\n\nFROM scratch AS x\nEOF\n', s390x: 'Package: z\n' }
  const lifts = Object.entries(texts).map(([platform, text]) => withStatus(`linux/${platform}`, text))
  for (const options of [{}, { stage: 'build' }]) {
    const parts = emit(lifts, options).split(/^FROM scratch AS liftbin-/m)
    assert.equal(parts.length, 3)
    for (const part of parts.slice(1)) {
      const platform = part.slice(0, part.indexOf('\n')) as keyof typeof texts
      assert.deepEqual(heredocsOf(part), { [status]: texts[platform] })
      assert.ok(part.indexOf('ENTRYPOINT') > part.lastIndexOf('\nEOF'))
    }
  }
})
