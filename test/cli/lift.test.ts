import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/cli/program.js'
import type { ErrorCode, Finding } from '../../src/index.js'
import { LiftError } from '../../src/index.js'
import { finding } from '../../src/lift/finding.js'
import { contextOf, runCli, transcript } from '../support/cli.js'
import { matchesGolden } from '../support/golden.js'
import { copyOf, liftOf, lsLift, programOf } from '../support/lift-literal.js'

const missing = finding({
  kind: 'library-missing',
  name: 'liblost.so.1',
  neededBy: '/usr/bin/ls',
  attempts: [{ rule: 'default', path: '/lib/liblost.so.1', outcome: 'absent' }],
})
const note = finding({ kind: 'unpinned', from: 'debian:bookworm' })
const warning = finding({ kind: 'not-executable', program: '/usr/bin/ls' })

function inDirectory(use: (directory: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), 'liftbin-'))
    try {
      await use(directory)
    } finally {
      rmSync(directory, { recursive: true })
    }
  }
}

test('a lift without faults', async () => {
  const argv = ['docker:debian:bookworm', 'ls']
  matchesGolden(
    'lift-ls.txt',
    transcript(argv, await runCli(argv, { lift: lsLift({ image: { size: 1_234_567 } }) })),
  )
})

test('a lift with faults', async () => {
  const argv = ['docker:debian:bookworm', 'ls']
  const lift = lsLift({ findings: [note, missing, warning] })
  matchesGolden('lift-faults.txt', transcript(argv, await runCli(argv, { lift })))
})

test('a fragment names no image, so nothing is said of a digest', async () => {
  const lift = lsLift({ findings: [note, warning] })
  const { err } = await runCli(['debian:bookworm', 'ls', '--stage', 'build'], { lift })
  assert.ok(err.includes(warning.message))
  assert.ok(!err.includes(note.message), err)
})

test('an image that is not there', async () => {
  const argv = ['docker:nowhere', 'ls']
  const refusal = new LiftError('image-not-found', 'the Docker engine has no image nowhere', {
    hint: 'docker pull nowhere',
  })
  matchesGolden('lift-no-image.txt', transcript(argv, await runCli(argv, { refusal })))
})

test('stdout is the answer alone, whatever is said beside it', async () => {
  const plain = await runCli(['dir:/', 'ls', '-f', 'json', '-q'])
  const wordy = await runCli(['dir:/', 'ls', '-f', 'json', '-v'], { steps: ['one'], terminal: true })
  assert.equal(wordy.out, plain.out)
  JSON.parse(plain.out)
})

test('an error finding is exit 1, and the answer is given all the same', async () => {
  const { status, out } = await runCli(['dir:/', 'ls'], { lift: lsLift({ findings: [missing] }) })
  assert.equal(status, 1)
  assert.match(out, /^FROM scratch$/m)
})

test('--ldd lets the library ask the loader; nothing else does', async () => {
  for (const [argv, ldd] of [
    [['dir:/', 'ls'], undefined],
    [['dir:/', 'ls', '--ldd'], 'where-missing'],
    [['why', 'dir:/', 'ls', 'libc.so.6', '--ldd'], 'where-missing'],
    [['audit', 'dir:/', 'ls'], undefined],
    [['audit', 'dir:/', '--ldd', 'ls'], 'where-missing'],
  ] as const) {
    const { calls } = await runCli(argv)
    const asked = calls.find((call) => call.to === 'lift' || call.to === 'audit')
    assert.equal(asked !== undefined && 'binaries' in asked ? asked.options.ldd : 'not asked', ldd)
  }
})

test('a missing library suggests --ldd unless it was given or nothing but errors is wanted', async () => {
  const lift = lsLift({ findings: [missing] })
  assert.match((await runCli(['dir:/', 'ls'], { lift })).err, /With --ldd/)
  assert.doesNotMatch((await runCli(['dir:/', 'ls', '--ldd'], { lift })).err, /With --ldd/)
  assert.doesNotMatch((await runCli(['dir:/', 'ls', '-q'], { lift })).err, /With --ldd/)
  assert.doesNotMatch((await runCli(['dir:/', 'ls'])).err, /With --ldd/)
})

