import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dockerfile } from '../../src/emit/dockerfile.js'
import type { EmitOptions } from '../../src/emit/emitter.js'
import type { LiftError } from '../../src/errors.js'
import { DEFAULT_PATH } from '../../src/image/config.js'
import type { Lift } from '../../src/lift/lift.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { copyMeaning, instructionsOf } from '../support/dockerfile-reader.js'
import { matchesGolden } from '../support/golden.js'
import { copyOf, liftOf, lsLift, programOf } from '../support/lift-literal.js'

const emit = (lift: Lift, options: EmitOptions = {}) => dockerfile.emit(lift, options)
const lines = (lift: Lift, word: string, options: EmitOptions = {}) =>
  instructionsOf(emit(lift, options))
    .filter((one) => one.word === word)
    .map((one) => one.rest)
const copies = (lift: Lift, options: EmitOptions = {}) => lines(lift, 'COPY', options).map(copyMeaning)
const many = (count: number, directory: (index: number) => string) =>
  Array.from({ length: count }, (_, index) =>
    copyOf(`${directory(index)}/lib${String(index).padStart(5, '0')}.so`),
  )

test('an image becomes a whole Dockerfile', () => matchesGolden('ls-image.Dockerfile', emit(lsLift())))

test('a directory becomes a Dockerfile that copies from the context', () => {
  const image = { reference: 'dir:/srv/my root', copySource: { kind: 'context' as const } }
  matchesGolden('ls-context.Dockerfile', emit(lsLift({ image })))
})

test('an image of an archive becomes a Dockerfile that says how its name comes to exist', () => {
  const from = 'liftbin-src:0123456789ab'
  const copySource = {
    kind: 'image' as const,
    from,
    pinned: false,
    madeBy: [
      ['docker', 'load', '-i', "/srv/it's one.tar"],
      ['docker', 'tag', `sha256:${'0'.repeat(64)}`, from],
    ],
  }
  const image = { reference: "docker-archive:/srv/it's one.tar", copySource }
  matchesGolden('ls-archive.Dockerfile', emit(lsLift({ image })))
})

test('the name of an archive cannot end the comment that it stands in', () => {
  const madeBy = [['docker', 'load', '-i', 'a\nRUN evil\u001b[2J']]
  const text = emit(lsLift({ image: { copySource: { kind: 'image', from: 'a:1', pinned: false, madeBy } } }))
  assert.ok(text.includes("# First: docker load -i 'a\\nRUN evil\\x1b[2J'\n"), text)
  assert.deepEqual(
    instructionsOf(text).filter(({ word }) => word === 'RUN'),
    [],
  )
})

test('a stage becomes a fragment without FROM', () => {
  const text = emit(lsLift(), { stage: 'build' })
  matchesGolden('ls-stage.Dockerfile', text)
  assert.deepEqual(lines(lsLift(), 'FROM', { stage: 'build' }), [])
})

test('the same lift in any order gives the same bytes', () => {
  const lift = lsLift()
  assert.equal(emit({ ...lift, copies: [...lift.copies].reverse() }), emit(lift))
})

test('the files of one directory share one COPY that ends in a slash', () => {
  assert.deepEqual(copies(liftOf({ copies: [copyOf('/lib/a.so'), copyOf('/lib/b.so')] })), [
    { from: 'liftbin-source', sources: ['/lib/a.so', '/lib/b.so'], destination: '/lib/' },
  ])
})

test('files of the root directory go to the root', () => {
  const [one] = copies(liftOf({ copies: [copyOf('/a'), copyOf('/b')] }))
  assert.equal(one?.destination, '/')
})

test('a file that changes its name has a COPY of its own', () => {
  const renamed = copyOf('/lib/b.so', { from: '/lib/b.so.1.2' })
  const meant = copies(liftOf({ copies: [copyOf('/lib/a.so'), renamed, copyOf('/lib/c.so')] }))
  assert.deepEqual(meant.map(({ sources }) => sources).sort(), [
    ['/lib/a.so', '/lib/c.so'],
    ['/lib/b.so.1.2'],
  ])
})

test('a link is copied under its own name from an image and from its physical path in a context', () => {
  const link = [copyOf('/lib/x.so.1', { realPath: '/usr/lib/x.so.1.2' })]
  const context = { copySource: { kind: 'context' as const } }
  assert.deepEqual(copies(liftOf({ copies: link }))[0]?.sources, ['/lib/x.so.1'])
  assert.deepEqual(copies(liftOf({ copies: link, image: context })), [
    { from: undefined, sources: ['/usr/lib/x.so.1.2'], destination: '/lib/x.so.1' },
  ])
})

