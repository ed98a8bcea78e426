import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FINDING_KINDS, type FindingKind, finding, type Severity } from '../../src/lift/finding.js'
import { type LiftOptions, lift, liftTree } from '../../src/lift/lift-image.js'
import { buildElf } from '../support/elf-builder.js'
import { rpmDatabaseOf } from '../support/rpm-database.js'
import {
  debianTree,
  type ImageParts,
  ldSoCache,
  library,
  program,
  smallImage,
  type Tree,
} from '../support/small-image.js'

interface Case {
  readonly severity: Severity
  /** What lies in a Debian root besides the C library. */
  readonly tree: Tree
  readonly parts?: ImageParts
  readonly options?: LiftOptions
  readonly binaries?: readonly string[]
  readonly lift?: typeof liftTree
  /** The facts of the finding, without those that only repeat the attempts. */
  readonly facts: Readonly<Record<string, unknown>>
}

const LIB = '/usr/lib/x86_64-linux-gnu'
const OPEN = '/lib/x86_64-linux-gnu'
const VARIANT = 'glibc-hwcaps/x86-64-v3'
const x = (needed: readonly string[] = [], options = {}): Tree => ({ '/usr/bin/x': program(needed, options) })
const arm64 = buildElf({ machine: 183, type: 'exec', dynamic: false })

/** The kinds of ldd need a running container, those of a whole image are said by an audit. */
type Elsewhere = 'from-ldd' | 'ldd-failed' | 'not-followed' | 'not-looked-at'