test('warnings and notes are exit 0', async () => {
  assert.equal((await runCli(['dir:/', 'ls'], { lift: lsLift({ findings: [warning, note] }) })).status, 0)
})

test('each error without an answer has its exit status', async () => {
  const statuses: Partial<Record<ErrorCode, number>> = {
    usage: 2,
    'image-not-found': 3,
    'engine-denied': 3,
    'file-not-found': 3,
    'not-elf': 3,
    output: 3,
    interrupted: 130,
  }
  for (const [code, expected] of Object.entries(statuses)) {
    const { status, out, err } = await runCli(['dir:/', 'ls'], {
      lift: new LiftError(code as ErrorCode, 'words'),
    })
    assert.deepEqual([status, out], [expected, ''], code)
    assert.match(err, /words/)
  }
})

test('an error that nobody expected is called a bug, with a stack only when asked', async () => {
  const lift = new TypeError('x is not a function')
  const short = await runCli(['dir:/', 'ls'], { lift })
  const long = await runCli(['dir:/', 'ls', '--verbose'], { lift })
  assert.deepEqual([short.status, short.out], [3, ''])
  assert.match(short.err, /x is not a function\n.*bug in liftbin/)
  assert.doesNotMatch(short.err, /lift\.test/)
  assert.match(long.err, /lift\.test/)
})

test('the image is closed once, also when the lift fails', async () => {
  for (const lift of [lsLift(), new LiftError('not-elf', 'x'), new Error('x')]) {
    const { calls } = await runCli(['dir:/', 'ls'], { lift })
    assert.deepEqual(
      calls.map(({ to }) => to),
      ['openImage', 'lift', 'dispose'],
    )
  }
})

test('the options reach the library', async () => {
  const { calls } = await runCli(['dir:/', 'ls', 'cat', '--include', '/a', '--include', '/b*'])
  const [, lift] = calls
  assert.ok(lift?.to === 'lift')
  assert.deepEqual(lift.binaries, ['ls', 'cat'])
  assert.deepEqual(lift.options.include, ['/a', '/b*'])
})

test('without a binary, something to include has to be named before an image is opened', async () => {
  const shared = await runCli(['dir:/', '--include', '/a'], { lift: liftOf({ copies: [copyOf('/a')] }) })
  assert.equal(shared.status, 0)
  assert.match(shared.err, /^1 file, 1\.0 kB/m)
  for (const argv of [['dir:/'], ['build', 'dir:/', '--to', 'tar:-']]) {
    const { status, out, err, calls } = await runCli(argv)
    assert.deepEqual([status, out, calls], [2, '', []])
    assert.match(err, /neither a binary nor --include.*\n.*--include PATH/)
  }
})

test('what a trace tells reaches the library, whichever command lifts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  try {
    const files = ['a', 'b'].map((name) => join(folder, name))
    writeFileSync(files[0]!, 'open("/etc/a", O_RDONLY) = 3\n')
    writeFileSync(files[1]!, '      1:\tcalling init: /b.so\n')
    const options = files.flatMap((file) => ['--trace', file])
    for (const command of ['lift', 'verify']) {
      const { calls } = await runCli([command, 'dir:/', 'ls', ...options])
      const call = calls.find(({ to }) => to === command)
      assert.ok(call?.to === 'lift' || call?.to === 'verify')
      assert.deepEqual(call.options.traces, [
        { observed: [{ path: '/etc/a', how: 'read' }], unclear: 0 },
        { observed: [{ path: '/b.so', how: 'read' }], unclear: 0 },
      ])
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a trace that cannot be read, or is none, is wrong usage before an image is opened', async () => {
  for (const file of ['/nowhere/trace', fileURLToPath(import.meta.url), '/']) {
    const { status, out, err, calls } = await runCli(['dir:/', 'ls', '--trace', file])
    assert.deepEqual([status, out, calls], [2, '', []], file)
    assert.ok(err.includes(file), err)
  }
  const twice = await runCli(['dir:/', 'ls', '--trace', '-', '--trace', '-'])
  assert.deepEqual([twice.status, twice.calls], [2, []])
})

