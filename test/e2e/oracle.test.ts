import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readElf } from '../../src/elf/elf.js'
import { type AuditedBinary, audit, openImage, type RootPath } from '../../src/index.js'
import { walk } from '../../src/rootfs/walk.js'
import { type Answer, type Command, parseTrace, runInside, type Trace } from '../support/trace.js'
import { root } from './surroundings.js'

// Each root's own loader is asked about every ELF file in it, by its real path (an explicit loader takes the
// directory of the path it is given for $ORIGIN), and must open the same files in the same
// order and miss the same names.

const GLIBC_AMD64 = {
  amd64: '/lib64/ld-linux-x86-64.so.2',
  i386: '/lib/ld-linux.so.2',
  x32: '/libx32/ld-linux-x32.so.2',
}
const MUSL_AMD64 = { amd64: '/lib/ld-musl-x86_64.so.1' }

/** `loaders` serve files without an interpreter, by machine; the first one also what is for no machine at all. */
const ROOTS: readonly Asked[] = [
  { name: 'many', what: 'glibc 2.36, several hundred packages', loaders: GLIBC_AMD64 },
  { name: 'bookworm', what: 'glibc 2.36', loaders: GLIBC_AMD64 },
  { name: 'bullseye', what: 'glibc 2.31', loaders: GLIBC_AMD64 },
  { name: 'trixie', what: 'glibc 2.41', loaders: GLIBC_AMD64 },
  { name: 'musl', what: 'musl without a path file', loaders: MUSL_AMD64, list: true },
  { name: 'musl-path', what: 'musl with a path file', loaders: MUSL_AMD64, list: true },
  { name: 'arm64', what: 'arm64', emulator: 'aarch64', loaders: { arm64: '/lib/ld-linux-aarch64.so.1' } },
  { name: 'armhf', what: 'armhf', emulator: 'arm', loaders: { armhf: '/lib/ld-linux-armhf.so.3' } },
  {
    name: 'riscv64',
    what: 'riscv64',
    emulator: 'riscv64',
    loaders: { riscv64: '/lib/ld-linux-riscv64-lp64d.so.1' },
  },
  { name: 's390x', what: 's390x, big endian', emulator: 's390x', loaders: { s390x: '/lib/ld64.so.1' } },
]

for (const asked of ROOTS) {
  test(`libraries found and names missing are those of the root's own loader: ${asked.what}`, async (t) => {
    const { audited, subjects } = await look(asked)
    const questions = subjects.map((subject) => question(subject, asked))
    const emulator = asked.emulator && `/usr/bin/qemu-${asked.emulator}-static`
    const answers = await runInside(root(asked.name), questions, emulator)
    const verdicts = subjects.map((subject, index) =>
      judge(subject, answers[index]!, audited.get(subject.path)),
    )
    t.diagnostic(summary(verdicts))
    const differing = verdicts.filter(({ loader, ours }) => JSON.stringify(loader) !== JSON.stringify(ours))
    assert.deepEqual(differing, [])
    assert.ok(
      verdicts.some(({ outcome }) => outcome === 'listed'),
      'nothing was compared',
    )
  })
}

test('the largest root has more than two thousand ELF files, and names are missing in it', async () => {
  const { audited, subjects } = await look(ROOTS[0]!)
  assert.ok(subjects.length > 2000)
  assert.ok([...audited.values()].some(({ missing }) => missing.length > 0))
})

interface Asked {
  readonly name: string
  readonly what: string
  readonly loaders: Readonly<Record<string, string>>
  readonly emulator?: string
  /** Whether the loader lists with `--list`, as musl's does, and not by a variable. */
  readonly list?: boolean
}

interface Subject {
  readonly path: RootPath
  readonly loader: string
}

async function look({ name, loaders }: Asked): Promise<{
  readonly subjects: readonly Subject[]
  readonly audited: ReadonlyMap<string, AuditedBinary>
}> {
  await using image = await openImage(`dir:${root(name)}`)
  const subjects: Subject[] = []
  for await (const entry of walk(image.rootfs, '/')) {
    if (entry.kind !== 'file') continue
    const reader = image.rootfs.open(entry)
    if (!ELF_MAGIC.equals(await reader.read(0, 4))) continue
    const { interpreter, machine = '' } = await readElf(reader)
    const [first = ''] = Object.values(loaders)
    subjects.push({ path: entry.path, loader: interpreter ?? loaders[machine] ?? first })
  }
  const { binaries } = await audit(image, [])
  return { subjects, audited: new Map(binaries.map((binary) => [binary.path, binary])) }
}

const ELF_MAGIC = Buffer.from('\x7fELF', 'latin1')

function question({ path, loader }: Subject, { list }: Asked): Command {
  return list ? ['LC_ALL=C', loader, '--list', path] : ['LC_ALL=C', 'LD_TRACE_LOADED_OBJECTS=1', loader, path]
}

interface Verdict {
  readonly path: string
  readonly outcome: 'listed' | 'nothing to load' | 'not loadable' | 'not for this machine'
  readonly loader: Said
  readonly ours: Said
}

type Said = Trace | 'not loadable' | 'not asked'

function judge({ path, loader }: Subject, answer: Answer, binary: AuditedBinary | undefined): Verdict {
  // The kernel takes no x32 programs here.
  if (answer.status === ENOEXEC)
    return { path, outcome: 'not for this machine', loader: 'not asked', ours: 'not asked' }
  const trace = withoutLoader(parseTrace(answer), loader)
  const ours = said(binary, loader)
  if (answer.status === 0 || trace.missing.length > 0) {
    const empty = trace.opened.length + trace.missing.length === 0
    return { path, outcome: empty ? 'nothing to load' : 'listed', loader: trace, ours }
  }
  // glibc's loader crashes on a static program, musl's refuses it; both refuse object files.
  const unloadable = binary === undefined || UNLOADABLE.includes(binary.kind)
  return { path, outcome: 'not loadable', loader: 'not loadable', ours: unloadable ? 'not loadable' : ours }
}

const UNLOADABLE: readonly AuditedBinary['kind'][] = ['static', 'object', 'unknown']

/** What the tracer says when the kernel does not take a loader. */
const ENOEXEC = 126

function said(binary: AuditedBinary | undefined, loader: string): Said {
  if (binary === undefined) return 'not asked'
  const libraries = binary.libraries.filter(({ realPath }) => realPath !== binary.loader?.realPath)
  const opened = [...new Set(libraries.map(({ path }) => path))]
  const missing = [...new Set(binary.missing.map(({ name }) => name))].sort()
  return withoutLoader({ opened, missing }, loader)
}

/** A trace always names the loader, whether something needs it or not. */
function withoutLoader({ opened, missing }: Trace, loader: string): Trace {
  return { opened: opened.filter((path) => path !== loader), missing }
}

function summary(verdicts: readonly Verdict[]): string {
  const asked = verdicts.filter(({ loader }) => loader !== 'not asked')
  const agree = asked.filter(({ loader, ours }) => JSON.stringify(loader) === JSON.stringify(ours))
  const counts = new Map<string, number>()
  for (const { outcome } of verdicts) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const missing = asked.filter(({ loader }) => typeof loader === 'object' && loader.missing.length > 0)
  const classes = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
  return `${agree.length} of ${asked.length} agree (${classes}; ${missing.length} with names missing)`
}
