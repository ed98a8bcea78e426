import { readElf } from '../../src/elf/elf.js'
import { type AuditedBinary, audit, type Image, openImage, type RootPath } from '../../src/index.js'
import type { Outcome } from '../../src/loader/loader.js'
import { walk } from '../../src/rootfs/walk.js'
import { type Answer, type Command, parseTrace, runInside, type Trace } from '../support/trace.js'

/** A root whose own loaders are asked. */
export interface Asked {
  readonly folder: string
  /** For files without an interpreter, by machine; files of other machines are not asked about. */
  readonly loaders: Readonly<Record<string, string>>
  /** The architecture in the name of the emulator that runs the loaders. */
  readonly emulator?: string
  /** Whether the loader lists with `--list`, as musl's does, and not by a variable. */
  readonly list?: boolean
  /** LD_LIBRARY_PATH, for the loader and for us. */
  readonly libraryPath?: string
}

/** What became of one ELF file of a root, and what both sides say of it. */
export interface Verdict {
  readonly path: string
  readonly outcome:
    | 'listed'
    | 'nothing to load'
    | 'not loadable'
    | 'stops at a broken file'
    | 'not for this machine'
  readonly loader: Said
  readonly ours: Said
}

type Said = Trace | 'not loadable' | 'stops at a broken file' | 'not asked'

/** Puts every ELF file of the root, by its real path, to the loader and to the audit. */
export async function askBoth(asked: Asked): Promise<readonly Verdict[]> {
  await using image = await openImage(`dir:${asked.folder}`)
  const subjects = await elfFiles(image, asked)
  const questions = subjects.flatMap((subject) => question(subject, asked))
  const emulator = asked.emulator && `/usr/bin/qemu-${asked.emulator}-static`
  const answers = (await runInside(asked.folder, questions, emulator)).values()
  const { binaries } = await audit(withLibraryPath(image, asked.libraryPath), [])
  const audited = new Map<string, AuditedBinary>(binaries.map((binary) => [binary.path, binary]))
  return subjects.map((subject) => {
    const answer = subject.loader === undefined ? undefined : answers.next().value
    return judge(subject, answer, audited.get(subject.path))
  })
}

/** The verdicts on which the two sides differ. */
export function differing(verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.filter(({ loader, ours }) => JSON.stringify(loader) !== JSON.stringify(ours))
}

/** Counts for a reader: how many agree, and what was asked. */
export function summary(verdicts: readonly Verdict[]): string {
  const asked = verdicts.filter(({ loader }) => loader !== 'not asked')
  const counts = new Map<string, number>()
  for (const { outcome } of verdicts) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const missing = asked.filter(({ loader }) => typeof loader === 'object' && loader.missing.length > 0)
  const classes = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
  const agree = asked.length - differing(asked).length
  return `${agree} of ${asked.length} agree (${classes}; ${missing.length} with names missing)`
}

interface Subject {
  readonly path: RootPath
  readonly loader: string | undefined
}

async function elfFiles({ rootfs }: Image, { loaders }: Asked): Promise<readonly Subject[]> {
  const subjects: Subject[] = []
  for await (const entry of walk(rootfs, '/')) {
    if (entry.kind !== 'file') continue
    const reader = rootfs.open(entry)
    if (!ELF_MAGIC.equals(await reader.read(0, 4))) continue
    const { interpreter, machine = '' } = await readElf(reader)
    subjects.push({ path: entry.path, loader: interpreter ?? loaders[machine] })
  }
  return subjects
}

const ELF_MAGIC = Buffer.from('\x7fELF', 'latin1')

function withLibraryPath(image: Image, libraryPath: string | undefined): Image {
  if (libraryPath === undefined) return image
  return { ...image, config: { ...image.config, env: [`LD_LIBRARY_PATH=${libraryPath}`] } }
}

function question({ path, loader }: Subject, { list, libraryPath }: Asked): readonly Command[] {
  if (loader === undefined) return []
  const environment = ['LC_ALL=C', ...(libraryPath === undefined ? [] : [`LD_LIBRARY_PATH=${libraryPath}`])]
  return [list ? [...environment, loader, '--list', path] : [...environment, TRACE, loader, path]]
}

const TRACE = 'LD_TRACE_LOADED_OBJECTS=1'

function judge(
  { path, loader }: Subject,
  answer: Answer | undefined,
  binary: AuditedBinary | undefined,
): Verdict {
  // The kernel may take no x32 programs.
  if (loader === undefined || answer === undefined || answer.status === ENOEXEC) {
    return { path, outcome: 'not for this machine', loader: 'not asked', ours: 'not asked' }
  }
  const trace = withoutLoader(parseTrace(answer), loader)
  const ours = said(binary, loader)
  if (answer.status === 0 || trace.missing.length > 0) {
    const empty = trace.opened.length + trace.missing.length === 0
    return { path, outcome: empty ? 'nothing to load' : 'listed', loader: trace, ours }
  }
  const culprit = LOADING_ERROR.exec(answer.stderr)?.[1]
  if (culprit !== undefined && culprit !== path) {
    return { path, outcome: 'stops at a broken file', loader: 'stops at a broken file', ours }
  }
  // glibc's loader crashes on a static program, musl's refuses it; both refuse object files.
  const unloadable = binary === undefined || UNLOADABLE.includes(binary.kind)
  return { path, outcome: 'not loadable', loader: 'not loadable', ours: unloadable ? 'not loadable' : ours }
}

/** What the tracer says when the kernel does not take a loader. */
const ENOEXEC = 126
/** glibc names the program, then the file it cannot take. */
const LOADING_ERROR = /error while loading shared libraries: (\S+): /
const UNLOADABLE: readonly AuditedBinary['kind'][] = ['static', 'object', 'unknown']

function said(binary: AuditedBinary | undefined, loader: string): Said {
  if (binary === undefined) return 'not asked'
  const broken = binary.missing.some(({ attempts }) => BROKEN.includes(attempts.at(-1)?.outcome ?? 'absent'))
  if (broken) return 'stops at a broken file'
  const libraries = binary.libraries.filter(({ realPath }) => realPath !== binary.loader?.realPath)
  const opened = [...new Set(libraries.map(({ path }) => path))]
  const missing = [...new Set(binary.missing.map(nameOpened))].sort()
  return withoutLoader({ opened, missing }, loader)
}

/** These make glibc's loader stop; a link loop only ends one list. */
const BROKEN: readonly Outcome[] = [
  'directory',
  'special file',
  'too short',
  'not elf',
  'other byte order',
  'invalid header',
  'not loadable',
  'executable',
]

/** A trace names a missing file by the path that was opened where the name itself is a path with tokens. */
function nameOpened({ name, attempts }: AuditedBinary['missing'][number]): string {
  return name.includes('$') ? (attempts[0]?.path ?? name) : name
}

/** A trace always names the loader, whether something needs it or not. */
function withoutLoader({ opened, missing }: Trace, loader: string): Trace {
  return { opened: opened.filter((path) => path !== loader), missing }
}