test('a context lifted with a stage copies by the names that the stage knows', () => {
  const link = [copyOf('/lib/x.so.1', { realPath: '/usr/lib/x.so.1.2' })]
  const lift = liftOf({ copies: link, image: { copySource: { kind: 'context' } } })
  assert.deepEqual(copies(lift, { stage: 'build' })[0], {
    from: 'build',
    sources: ['/lib/x.so.1'],
    destination: '/lib/x.so.1',
  })
})

test('a source with a wildcard is written by its physical path', () => {
  const copy = copyOf('/lib/m/x[1].so', { realPath: '/usr/lib/m/x[1].so' })
  assert.deepEqual(copies(liftOf({ copies: [copy] }))[0], {
    from: 'liftbin-source',
    sources: ['/usr/lib/m/x[1].so'],
    destination: '/lib/m/x[1].so',
  })
})

test('a COPY has at most ten sources', () => {
  const meant = copies(liftOf({ copies: many(95, () => '/lib') }))
  assert.equal(meant.length, 10)
  assert.ok(meant.every(({ sources, destination }) => sources.length <= 10 && destination === '/lib/'))
})

test('a file left over by the ones before has its own name as destination', () => {
  assert.equal(copies(liftOf({ copies: many(11, () => '/lib') })).at(-1)?.destination, '/lib/lib00010.so')
})

test('500 files of one directory are all copied once', () => {
  const files = many(500, () => '/lib')
  const meant = copies(liftOf({ copies: files }))
  assert.deepEqual(
    meant.flatMap(({ sources }) => sources),
    files.map((file) => file.to),
  )
})

test('a place is written once', () => {
  const meant = copies(liftOf({ copies: [copyOf('/lib/a'), copyOf('/lib/a'), copyOf('/lib/b')] }))
  assert.deepEqual(meant[0]?.sources, ['/lib/a', '/lib/b'])
})

test('the loader comes first and the program last, and whole directories before both', () => {
  const meant = copies(
    liftOf({
      copies: [
        copyOf('/a/program', { role: 'program' }),
        copyOf('/b/script', { role: 'script' }),
        copyOf('/c/data', { role: 'data' }),
        copyOf('/d/library'),
        copyOf('/e/loader', { role: 'loader' }),
        copyOf('/f', { role: 'data', kind: 'directory' }),
      ],
    }),
  )
  const order = meant.map(({ sources }) => sources[0])
  assert.deepEqual(order, ['/f', '/e/loader', '/d/library', '/c/data', '/b/script', '/a/program'])
})

test('a whole directory is copied to a destination that is a directory', () => {
  const copy = copyOf('/usr/share/zoneinfo', { kind: 'directory', role: 'data' })
  assert.equal(copies(liftOf({ copies: [copy] }))[0]?.destination, '/usr/share/zoneinfo/')
})

test('no stage has more layers than an image may have', () => {
  const files = many(1000, (index) => `/d${index}`)
  const lift = liftOf({ copies: files })
  const perStage = new Map<number, number>()
  let stage = 0
  for (const { word } of instructionsOf(emit(lift))) {
    if (word === 'FROM') stage++
    if (word === 'COPY') perStage.set(stage, (perStage.get(stage) ?? 0) + 1)
  }
  assert.ok(Math.max(...perStage.values()) <= 100, String([...perStage]))
  const helpers = lines(lift, 'FROM').flatMap((from) => /AS (liftbin-files-\d+)/.exec(from)?.[1] ?? [])
  const last = copies(lift).filter(({ destination }) => destination === '/')
  assert.deepEqual(
    last.map(({ from, sources }) => [from, ...sources]),
    helpers.map((name) => [name, '/']),
  )
  const copied = copies(lift).flatMap(({ from, sources }) => (from === 'liftbin-source' ? sources : []))
  assert.deepEqual(copied.sort(), files.map((file) => file.to).sort())
})

test('a fragment with too many layers brings stages of its own', () => {
  const lift = liftOf({ copies: many(200, (index) => `/d${index}`) })
  assert.equal(lines(lift, 'FROM', { stage: 'build' }).at(-1), 'scratch')
})