test('--verbose says where a missing library was looked for', async () => {
  const { err } = await runCli(['dir:/', 'ls', '-v'], { lift: lsLift({ findings: [missing] }) })
  assert.match(err, /^ {2}default: \/lib\/liblost\.so\.1 absent$/m)
})

test('the lines of the new image are those asked for', async () => {
  const { out } = await runCli([
    'dir:/',
    'ls',
    '--entrypoint',
    '["/bin/a b"]',
    '--cmd',
    'x  y',
    '--user',
    '1000',
    '--workdir',
    '/srv',
    '--env',
    'A=1',
    '--env',
    'B=2',
    '--label',
    'a=b',
  ])
  const tail = out.slice(out.indexOf('ENV')).trimEnd().split('\n')
  assert.deepEqual(tail, [
    'ENV A="1"',
    'ENV B="2"',
    'LABEL "a"="b"',
    'WORKDIR /srv',
    'USER 1000',
    'ENTRYPOINT ["/bin/a b"]',
    'CMD ["x", "y"]',
  ])
})

test('--stage gives a fragment', async () => {
  const { out } = await runCli(['dir:/', 'ls', '--stage', 'build'])
  assert.match(out, /^COPY --from=build /m)
  assert.doesNotMatch(out, /^FROM/m)
})

test(
  '-o writes the file and nothing to stdout',
  inDirectory(async (directory) => {
    const file = join(directory, 'Dockerfile')
    const { out } = await runCli(['dir:/', 'ls'])
    const ran = await runCli(['dir:/', 'ls', '-o', file])
    assert.deepEqual([ran.status, ran.out], [0, ''])
    assert.equal(readFileSync(file, 'utf8'), out)
    assert.deepEqual(readdirSync(directory), ['Dockerfile'])
  }),
)

test(
  'an answer with faults is written to the file too',
  inDirectory(async (directory) => {
    const file = join(directory, 'Dockerfile')
    const { status } = await runCli(['dir:/', 'ls', '-o', file], { lift: lsLift({ findings: [missing] }) })
    assert.equal(status, 1)
    assert.ok(existsSync(file))
  }),
)

test(
  'without an answer the file is not touched',
  inDirectory(async (directory) => {
    const file = join(directory, 'Dockerfile')
    writeFileSync(file, 'earlier')
    await runCli(['dir:/', 'ls', '-o', file], { lift: new LiftError('not-elf', 'x') })
    assert.equal(readFileSync(file, 'utf8'), 'earlier')
    await runCli(['dir:/', 'ls', '-o', `${file}2`], { lift: new LiftError('not-elf', 'x') })
    assert.deepEqual(readdirSync(directory), ['Dockerfile'])
  }),
)

test('an output that cannot be written is said before any work', async () => {
  const { status, err, calls } = await runCli(['dir:/', 'ls', '-o', '/nowhere/at/all'])
  assert.deepEqual([status, calls], [3, []])
  assert.match(err, /cannot write \/nowhere\/at\/all/)
})

test('after an interruption nothing is written', async () => {
  const { status, out, err } = await runCli(['dir:/', 'ls'], { signal: AbortSignal.abort() })
  assert.deepEqual([status, out, err], [130, '', 'liftbin: interrupted\n'])
})

test('an interruption is no bug, whatever error it causes', async () => {
  const { status, err } = await runCli(['dir:/', 'ls'], {
    signal: AbortSignal.abort(),
    refusal: new Error('aborted'),
  })
  assert.deepEqual([status, err], [130, 'liftbin: interrupted\n'])
})

test('a reader of stdout that has gone away is no error', async () => {
  const outError = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  const { status, err } = await runCli(['dir:/', 'ls', '-q'], { outError })
  assert.deepEqual([status, err], [0, ''])
})

test('a full disk behind stdout is no answer', async () => {
  const outError = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  const { status, err } = await runCli(['dir:/', 'ls', '-q'], { outError })
  assert.equal(status, 3)
  assert.match(err, /cannot write to stdout: no space left on device\n/)
})

