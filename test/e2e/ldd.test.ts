import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  BUILDERS,
  type Builder,
  buildImage,
  CLI,
  docker,
  liftbin,
  must,
  root,
  runImage,
} from './surroundings.js'

/** Roots of our own, each with /bin/prog, which needs libone.so.1 of /opt/own; images hold the same. */
const KINDS = ['own', 'private', 'lost', 'spy', 'sleeper'] as const
type Kind = (typeof KINDS)[number]

let folder = ''
const unique = randomBytes(4).toString('hex')
const directoryOf = (kind: Kind) => join(folder, kind)
const imageOf = (kind: Kind) => `liftbin-e2e/ldd-${kind}-${unique}:latest`

/** A loader that tells what it may do instead of listing anything. */
const SPY = `#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  struct { unsigned version; int pid; } head = {0x20080522, 0};
  unsigned caps[6] = {0}, all = 0;
  struct rlimit core;
  struct if_nameindex *names = if_nameindex();
  int interfaces = 0, others = 0;
  syscall(SYS_capget, &head, caps);
  for (int i = 0; i < 6; i++) all |= caps[i];
  getrlimit(RLIMIT_CORE, &core);
  for (; names && names[interfaces].if_index; interfaces++);
  for (int pid = 10; pid < 5000; pid++) others += kill(pid, 0) == 0;
  fprintf(stderr, "uid=%d gid=%d caps=%x no_new_privs=%d core=%ld written=%d interfaces=%d family=%s\\n", getuid(),
    getgid(), all, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), (long)core.rlim_cur,
    open("/tmp/x", O_CREAT | O_WRONLY, 0644) >= 0, interfaces, others ? "others" : "alone");
  return 1;
}`

/** A loader that leaves its process group and does not end; its name is unlikely to be another's. */
const SLEEPER = `#include <sys/prctl.h>
#include <unistd.h>
int main(void) {
  prctl(PR_SET_NAME, "liftbin-sleeper");
  if (fork() == 0) setsid();
  for (;;) pause();
}`

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-e2e-ldd-'))
  chmodSync(folder, 0o755)
  for (const kind of KINDS) buildRoot(kind)
  addOwnLoader('own')
  addOwnLoader('private')
  chmodSync(join(directoryOf('private'), 'bin/prog'), 0o700)
  loseLibrary('lost')
  addProgramAsLoader('spy', SPY)
  addProgramAsLoader('sleeper', SLEEPER)
  for (const kind of KINDS) importImage(kind)
})

after(() => {
  rmSync(folder, { recursive: true, force: true })
})

for (const builder of Object.keys(BUILDERS) as Builder[]) {
  test(`what the loader itself lists makes an image that runs (${builder}, a directory)`, () => {
    const { status, stdout, stderr } = liftbin(`dir:${directoryOf('own')}`, '/bin/prog', '--ldd')
    assert.equal(status, 0, stderr)
    assert.match(stderr, /found by ldd alone, which was run inside the image: libone\.so\.1, libc\.so\.6/)
    const built = runImage(buildImage(stdout, builder, directoryOf('own')))
    assert.deepEqual(built, { status: 0, stdout: 'one 1\n', stderr: '' })
  })

  test(`what the loader itself lists makes an image that runs (${builder}, an image)`, () => {
    const { status, stdout, stderr } = liftbin(`docker:${imageOf('own')}`, '/bin/prog', '--ldd')
    assert.equal(status, 0, stderr)
    assert.equal(runImage(buildImage(stdout, builder)).stdout, 'one 1\n')
    assert.deepEqual(containersOf('own'), [])
  })
}

test('without --ldd nothing of an image runs, and the next step is named', () => {
  for (const image of [`dir:${directoryOf('own')}`, `docker:${imageOf('own')}`]) {
    const { status, stdout, stderr } = liftbin(image, '/bin/prog')
    assert.equal(status, 1)
    assert.doesNotMatch(stdout, /libone/)
    assert.match(stderr, /With --ldd/)
  }
})

test('in a container, what only root may read is read as root without capabilities', () => {
  const { status, stdout, stderr } = liftbin(`docker:${imageOf('private')}`, '/bin/prog', '--ldd')
  assert.equal(status, 0, stderr)
  assert.match(stdout, /libone\.so\.1/)
})

test('in a directory, what only root may read is not run, and the finding says so', () => {
  const { status, stderr } = liftbin(`dir:${directoryOf('private')}`, '/bin/prog', '--ldd')
  assert.equal(status, 1)
  assert.match(stderr, /ldd could not be asked: in a chroot it runs as nobody/)
})

test('a loader that misses what the rules miss adds nothing, and the name stays missing', () => {
  for (const [image, program, name] of [
    [`dir:${directoryOf('lost')}`, '/bin/prog', 'libone.so.1'],
    [`docker:${imageOf('lost')}`, '/bin/prog', 'libone.so.1'],
    [`dir:${root('musl')}`, '/usr/bin/lost', 'libnear.so.1'],
  ] as const) {
    const { status, stderr } = liftbin(image, program, '--ldd', '--verbose')
    assert.equal(status, 1)
    assert.match(stderr, new RegExp(`ldd: ${name}\\S* absent`))
    assert.doesNotMatch(stderr, /could not be asked|With --ldd/)
  }
})