/** An image for each kind, in which it is the thing to say. */
const CASES: Record<Exclude<FindingKind, Elsewhere>, Case> = {
  'library-missing': {
    severity: 'error',
    tree: x(['libz.so']),
    facts: { name: 'libz.so', neededBy: '/usr/bin/x' },
  },
  'library-blocked': {
    severity: 'error',
    tree: { ...x(['libz.so']), [`${LIB}/libz.so`]: `GROUP ( ${'libz.so.1 '.repeat(10)})` },
    facts: { name: 'libz.so', neededBy: '/usr/bin/x', path: `${OPEN}/libz.so`, outcome: 'not elf' },
  },
  observed: {
    severity: 'note',
    tree: { ...x(), '/etc/a': 'a', '/etc/b': 'b' },
    options: {
      traces: [
        {
          observed: [
            { path: '/etc/a', how: 'read' },
            { path: '/etc/gone', how: 'read' },
            { path: '/etc/b', how: 'looked at' },
          ],
          unclear: 0,
        },
      ],
    },
    facts: { files: 3, added: 2, absent: ['/etc/gone'] },
  },
  'trace-unclear': {
    severity: 'warning',
    tree: x(),
    options: { traces: [{ observed: [], unclear: 2 }] },
    facts: { names: 2 },
  },
  'version-missing': {
    severity: 'error',
    tree: x(['libc.so.6'], { versionsNeeded: [{ file: 'libc.so.6', versions: ['GLIBC_2.34', 'GLIBC_9'] }] }),
    facts: { file: `${OPEN}/libc.so.6`, version: 'GLIBC_9', neededBy: '/usr/bin/x' },
  },
  'version-information-absent': {
    severity: 'warning',
    tree: {
      ...x(['libz.so'], { versionsNeeded: [{ file: 'libz.so', versions: ['Z_1'] }] }),
      [`${LIB}/libz.so`]: library('libz.so'),
    },
    facts: { file: `${OPEN}/libz.so`, neededBy: '/usr/bin/x' },
  },
  'loader-missing': {
    severity: 'error',
    tree: x([], { interp: '/lib/ld-none.so' }),
    facts: { program: '/usr/bin/x', interpreter: '/lib/ld-none.so' },
  },
  'loader-unusable': {
    severity: 'error',
    tree: { ...x([], { interp: '/lib/ld-text.so' }), '/usr/lib/ld-text.so': 'text '.repeat(20) },
    facts: { program: '/usr/bin/x', interpreter: '/lib/ld-text.so' },
  },
  'loader-unknown': {
    severity: 'error',
    tree: { ...x([], { interp: '/lib/ld-odd.so' }), '/usr/lib/ld-odd.so': library('ld-odd.so') },
    facts: { program: '/usr/bin/x', interpreter: '/lib/ld-odd.so' },
  },
  'interpreter-missing': {
    severity: 'error',
    tree: { '/usr/bin/x': '#!/bin/none\n' },
    facts: { script: '/usr/bin/x', interpreter: '/bin/none', reason: 'is not in the image' },
  },
  'not-executable': {
    severity: 'warning',
    tree: { '/usr/bin/x': { file: program(), mode: 0o644 } },
    binaries: ['/usr/bin/x'],
    facts: { program: '/usr/bin/x' },
  },
  'other-platform': {
    severity: 'warning',
    tree: { '/usr/bin/x': arm64 },
    facts: { program: '/usr/bin/x', machine: 'arm64', platform: 'linux/amd64' },
  },
  fragile: {
    severity: 'warning',
    tree: {
      ...x(['liba.so', 'libb.so'], { runpath: '/opt' }),
      '/opt/liba.so': library('liba.so'),
      '/opt/libb.so': library('libb.so', ['liba.so']),
    },
    facts: { name: 'liba.so', neededBy: '/opt/libb.so', satisfiedBy: '/opt/liba.so' },
  },
  'hwcaps-only': {
    severity: 'warning',
    tree: { ...x(['libh.so']), [`${LIB}/${VARIANT}/libh.so`]: library('libh.so') },
    facts: { name: 'libh.so', neededBy: '/usr/bin/x', path: `${OPEN}/${VARIANT}/libh.so` },
  },
  'hwcaps-variant': {
    severity: 'note',
    tree: {
      ...x(['libh.so']),
      [`${LIB}/libh.so`]: library('libh.so'),
      [`${LIB}/${VARIANT}/libh.so`]: library('libh.so'),
    },
    facts: { name: 'libh.so', path: `${OPEN}/${VARIANT}/libh.so` },
  },
  'relative-path': {
    severity: 'warning',
    tree: { ...x(['libr.so'], { runpath: 'lib' }), '/srv/lib/libr.so': library('libr.so') },
    parts: { config: { workingDir: '/srv' } },
    facts: { name: 'libr.so', neededBy: '/usr/bin/x', workingDir: '/srv' },
  },
  'platform-token': {
    severity: 'warning',
    tree: {
      ...x(['libp.so'], { runpath: '/opt/$PLATFORM' }),
      '/opt/x86_64/libp.so': library('libp.so'),
    },
    facts: { name: 'libp.so', neededBy: '/usr/bin/x' },
  },
  'same-file-twice': {
    severity: 'warning',
    tree: {
      ...x(['libone.so', 'libtwo.so']),
      [`${LIB}/libone.so`]: { file: buildElf(), identity: 'shared' },
      [`${LIB}/libtwo.so`]: { file: buildElf(), identity: 'shared' },
    },
    facts: { program: '/usr/bin/x', paths: [`${OPEN}/libone.so`, `${OPEN}/libtwo.so`] },
  },
  preload: {
    severity: 'note',
    tree: { ...x(), '/etc/ld.so.preload': '/opt/libp.so # always\n', '/opt/libp.so': library('libp.so') },
    facts: { name: '/opt/libp.so', from: '/etc/ld.so.preload' },
  },
  'preload-missing': {
    severity: 'warning',
    tree: x(),
    parts: { config: { env: ['LD_PRELOAD=libp.so'] } },
    facts: { name: 'libp.so', from: 'LD_PRELOAD' },
  },
  'audit-missing': {
    severity: 'warning',
    tree: x([], { audit: 'libaudit.so' }),
    facts: { name: 'libaudit.so', program: '/usr/bin/x' },
  },
  'auxiliary-missing': {
    severity: 'note',
    tree: x([], { dependencies: [{ kind: 'auxiliary', name: 'libfast.so' }] }),
    facts: { name: 'libfast.so', neededBy: '/usr/bin/x' },
  },
  'secure-mode': {
    severity: 'warning',
    tree: {
      '/usr/bin/x': { file: program(['libs.so']), mode: 0o4755 },
      '/opt/libs.so': library('libs.so'),
    },
    parts: { config: { env: ['LD_LIBRARY_PATH=/opt'] } },
    facts: { program: '/usr/bin/x', name: 'libs.so' },
  },
  setuid: {
    severity: 'note',
    tree: { '/usr/bin/x': { file: program(), mode: 0o4755 } },
    facts: { program: '/usr/bin/x', mode: 0o4755 },
  },
  capabilities: {
    severity: 'warning',
    tree: {
      '/usr/bin/x': { file: program(), xattrs: new Map([['security.capability', new Uint8Array(20)]]) },
    },
    facts: { program: '/usr/bin/x' },
  },
  'no-cache': {
    severity: 'note',
    tree: { ...x(['libz.so']), '/etc/ld.so.conf': '/opt/z\n', '/opt/z/libz.so': library('libz.so') },
    facts: { name: 'libz.so', directory: '/opt/z' },
  },
  'cache-carried': {
    severity: 'note',
    tree: {
      ...x(['libz.so']),
      '/opt/libz.so': library('libz.so'),
      '/etc/ld.so.cache': ldSoCache([{ name: 'libz.so', path: '/opt/libz.so' }]),
    },
    facts: { libraries: ['/opt/libz.so'] },
  },
  'special-left-out': {
    severity: 'warning',
    tree: { ...x(), '/dev/null': { special: true } },
    options: { include: ['/dev'] },
    lift: liftTree,
    facts: { paths: ['/dev/null'] },
  },
  'attributes-unread': {
    severity: 'warning',
    tree: x(),
    parts: { unreadAttributes: () => 'no tool' },
    lift: liftTree,
    facts: { reason: 'no tool' },
  },
  'healthcheck-dropped': {
    severity: 'note',
    tree: x(),
    parts: { config: { healthcheck: ['CMD', 'curl'] } },
    facts: { test: ['CMD', 'curl'] },
  },
  'user-unknown': {
    severity: 'warning',
    tree: x(),
    parts: { config: { user: 'app' } },
    lift: liftTree,
    facts: { user: 'app' },
  },
  'groups-lost': {
    severity: 'warning',
    tree: { ...x(), '/etc/passwd': 'app:x:7:8::/:', '/etc/group': 'disk:x:6:app' },
    parts: { config: { user: 'app' } },
    lift: liftTree,
    facts: { user: 'app', groups: [6] },
  },
  'malformed-elf': {
    severity: 'error',
    tree: { ...x(), '/opt/broken.so': library('broken.so').slice(0, 100) },
    options: { include: ['/opt/broken.so'] },
    facts: { path: '/opt/broken.so' },
  },
  'name-not-writable': {
    severity: 'error',
    tree: { '/usr/bin/\udcff': program() },
    binaries: ['/usr/bin/\udcff'],
    facts: { path: '/usr/bin/\udcff' },
  },
  'path-conflict': {
    severity: 'error',
    tree: {
      '/usr/bin/x': program(['liba.so'], { runpath: '/opt/link/..' }),
      '/usr/bin/y': program(['liba.so'], { runpath: '/opt' }),
      '/opt/link': { link: '/srv/inner' },
      '/srv/inner': { directory: true },
      '/srv/liba.so': library('liba.so'),
      '/opt/liba.so': library('liba.so'),
    },
    binaries: ['x', 'y'],
    facts: { path: '/opt/liba.so', sources: ['/srv/liba.so', '/opt/liba.so'] },
  },
  'lift-differs': {
    severity: 'error',
    tree: {
      '/usr/bin/x': program(['libb.so', 'liba.so'], { runpath: '/opt/link/..:/zzz' }),
      '/usr/bin/y': program(['liba.so'], { runpath: '/opt' }),
      '/opt/link': { link: '/srv/inner' },
      '/srv/inner': { directory: true },
      '/srv/libb.so': library('libb.so'),
      '/zzz/liba.so': library('liba.so'),
      '/opt/liba.so': library('liba.so'),
    },
    binaries: ['x', 'y'],
    facts: { program: '/usr/bin/x', name: 'liba.so', expected: '/zzz/liba.so', actual: '/opt/liba.so' },
  },
  'environment-dropped': {
    severity: 'warning',
    tree: x(),
    parts: { config: { env: ['GOOD=1', 'BAD=a\nb'] } },
    facts: { name: 'BAD' },
  },
  user: {
    severity: 'note',
    tree: x(),
    parts: { config: { user: 'nobody' } },
    facts: { user: 'nobody' },
  },
  'packages-unreadable': {
    severity: 'warning',
    tree: { ...x(), '/var/lib/rpm/Packages': 'x' },
    options: { packages: 'reduced' },
    facts: {
      reason: '/var/lib/rpm/Packages is an rpm database in the form of Berkeley DB, which is not read',
    },
  },
  'packages-not-carried': {
    severity: 'warning',
    tree: { ...x(), '/var/lib/rpm/rpmdb.sqlite': rpmDatabaseOf([{ name: 'x', files: ['/usr/bin/x'] }]) },
    options: { packages: 'reduced' },
    facts: { database: 'rpm' },
  },
  unpinned: {
    severity: 'note',
    tree: x(),
    parts: { copySource: { kind: 'image', from: 'small:latest', pinned: false } },
    facts: { from: 'small:latest' },
  },
  'need-not-taken': {
    severity: 'note',
    tree: { ...x(['libc.so.6'], { imports: ['getpwuid'] }), '/etc/passwd': 'root:x:0:0::/:' },
    facts: {
      finder: 'nss',
      confidence: 'likely',
      names: ['/etc/passwd'],
      neededBy: '/usr/bin/x',
      reason: 'looks up users',
      option: '--needs likely',
    },
  },
  'need-missing': {
    severity: 'warning',
    tree: x(['libc.so.6'], { imports: ['pthread_exit'] }),
    options: { needs: 'likely' },
    facts: { finder: 'libgcc', name: 'libgcc_s.so.1', neededBy: '/usr/bin/x' },
  },
  'need-unclear': {
    severity: 'warning',
    tree: x([], { notes: [{ notes: [{ owner: 'FDO', type: 0x407c_0c0a, desc: '{"soname": ["libp.so"' }] }] }),
    facts: { finder: 'dlopen', neededBy: '/usr/bin/x' },
  },
}

