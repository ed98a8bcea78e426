import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TreeEntry } from '../../src/lift/tree.js'
import { openImage } from '../../src/source/index.js'
import type { Verification } from '../../src/verify/verification.js'
import { type VerifyOptions, verify } from '../../src/verify/verify.js'
import { CLI, docker, liftbin, must, run } from './surroundings.js'
import { makeRoot, type Spare } from './verify-root.js'

let folder = ''
let directory = ''
let spare: Spare
const IMAGE = `liftbin-e2e/verify-${randomBytes(4).toString('hex')}:latest`

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-e2e-verify-'))
  chmodSync(folder, 0o755)
  directory = join(folder, 'root')
  spare = makeRoot(folder, directory)
  const tar = join(folder, 'root.tar')
  must('tar', [
    '--numeric-owner',
    '--owner=0',
    '--group=0',
    '--xattrs',
    '--xattrs-include=*',
    '-C',
    directory,
    '-cf',
    tar,
    '.',
  ])
  const { status, stderr } = docker(['import', '-c', 'ENV FROM=image', tar, IMAGE])
  assert.equal(status, 0, stderr)
})

after(() => {
  rmSync(folder, { recursive: true, force: true })
})

const RUNNERS = ['docker', 'namespace', 'bubblewrap'] as const
type RunnerName = (typeof RUNNERS)[number]

async function verified(
  runner: RunnerName,
  args: readonly string[],
  options: VerifyOptions & { readonly program?: string } = {},
): Promise<Verification> {
  const { program = '/opt/app/prog', ...rest } = options
  await using image = await openImage(`docker:${IMAGE}`)
  return await verify(image, [program], { runner, cases: [{ args }], timeout: 20, ...rest })
}

function verdictsOf({ cases }: Verification) {
  return cases.map(({ verdict, differences, hints }) => ({
    verdict,
    in: differences.map(({ what }) => what),
    hints: hints.map(({ path }) => path),
  }))
}

const SAME = [{ verdict: 'same', in: [], hints: [] }]

const without = (path: string) => (tree: readonly TreeEntry[]) =>
  tree.filter(({ entry }) => entry.path !== path && !entry.path.startsWith(`${path}/`))

const replaced = (path: string, file: string) => (tree: readonly TreeEntry[]) =>
  tree.map((one): TreeEntry => {
    if (one.entry.path !== path) return one
    const { mtime: _, ...rest } = one.entry
    const bytes = readFileSync(file)
    return {
      role: one.role,
      bytes,
      entry: { ...rest, kind: 'file', mode: 0o755, size: bytes.length, identity: path },
    }
  })