test('names from the image cannot steer the terminal', async () => {
  const name = '/\u001b[2J\u009b\u202e\nliftbin: fine'
  const findings: Finding[] = [finding({ kind: 'not-executable', program: name })]
  const lift = liftOf({ programs: [programOf(name, { interpreter: name, machine: name })], findings })
  for (const answers of [
    { lift },
    { lift: new LiftError('not-elf', name, { hint: name }) },
    { lift: new Error(name) },
  ]) {
    const { err } = await runCli(['dir:/', 'ls'], answers)
    assert.doesNotMatch(err, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    assert.doesNotMatch(err, /^liftbin: fine/m)
  }
})

test('colour is for a terminal that wants it', async () => {
  const lift = lsLift({ findings: [missing] })
  const coloured = async (argv: string[], terminal: boolean, env = {}) =>
    (await runCli(['dir:/', 'ls', ...argv], { lift, terminal, env })).err.includes('\u001b[31m')
  assert.equal(await coloured([], true), true)
  assert.equal(await coloured([], false), false)
  assert.equal(await coloured(['--no-color'], true), false)
  assert.equal(await coloured([], true, { NO_COLOR: '1' }), false)
  assert.equal(await coloured([], true, { TERM: 'dumb' }), false)
})

test('the Dockerfile has no colour even on a terminal', async () => {
  assert.ok(!(await runCli(['dir:/', 'ls'], { terminal: true })).out.includes('\u001b'))
})

test('--quiet leaves the errors alone', async () => {
  const lift = lsLift({ findings: [note, warning, missing] })
  const { err } = await runCli(['dir:/', 'ls', '--quiet'], { lift })
  assert.deepEqual(err.trimEnd().split('\n').length, 1)
  assert.match(err, /^error: liblost/)
})

test('many findings and programs fit one screen unless all are asked for', async () => {
  const programs = Array.from({ length: 60 }, (_, index) => programOf(`/usr/bin/p${index}`))
  const findings = programs.map(({ path }) => finding({ kind: 'not-executable', program: path }))
  const lift = liftOf({ programs, findings, copies: programs.map(({ path }) => copyOf(path)) })
  const lines = async (argv: string[]) =>
    (await runCli(['dir:/', 'x', ...argv], { lift })).err.split('\n').length
  assert.ok((await lines([])) <= 40)
  assert.ok((await lines(['--verbose'])) > 120)
})

test('steps are told in lines only where nobody watches and --verbose asks', async () => {
  const answers = { steps: ['creating \u001b a container'] }
  assert.match((await runCli(['dir:/', 'ls', '-v'], answers)).err, /^liftbin: creating \\x1b a container\n/)
  for (const argv of [[], ['-q'], ['-v', '--no-progress']]) {
    assert.doesNotMatch((await runCli(['dir:/', 'ls', ...argv], answers)).err, /creating/)
  }
})

test('a directory that is copied whole is told apart from the files, whose sizes are known', async () => {
  const directory = copyOf('/etc/ssl', { kind: 'directory', size: 0 })
  const lift = liftOf({ copies: [copyOf('/x'), copyOf('/y'), directory] })
  const { err } = await runCli(['lift', 'dir:/', '/x'], { lift })
  assert.match(err, /^2 files, 2\.0 kB; and 1 whole directory$/m)
})

test('all of the library is loaded where a lift needs more of it than plain ones from a directory do', async () => {
  const loadsAll = async (reference: string, ...options: string[]) => {
    const { context } = contextOf({ lift: lsLift() })
    let isWhole = false
    const wholeDoor = async () => {
      isWhole = true
      return context.wholeDoor()
    }
    assert.equal(await run(['lift', reference, 'ls', ...options], { ...context, wholeDoor }), 0)
    return isWhole
  }
  assert.equal(await loadsAll('dir:/root'), false)
  assert.equal(await loadsAll('dir:/root', '--stage', 'x', '--quiet'), false)
  for (const reference of ['docker:debian', 'debian', 'oci-dir:images'])
    assert.equal(await loadsAll(reference), true, reference)
  for (const options of [['--packages'], ['--verbose'], ['--needs', 'none'], ['--format', 'json']])
    assert.equal(await loadsAll('dir:/root', ...options), true, options.join(' '))
})