test('more files than any Dockerfile can hold are refused', () => {
  const lift = liftOf({ copies: many(8101, (index) => `/d${index}`) })
  assert.throws(() => emit(lift), { code: 'limit' })
})

test('no physical line is longer than the builders read', () => {
  const name = '"'.repeat(250)
  const long = Array.from({ length: 15 }, () => name).join('/')
  const files = Array.from({ length: 30 }, (_, index) => copyOf(`/${long}/${index}`))
  for (const copies of [files, files.slice(0, 1)]) {
    for (const line of emit(liftOf({ copies })).split('\n')) assert.ok(Buffer.byteLength(line) < 60_000)
  }
})

test('directories that no file makes are made by WORKDIR, and the working directory is set back', () => {
  const lift = liftOf({
    copies: [copyOf('/usr/lib/a.so')],
    directories: ['/usr', '/opt/x', '/opt/x/bin', '/usr/lib'],
  })
  assert.deepEqual(lines(lift, 'WORKDIR'), ['/opt/x/bin', '/'])
  assert.deepEqual(lines({ ...lift, image: { ...lift.image, workingDir: '/srv/a b' } }, 'WORKDIR'), [
    '/opt/x/bin',
    '"/srv/a b"',
  ])
})

test('WORKDIR comes before USER', () => {
  const words = instructionsOf(emit(lsLift(), { user: '1000:1000', workdir: '/srv' })).map(({ word }) => word)
  assert.ok(words.indexOf('WORKDIR') < words.indexOf('USER'))
})