for (const [kind, one] of Object.entries(CASES)) {
  test(`an image in which the finding is ${kind}`, async () => {
    const image = smallImage(debianTree(one.tree), one.parts)
    const answer = await (one.lift ?? lift)(image, one.binaries ?? ['x'], one.options)
    const found = answer.findings.filter((finding) => finding.kind === kind)
    assert.equal(found.length, 1, answer.findings.map(({ message }) => message).join('\n'))
    const facts = found[0] as unknown as Record<string, unknown>
    assert.equal(facts.severity, one.severity)
    for (const [name, value] of Object.entries(one.facts)) assert.deepEqual(facts[name], value, name)
  })
}

test('an image in order has no findings', async () => {
  const { findings, missing } = await lift(smallImage(debianTree(x(['libc.so.6']))), ['x'])
  assert.deepEqual([findings, missing], [[], []])
})

test('the list of kinds names each kind once', () => {
  assert.equal(new Set(FINDING_KINDS).size, FINDING_KINDS.length)
  assert.deepEqual(
    Object.keys(CASES).filter((kind) => !(FINDING_KINDS as readonly string[]).includes(kind)),
    [],
  )
})

test('findings come with errors first, then by their words, and each is said once', async () => {
  const tree = {
    '/usr/bin/x': { file: program(['libq.so', 'libp.so']), mode: 0o644 },
    '/usr/bin/y': { file: program(['libp.so']), mode: 0o4755 },
  }
  const { findings } = await lift(smallImage(debianTree(tree)), ['/usr/bin/y', '/usr/bin/x', '/usr/bin/x'])
  assert.deepEqual(
    findings.map(({ severity, message }) => `${severity} ${message.slice(0, 7)}`),
    ['error libp.so', 'error libp.so', 'error libq.so', 'warning /usr/bi', 'note /usr/bi'],
  )
})

test('what is said of setuid bits is true of stages and of build contexts', () => {
  const { message } = finding({ kind: 'setuid', program: '/bin/su', mode: 0o4755 })
  assert.match(message, /\/bin\/su has mode 4755; COPY --from keeps it/)
  assert.match(message, /from a build context makes the file root's, and the legacy builder drops these bits/)
})