for (const runner of RUNNERS) {
  test(`a missing plugin is found, and the option that brings it (${runner})`, async () => {
    const include = ['/opt/app/plugin.so']
    assert.deepEqual(verdictsOf(await verified(runner, ['plugin'], { include })), SAME)
    assert.deepEqual(verdictsOf(await verified(runner, ['plugin'])), [
      { verdict: 'differs', in: ['end', 'stdout', 'stderr'], hints: include },
    ])
  })

  test(`another version of a library is found (${runner})`, async () => {
    const change = replaced('/lib/libone.so.1', spare.library)
    const { cases } = await verified(runner, ['library'], { change })
    assert.deepEqual(cases[0]?.differences, [
      { what: 'stdout', line: 1, expected: 'library 1\n', actual: 'library 2\n' },
    ])
  })

  test(`a library that is not there is found (${runner})`, async () => {
    const { cases } = await verified(runner, ['library'], { change: without('/lib/libone.so.1') })
    assert.equal(cases[0]?.verdict, 'differs')
    assert.deepEqual(
      cases[0].hints.map(({ path }) => path),
      ['/lib/libone.so.1'],
    )
  })

  test(`a missing locale is found, and the option that brings it (${runner})`, async () => {
    const include = ['/usr/lib/locale']
    assert.deepEqual(verdictsOf(await verified(runner, ['locale'], { include })), SAME)
    assert.deepEqual(verdictsOf(await verified(runner, ['locale'])), [
      { verdict: 'differs', in: ['stdout'], hints: include },
    ])
  })

  test(`a program keeps the name it is asked by, and another one is found (${runner})`, async () => {
    const program = '/opt/app/alias'
    const kept = await verified(runner, ['name'], { program })
    assert.deepEqual(verdictsOf(kept), SAME)
    assert.equal(kept.cases[0]?.lifted.stdout.text, '/opt/app/alias\n')
    const change = replaced('/opt/app/alias', spare.otherName)
    const { cases } = await verified(runner, ['name'], { program, change })
    assert.deepEqual(cases[0]?.differences, [
      { what: 'stdout', line: 1, expected: '/opt/app/alias\n', actual: '/opt/app/prog\n' },
    ])
  })

  test(`input, environment, directory and exit code are the same in both (${runner})`, async () => {
    const given = { env: { FROM: 'case' }, workdir: '/tmp' }
    const cases = [
      { args: ['read', '3'], stdin: 'SOME\nTEXT' },
      { args: ['surroundings'], ...given },
      { args: ['surroundings'] },
    ]
    const verification = await verified(runner, [], { cases, include: ['/etc/passwd', '/tmp'] })
    assert.deepEqual(verdictsOf(verification), [...SAME, ...SAME, ...SAME])
    const [read, placed, usual] = verification.cases
    assert.deepEqual([read!.lifted.end, read!.lifted.stdout.text], [{ kind: 'exit', code: 3 }, 'some*text'])
    assert.match(placed!.lifted.stdout.text, /host verify home \/opt here \/tmp$/m)
    assert.match(usual!.lifted.stdout.text, /here \/$/m)
  })

  test(`what a program writes changes nothing that is run later (${runner})`, async () => {
    const cases = [{ args: ['write'] }, { args: ['write'] }]
    const verification = await verified(runner, [], { cases })
    assert.equal(verification.verdict, 'same')
    assert.deepEqual(readdirSync(directory).includes('written'), false)
  })

  test(`what still runs at the time limit proves nothing unless it may, and is ended (${runner})`, async () => {
    const timed = { cases: [{ args: ['sleep'], timeout: 1.5, user: '1234' }] }
    const { cases, verdict } = await verified(runner, [], timed)
    assert.deepEqual(
      [verdict, cases[0]!.lifted.end.kind, cases[0]!.lifted.stdout.text],
      ['inconclusive', 'time-out', 'up\n'],
    )
    assert.equal((await verified(runner, [], { ...timed, timeouts: 'same' })).verdict, 'same')
    assert.deepEqual(sleepers(), [])
  })

  test(`output without end is not waited for (${runner})`, async () => {
    const { cases } = await verified(runner, ['flood'])
    assert.deepEqual([cases[0]?.verdict, cases[0]?.lifted.end.kind], ['inconclusive', 'too much output'])
  })

  test(`output that is never the same twice is no difference, and can be ignored (${runner})`, async () => {
    assert.equal((await verified(runner, ['random'])).verdict, 'inconclusive')
    assert.equal((await verified(runner, ['random'], { ignore: [/\d+$/] })).verdict, 'same')
  })

  test(`libraries without which all is as before are named (${runner})`, async () => {
    const include = ['/opt/app/plugin.so']
    const { minimal } = await verified(runner, ['library'], { include, leaveOut: 'each-library' })
    assert.deepEqual(
      minimal?.filter(({ path }) => path.includes('libone')),
      [{ path: '/lib/libone.so.1', isNeeded: true }],
    )
  })

  test(`nothing is left behind, whatever ends a verification (${runner})`, async () => {
    const before = traces()
    const abort = new AbortController()
    const running = verified(runner, ['sleep'], { signal: abort.signal })
    const rejected = assert.rejects(running, { code: 'interrupted' })
    let isOver = false
    rejected
      .finally(() => {
        isOver = true
      })
      .catch(() => {})
    while (sleepers().length < 2 && !isOver) await new Promise((done) => setTimeout(done, 20))
    abort.abort()
    await rejected
    assert.deepEqual(sleepers(), [])
    assert.deepEqual(traces(), before)
  })
}

for (const runner of ['docker', 'namespace'] as const) {
  test(`a lost capability is found (${runner})`, async () => {
    const cases = [{ args: ['capabilities'], user: '1234:1235' }]
    const kept = await verified(runner, [], { cases })
    assert.deepEqual(verdictsOf(kept), SAME)
    assert.equal(kept.cases[0]?.lifted.stdout.text, 'uid 1234, capabilities 400\n')
    const change = (tree: readonly TreeEntry[]) =>
      tree.map((one): TreeEntry => {
        const { xattrs: _, ...entry } = one.entry
        return { ...one, entry }
      })
    const lost = await verified(runner, [], { cases, change })
    assert.equal(lost.cases[0]?.differences[0]?.actual, 'uid 1234, capabilities 0\n')
  })
}