test('a working directory is escaped, and left out with a comment where it cannot be written', () => {
  assert.deepEqual(lines(liftOf({ image: { workingDir: '/a$b"c' } }), 'WORKDIR'), [String.raw`"/a\$b\"c"`])
  const broken = liftOf({ image: { workingDir: '/a\nRUN x' } })
  assert.deepEqual(lines(broken, 'WORKDIR'), [])
  assert.match(emit(broken), /^# WORKDIR \/a\\nRUN x is left out/m)
})

test("the image's user is a comment unless one is asked for", () => {
  const lift = lsLift({ image: { user: '65534' } })
  assert.deepEqual(lines(lift, 'USER'), [])
  assert.match(emit(lift), /^# USER 65534 /m)
  assert.deepEqual(lines(lift, 'USER', { user: '1000:1001' }), ['1000:1001'])
  assert.doesNotMatch(emit(lift, { user: '1000' }), /# USER/)
})

test("Docker's default PATH is not repeated, any other is", () => {
  assert.deepEqual(lines(lsLift({ image: { env: [`PATH=${DEFAULT_PATH}`] } }), 'ENV'), [])
  assert.deepEqual(lines(lsLift({ image: { env: ['PATH=/opt/bin:/bin'] } }), 'ENV'), ['PATH="/opt/bin:/bin"'])
})

test('ENV asked for replaces the value of the image', () => {
  const lift = lsLift({ image: { env: ['A=1', 'LD_LIBRARY_PATH=/x'] } })
  assert.deepEqual(lines(lift, 'ENV', { env: ['A=2', 'B=$x'] }), [
    'A="2"',
    'LD_LIBRARY_PATH="/x"',
    'B="\\$x"',
  ])
})

test('ENV of the image with a line break is left out with a comment', () => {
  const lift = lsLift({ image: { env: ['LD_PRELOAD=a\nRUN x'] } })
  assert.deepEqual(lines(lift, 'ENV'), [])
  assert.match(emit(lift), /^# ENV LD_PRELOAD is left out/m)
})

test('the name of an ENV cannot bring an instruction of its own', () => {
  const lift = lsLift({ image: { env: ['A\nRUN x=1'] } })
  assert.deepEqual(lines(lift, 'RUN'), [])
})

test('labels are written with both sides quoted', () => {
  assert.deepEqual(lines(lsLift(), 'LABEL', { labels: ['a b="c"'] }), [String.raw`"a b"="\"c\""`])
})

test('the entrypoint is the first program in exec form', () => {
  const lift = liftOf({
    programs: [programOf('/a', { command: ['/bin/sh', '-e', '/a "$x"\n'] }), programOf('/b')],
  })
  assert.deepEqual(lines(lift, 'ENTRYPOINT'), [String.raw`["/bin/sh", "-e", "/a \"$x\"\n"]`])
})

test('a library has no entrypoint', () => {
  assert.deepEqual(
    lines(liftOf({ programs: [programOf('/lib/a.so', { kind: 'library' })] }), 'ENTRYPOINT'),
    [],
  )
})

test('entrypoint and command asked for are taken', () => {
  const options = { entrypoint: ['/bin/x'], cmd: ['--help'] }
  assert.deepEqual(lines(lsLift(), 'ENTRYPOINT', options), ['["/bin/x"]'])
  assert.deepEqual(lines(lsLift(), 'CMD', options), ['["--help"]'])
})

test('ENTRYPOINT and CMD go on with the words that the image starts the program with', () => {
  const startedWith = { entrypoint: ['-a'], cmd: ['b'] }
  const lift = liftOf({ programs: [programOf('/bin/x', { startedWith })] })
  assert.deepEqual(lines(lift, 'ENTRYPOINT'), ['["/bin/x", "-a"]'])
  assert.deepEqual(lines(lift, 'CMD'), ['["b"]'])
  assert.deepEqual(lines(lift, 'CMD', { entrypoint: ['/bin/y'] }), [])
  assert.deepEqual(lines(lift, 'CMD', { cmd: ['c'] }), ['["c"]'])
})

test('an option that no Dockerfile can write is wrong usage', () => {
  const wrong: EmitOptions[] = [
    { user: 'a b' },
    { user: '1\nRUN x' },
    { workdir: '/a\nb' },
    { env: ['A'] },
    { env: ['A=\n'] },
    { env: ['A B=1'] },
    { labels: ['a'] },
    { labels: ['=x'] },
    { labels: ['a=\n'] },
    { stage: 'a b' },
    { stage: '' },
    { stage: '-x' },
    { stage: 'a\nRUN x' },
  ]
  for (const options of wrong) {
    assert.throws(
      () => emit(lsLift(), options),
      (error: LiftError) => error.code === 'usage' && !error.message.includes('\n'),
      JSON.stringify(options),
    )
  }
})

test('an image name that would end the FROM line is refused', () => {
  const image = { copySource: { kind: 'image' as const, from: 'a\nRUN x', pinned: false } }
  assert.throws(() => emit(lsLift({ image })), { code: 'usage' })
})

test('a registry with a port and a numeric address may be named', () => {
  const from = '[::1]:5000/a/b:c@sha256:00'
  const image = { copySource: { kind: 'image' as const, from, pinned: true } }
  assert.equal(lines(lsLift({ image }), 'FROM')[0], `${from} AS liftbin-source`)
})

test('comments take no line break from a name', () => {
  const path = '/x\nRUN evil' as RootPath
  const lift = liftOf({
    image: { reference: 'dir:/\nRUN evil', user: 'u\nRUN evil' },
    programs: [programOf(path, { libraries: ['/l.so'] })],
    copies: [copyOf('/l.so')],
  })
  assert.deepEqual(lines(lift, 'RUN'), [])
})

test('only instructions and flags that the oldest builder knows are used', () => {
  const lift = liftOf({
    copies: [...many(300, (index) => `/d${index}`), copyOf('/usr/share/x', { kind: 'directory' })],
    directories: ['/none'],
  })
  const text = emit(lift, { user: '1', env: ['A=1'], labels: ['a=b'], entrypoint: ['/x'], cmd: ['y'] })
  const words = new Set(instructionsOf(text).map(({ word }) => word))
  assert.deepEqual([...words].sort(), [
    'CMD',
    'COPY',
    'ENTRYPOINT',
    'ENV',
    'FROM',
    'LABEL',
    'USER',
    'WORKDIR',
  ])
  assert.doesNotMatch(text, /--(chmod|chown|link|parents|exclude)|^#\s*\w+\s*=/m)
})

test('each group says why it is there', () => {
  const text = emit(lsLift())
  assert.match(text, /^# the loader of \/usr\/bin\/ls$/m)
  assert.match(text, /^# 3 libraries of \/usr\/bin\/ls, found in ld\.so\.cache$/m)
  assert.match(text, /^# the program$/m)
})

test('a loader is said to be there for the programs that were asked for, not for modules that are along', () => {
  const plain = lsLift()
  const entries = plain.entries.map((entry) => {
    if (entry.role !== 'loader') return entry
    const module = { neededBy: '/usr/lib/a-module.so', name: entry.path, rule: 'interpreter' } as const
    return { ...entry, why: [module, ...entry.why] }
  })
  assert.match(emit(lsLift({ entries })), /^# the loader of \/usr\/bin\/ls$/m)
})
