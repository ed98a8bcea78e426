import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { CLI, containersOf, liftbin, must, type Outcome, ownImage, root, withFolder } from './surroundings.js'

/** An image of its own, so that no other test has containers of it. */
const OWN = `liftbin-e2e/bad-use-${randomBytes(4).toString('hex')}:latest`
const IMAGE = `docker:${OWN}`
/** An ordinary user, who is in no group that matters. */
const NOBODY = { uid: 65534, gid: 65534 }

before(() => ownImage('liftbin-e2e/bookworm', OWN))

after(() => {
  assert.deepEqual(containersOf(OWN), [])
})

test('where no Docker daemon runs, an image by its bare name is not found: exit 3, and no bug', () => {
  for (let run = 0; run < 3; run++) {
    const { status, stdout, stderr } = liftbinWith(
      { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
      'nope',
      'ls',
    )
    assert.deepEqual([status, stdout], [3, ''])
    assert.match(stderr, /^liftbin: there is no image nope:\n +docker: cannot reach Docker at \/nowhere/)
    assert.match(stderr, /podman: has no such image/)
    assert.doesNotMatch(stderr, /bug|ERR_|\n\s+at /)
  }
})

test('what is wrong with a build is said with its next step and status, as of any other command', () => {
  const cases = [
    [2, 'nowhere:x', /^liftbin: "nowhere:x" is no destination\n {2}Write one of: docker:NAME/],
    [
      3,
      'tar:/etc/no/such/place.tar',
      /cannot write .*: no such file or directory\n {2}Make its directory first/,
    ],
  ] as const
  for (const [expected, to, message] of cases) {
    const { status, stdout, stderr } = liftbin('build', `dir:${root('bookworm')}`, 'bash', '--to', to)
    assert.deepEqual([status, stdout], [expected, ''])
    assert.match(stderr, message)
  }
})

test('a daemon that cannot be reached is exit 3, with what the docker command says', () => {
  const hosts = {
    'tcp://127.0.0.1:1': /connection refused/,
    'ssh://nobody@127.0.0.1': /cannot reach Docker/,
    'unix:///etc/passwd': /nobody listens/,
    nonsense: /cannot reach Docker/,
  }
  for (const [DOCKER_HOST, message] of Object.entries(hosts)) {
    const { status, stdout, stderr } = liftbinWith({ DOCKER_HOST }, 'docker:nope', 'ls')
    assert.deepEqual([status, stdout], [3, ''])
    assert.match(stderr, message)
    assert.match(stderr, /\n {2}Is the daemon running\?/)
  }
})

test('a Docker context that does not exist is exit 3', () => {
  const { status, stderr } = liftbinWith({ DOCKER_HOST: '', DOCKER_CONTEXT: 'lost' }, 'docker:nope', 'ls')
  assert.equal(status, 3)
  assert.match(stderr, /the Docker context lost cannot be used: .*\n {2}See `docker context ls`/)
})

test('without the docker command a daemon behind it is exit 3', () => {
  const env = { DOCKER_HOST: 'tcp://127.0.0.1:1', PATH: '/nowhere' }
  const { status, stderr } = liftbinWith(env, 'docker:nope', 'ls')
  assert.equal(status, 3)
  assert.match(stderr, /the command is not installed/)
})

test('a socket that an ordinary user may not open is exit 3 with the ways out', async () => {
  await asNobody(({ cli }) => {
    const { status, stdout, stderr } = cli('docker:nope', 'ls')
    assert.deepEqual([status, stdout], [3, ''])
    assert.match(stderr, /no permission to speak to Docker at .*\n {2}Join the group/)
  })
})

test('an ordinary user is told which file of a root may not be read', async () => {
  await asNobody(({ cli, folder }) => {
    mkdirSync(join(folder, 'root/bin/private'), { recursive: true })
    for (const name of ['bin/secret', 'bin/private/tool']) {
      copyFileSync('/bin/true', join(folder, 'root', name))
      chmodSync(join(folder, 'root', name), 0o700)
    }
    chmodSync(join(folder, 'root/bin/private'), 0o700)
    for (const name of ['/bin/secret', '/bin/private/tool']) {
      const { status, stdout, stderr } = cli(`dir:${folder}/root`, name)
      assert.deepEqual([status, stdout], [3, ''])
      assert.match(stderr, new RegExp(`cannot read .*${name}: permission denied\n {2}Run as a user`))
    }
  })
})

test('an ordinary user writes neither over a read-only file nor into a read-only directory', async () => {
  await asNobody(({ cli, folder }) => {
    mkdirSync(join(folder, 'shared'))
    chmodSync(join(folder, 'shared'), 0o777)
    mkdirSync(join(folder, 'closed'), { mode: 0o755 })
    writeFileSync(join(folder, 'shared/out'), 'earlier', { mode: 0o444 })
    for (const file of ['shared/out', 'closed/out']) {
      const { status, stderr } = cli(`dir:${root('bookworm')}`, 'ls', '-o', join(folder, file))
      assert.equal(status, 3)
      assert.match(stderr, /cannot write .*: permission denied/)
    }
    assert.equal(readFileSync(join(folder, 'shared/out'), 'utf8'), 'earlier')
    assert.deepEqual(
      [readdirSync(join(folder, 'shared')), readdirSync(join(folder, 'closed'))],
      [['out'], []],
    )
  })
})

test('a full disk is exit 3; no part of the answer is left, and an earlier file is as it was', async () => {
  await onSmallDisk('64k', (disk) => {
    const out = join(disk, 'out')
    const audit = () => liftbin('audit', `dir:${root('bookworm')}`, '-o', out)
    assert.equal(audit().status, 3)
    assert.deepEqual(readdirSync(disk), [])
    writeFileSync(out, 'earlier')
    const { status, stdout, stderr } = audit()
    assert.deepEqual([status, stdout], [3, ''])
    assert.match(stderr, /cannot write .*out: no space left on device\n {2}Make room/)
    assert.deepEqual(readdirSync(disk), ['out'])
    assert.equal(readFileSync(out, 'utf8'), 'earlier')
  })
})

test('a full disk behind stdout is exit 3', () => {
  const { status, stderr } = shell('"$0" "$1" "$2" ls >/dev/full', `dir:${root('bookworm')}`)
  assert.equal(status, 3)
  assert.match(stderr, /cannot write to stdout: no space left on device/)
})

test('no room for temporary files is exit 3, and no helper container stays', async () => {
  await onSmallDisk('64k', (disk) => {
    const { status, stdout, stderr } = liftbinWith({ TMPDIR: disk }, IMAGE, '/usr/bin/git')
    assert.deepEqual([status, stdout], [3, ''])
    assert.match(stderr, /cannot write a temporary file: no space left on device\n {2}Make room in/)
    assert.deepEqual(readdirSync(disk), [])
  })
  assert.deepEqual(containersOf(OWN), [])
})

test('a reader of stdout that leaves early is no error', () => {
  for (const reader of ['true', 'head -n 1']) {
    const script = `"$0" "$1" audit "$2" --quiet | ${reader}; exit "\${PIPESTATUS[0]}"`
    const { status, stderr } = shell(script, `dir:${root('bookworm')}`)
    assert.deepEqual([status, stderr], [0, ''])
  }
})

test('an image for another platform than asked is exit 3, and no helper container is made', () => {
  for (const image of [IMAGE, OWN]) {
    const { status, stdout, stderr } = liftbin(image, 'ls', '--platform', 'linux/s390x')
    assert.deepEqual([status, stdout], [3, ''])
    assert.match(stderr, /is here for linux\/amd64, not for linux\/s390x\n {2}Get it by `docker pull/)
  }
  assert.deepEqual(containersOf(OWN), [])
})

test('what is no program in an image is exit 3 with the image and the file named, and nothing stays', () => {
  const cases = {
    '/usr/bin': /is a directory/,
    '/etc/passwd': /is text without a #! line/,
    '/usr/bin/lss': /Did you mean \/usr\/bin\/ls\b/,
    lss: /Did you mean \/usr\/bin\/ls\b/,
  }
  for (const [binary, message] of Object.entries(cases)) {
    const { status, stdout, stderr } = liftbin(IMAGE, binary)
    assert.deepEqual([status, stdout], [3, ''])
    assert.match(stderr, message)
    assert.ok(stderr.startsWith(`liftbin: ${IMAGE}: ${binary}`), stderr)
  }
  assert.deepEqual(containersOf(OWN), [])
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} in the middle of an image is exit 130 at once, with no output and no helper container`, async () => {
    for (const image of [IMAGE, `dir:${root('many')}`]) {
      await withFolder(async (folder) => {
        const argv = [CLI, 'audit', image, '--verbose', '-o', join(folder, 'out')]
        const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
        let said = ''
        child.stderr.on('data', (data) => {
          said += data
          if (!child.killed && said.includes('reading every file')) child.kill(signal)
        })
        const [status] = await once(child, 'close')
        assert.equal(status, 130)
        assert.match(said, /\nliftbin: interrupted\n$/)
        assert.deepEqual(readdirSync(folder), [])
      })
    }
    assert.deepEqual(containersOf(OWN), [])
  })
}

test('an error is red on a terminal that wants it, and never steers one', () => {
  const name = "/no/$(printf '\\033[2J\\007')such"
  const coloured = onTerminal(`"$NODE" "$CLI" dir:/ "${name}"`, {})
  assert.match(coloured, /\u001b\[31m.*\\x1b\[2J\\x07such/)
  const plain: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['', { NO_COLOR: '1' }],
    ['--no-color', {}],
    ['', { TERM: 'dumb' }],
  ]
  for (const [option, env] of plain) {
    const said = onTerminal(`"$NODE" "$CLI" dir:/ "${name}" ${option}`, env)
    assert.match(said, /\\x1b\[2J\\x07such/)
    assert.doesNotMatch(said, /\u001b|\u0007/)
  }
})

function liftbinWith(env: Readonly<Record<string, string>>, ...args: readonly string[]): Outcome {
  return outcome(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } })
}

/** Runs a bash script; `$0` is node, `$1` the command line's file, `$2` the argument. */
function shell(script: string, argument: string): Outcome {
  return outcome('bash', ['-c', script, process.execPath, CLI, argument])
}

/** What a command prints on a terminal. */
function onTerminal(command: string, env: Readonly<Record<string, string>>): string {
  const { NO_COLOR: _, ...rest } = process.env
  const all = { ...rest, TERM: 'xterm', SHELL: '/bin/sh', NODE: process.execPath, CLI, ...env }
  return outcome('script', ['--quiet', '--command', command, '/dev/null'], { env: all }).stdout
}

function outcome(
  command: string,
  args: readonly string[],
  options: { uid?: number; gid?: number; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Outcome {
  const { error, status, stdout, stderr } = spawnSync(command, args, { ...options, encoding: 'utf8' })
  if (error) throw error
  return { status, stdout, stderr }
}

interface Ordinary {
  /** The command line, run as the ordinary user. */
  readonly cli: (...args: readonly string[]) => Outcome
  /** Readable by everybody, writable by root alone. */
  readonly folder: string
}

/** The command line is copied to where everybody may read it; its folder of origin may be anywhere. */
async function asNobody(use: (ordinary: Ordinary) => void): Promise<void> {
  await withFolder((folder) => {
    chmodSync(folder, 0o755)
    cpSync(dirname(CLI), join(folder, 'cli'), { recursive: true })
    const cli = (...args: readonly string[]) =>
      outcome(process.execPath, [join(folder, 'cli', basename(CLI)), ...args], { ...NOBODY, cwd: '/' })
    use({ cli, folder })
  })
}

/** A file system of its own with this size. */
async function onSmallDisk(size: string, use: (disk: string) => void): Promise<void> {
  await withFolder((folder) => {
    must('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
    try {
      use(folder)
    } finally {
      must('umount', [folder])
    }
  })
}