for (const [runner, place] of [
  ['docker', () => `docker:${IMAGE}`],
  ['namespace', () => `dir:${directory}`],
] as const) {
  test(`Ctrl-C ends what runs, and nothing of it stays (${runner})`, async () => {
    const before = traces()
    const words = ['verify', place(), '/opt/app/prog', '--runner', runner, '--', 'sleep']
    const child = spawn(process.execPath, [CLI, ...words], { stdio: 'ignore' })
    const ended = new Promise<number | null>((done) => child.on('exit', done))
    while (sleepers().length < 2 && child.exitCode === null) await new Promise((done) => setTimeout(done, 20))
    child.kill('SIGINT')
    assert.equal(await ended, 130)
    assert.deepEqual(sleepers(), [])
    assert.deepEqual(traces(), before)
  })
}

test('the command line says what differs and what to do, and never lets output through as it is', () => {
  const { status, stdout } = liftbin('verify', `docker:${IMAGE}`, '/opt/app/prog', '--', 'plugin')
  assert.equal(status, 4)
  assert.match(stdout, /^differs .*\n.*exit code 0 → exit code 7\n.*try --include \/opt\/app\/plugin\.so: /s)
  const escaped = liftbin('verify', `docker:${IMAGE}`, '/opt/app/prog', '-f', 'json', '--', 'escape')
  assert.equal(escaped.status, 0)
  assert.doesNotMatch(escaped.stdout, /\u001b/)
})

test('a user without rights can verify a directory', () => {
  const own = join(folder, 'own')
  must('cp', ['-a', directory, own])
  must('chown', ['-R', '65534:65534', own])
  const words = [process.execPath, CLI, 'verify', `dir:${own}`, '/opt/app/prog', '--runner', 'namespace']
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--']
  const { status, stdout, stderr } = run('setpriv', [...nobody, ...words, '--', 'library'], {
    env: { ...process.env, HOME: folder, TMPDIR: '/tmp' },
  })
  assert.equal(status, 0, `${stdout}${stderr}`)
  assert.match(stdout, /in a user namespace/)
})

test('an image of Podman is run by Podman', (t) => {
  const name = `localhost/liftbin-e2e-verify-${randomBytes(4).toString('hex')}:1`
  // The runtime that Docker brings along starts containers under cgroups that Podman's usual one refuses.
  const configuration = join(folder, 'containers.conf')
  writeFileSync(configuration, '[engine]\nruntime = "runc"\n')
  process.env.CONTAINERS_CONF = configuration
  t.after(() => delete process.env.CONTAINERS_CONF)
  must('podman', ['import', '--quiet', join(folder, 'root.tar'), name])
  try {
    const images = must('podman', ['images', '--all', '--quiet'])
    const { status, stdout, stderr } = liftbin(
      'verify',
      `podman:${name}`,
      '/opt/app/prog',
      '--',
      'library',
      '3',
    )
    assert.equal(status, 0, `${stdout}${stderr}`)
    assert.match(stdout, /^same .*run by podman/s)
    assert.equal(must('podman', ['ps', '--all', '--quiet']), '')
    assert.equal(must('podman', ['images', '--all', '--quiet']), images)
  } finally {
    must('podman', ['rmi', '--force', name])
  }
})

/** What a verification may leave on the machine, where other tests run at the same time. */
function traces() {
  const own = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.includes('liftbin-verify-') || line.includes(IMAGE))
      .sort()
  return {
    containers: own(docker(['ps', '--all', '--format', '{{.ID}} {{.Image}} {{.Names}}']).stdout),
    images: own(docker(['images', '--all', '--format', '{{.Repository}} {{.ID}}']).stdout),
    folders: readdirSync(tmpdir()).filter((name) => name.startsWith('liftbin-verify-')),
    mounts: own(readFileSync('/proc/self/mounts', 'utf8')),
  }
}

function sleepers(): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && nameOf(pid) === 'verify-sleeper\n')
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8')
  } catch {
    return ''
  }
}