test('an image of Podman is asked like one of Docker', (t) => {
  const name = `localhost/liftbin-e2e-ldd-${unique}:1`
  // The runtime that Docker brings along starts containers under cgroups that Podman's usual one refuses.
  const configuration = join(folder, 'containers.conf')
  writeFileSync(configuration, '[engine]\nruntime = "runc"\n')
  process.env.CONTAINERS_CONF = configuration
  t.after(() => delete process.env.CONTAINERS_CONF)
  must('podman', ['import', '--quiet', join(folder, 'own.tar'), name])
  try {
    const { status, stderr } = liftbin(`podman:${name}`, '/bin/prog', '--ldd')
    assert.equal(status, 0, stderr)
    assert.match(stderr, /found by ldd alone/)
    assert.equal(must('podman', ['ps', '--all', '--quiet']), '')
  } finally {
    must('podman', ['rmi', '--force', name])
  }
})

for (const [place, image] of [
  ['a directory', () => `dir:${directoryOf('spy')}`],
  ['an image', () => `docker:${imageOf('spy')}`],
] as const) {
  test(`the loader of ${place} is nobody, without rights, network, other processes or a place to write`, () => {
    const { stderr } = liftbin(image(), '/bin/prog', '--ldd')
    assert.match(stderr, /uid=65534 gid=65534 caps=0 no_new_privs=1 core=0 written=0 interfaces=1 family=\w/)
    assert.match(stderr, /family=alone/)
  })
}

test('Ctrl-C ends the loader of a directory', async () => {
  assert.equal(await interrupted(`dir:${directoryOf('sleeper')}`), 130)
  assert.deepEqual(sleepers(), [])
})

test('Ctrl-C ends the loader of an image and removes its container', async () => {
  assert.equal(await interrupted(`docker:${imageOf('sleeper')}`), 130)
  assert.deepEqual(containersOf('sleeper'), [])
  assert.deepEqual(sleepers(), [])
})

function buildRoot(kind: Kind): void {
  const directory = directoryOf(kind)
  for (const name of ['bin', 'lib', 'opt/own', 'tmp']) mkdirSync(join(directory, name), { recursive: true })
  chmodSync(join(directory, 'tmp'), 0o1777)
  copyFileSync(join(root('bookworm'), 'lib/x86_64-linux-gnu/libc.so.6'), join(directory, 'opt/own/libc.so.6'))
  const library = join(directory, 'opt/own/libone.so.1')
  compile('gcc', 'int one(void) { return 1; }', '-shared', '-fPIC', '-Wl,-soname,libone.so.1', '-o', library)
  const program =
    '#include <stdio.h>\nint one(void); int main(void) { printf("one %d\\n", one()); return 0; }'
  const options = ['-Wl,-rpath,/opt/own', '-Wl,--dynamic-linker=/lib/ld-own.so.1']
  compile('gcc', program, '-o', join(directory, 'bin/prog'), library, ...options)
}

/** glibc's loader as one built without a cache would be: nothing in it shows whose rules it follows. */
function addOwnLoader(kind: Kind): void {
  const loader = readFileSync(join(root('bookworm'), 'lib64/ld-linux-x86-64.so.2'), 'latin1')
  const own = loader.replaceAll('/ld.so.cache\0', '/ld.so.c4che\0')
  assert.notEqual(own, loader)
  writeFileSync(join(directoryOf(kind), 'lib/ld-own.so.1'), own, { encoding: 'latin1', mode: 0o755 })
}

/** glibc's loader as it is, and nothing where it looks. */
function loseLibrary(kind: Kind): void {
  copyFileSync(
    join(root('bookworm'), 'lib64/ld-linux-x86-64.so.2'),
    join(directoryOf(kind), 'lib/ld-own.so.1'),
  )
  rmSync(join(directoryOf(kind), 'opt/own/libone.so.1'))
}

function addProgramAsLoader(kind: Kind, program: string): void {
  compile('musl-gcc', program, '-static', '-o', join(directoryOf(kind), 'lib/ld-own.so.1'))
}

function compile(compiler: string, program: string, ...options: readonly string[]): void {
  const source = join(folder, 'source.c')
  writeFileSync(source, program)
  must(compiler, [source, ...options])
}

function importImage(kind: Kind): void {
  const tar = join(folder, `${kind}.tar`)
  must('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', directoryOf(kind), '-cf', tar, '.'])
  const { status, stderr } = docker(['import', tar, imageOf(kind)])
  assert.equal(status, 0, stderr)
}

function containersOf(kind: Kind): readonly string[] {
  return docker(['ps', '--all', '--quiet', '--filter', `ancestor=${imageOf(kind)}`])
    .stdout.split('\n')
    .filter((line) => line !== '')
}

function sleepers(): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid) === 'liftbin-sleeper\n')
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8')
  } catch {
    return ''
  }
}

/** The exit status of a lift that is interrupted while the loader runs. */
async function interrupted(image: string): Promise<number | null> {
  const child = spawn(process.execPath, [CLI, image, '/bin/prog', '--ldd'], { stdio: 'ignore' })
  const ended = new Promise<number | null>((done) => child.on('exit', done))
  while (sleepers().length < 2 && child.exitCode === null) await new Promise((done) => setTimeout(done, 50))
  child.kill('SIGINT')
  return ended
}
