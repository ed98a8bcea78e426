import { dlopened } from '../closure/closure.js'
import type { ElfFile } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import { type Trail, trailOf } from '../rootfs/follow.js'
import { isInside, join, normalise, parent, type RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import type { Observed, Trace } from '../trace/trace.js'
import type { Placed } from './check.js'
import type { Examination } from './examine.js'
import { finding } from './finding.js'
import { examineFully } from './ldd.js'
import type { Why } from './lift.js'
import type { Lifting } from './lifting.js'
import { findProgram } from './programs.js'

/** What a run has loaded and started: what is resolved again in the lifted tree, and what else was examined. */
export interface Seen {
  readonly placed: readonly Placed[]
  readonly examined: readonly Examination[]
}

/**
 * Takes along the files of the image that runs were seen to read, start or look at (Python takes no compiled module
 * without a look at its source), with what those of them load that were opened. What lies where every container has
 * something of its own is left out, and so is what the run itself has written.
 */
export async function gatherObserved(
  lifting: Lifting,
  traces: readonly Trace[],
  programs: readonly Placed[],
): Promise<Seen> {
  const run: Run = { lifting, programs, placed: [], examined: [], files: 0, added: 0, absent: [] }
  const observed = traces.flatMap((trace) => trace.observed)
  const sorted = [...observed].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  for (const one of sorted) await meet(run, one)
  addFindings(run, traces)
  return run
}

interface Run extends Seen {
  readonly lifting: Lifting
  readonly programs: readonly Placed[]
  readonly placed: Placed[]
  readonly examined: Examination[]
  files: number
  added: number
  readonly absent: string[]
}

async function meet(run: Run, observed: Observed): Promise<void> {
  run.lifting.signal?.throwIfAborted()
  const { environment } = run.lifting.examiner
  const { path, how } = observed
  if (isOutside(normalise(join(environment.workingDir, path)))) return
  if (how === 'made') return takeDirectoryOf(run, observed)
  const trail = await trailIn(run.lifting, path)
  const { end } = trail ?? {}
  if (end !== undefined && isOutside(end.path)) return
  if (end?.kind === 'directory') return takeDirectory(run.lifting, trail!, whyOf(observed))
  if (end?.kind === 'file') await takeFile(run, observed, trail!, end)
  else if (end === undefined && how !== 'looked at') run.absent.push(path)
  run.files++
}

/** What an engine or the kernel puts into each container, and what the loader's own rules decide about. */
const OUTSIDE: readonly RootPath[] = ['/proc', '/sys', '/dev', '/run', '/var/run', '/tmp', '/var/tmp']
const OTHERS: readonly string[] = [
  ...['/etc/resolv.conf', '/etc/hostname', '/etc/mtab'],
  ...['/etc/ld.so.cache', '/etc/ld.so.preload'],
]

function isOutside(path: RootPath): boolean {
  return path === '/' || OTHERS.includes(path) || OUTSIDE.some((one) => isInside(path, one))
}

/** What cannot be looked at is not there for the lift either. */
async function trailIn({ examiner }: Lifting, path: string): Promise<Trail | undefined> {
  try {
    return await examiner.files.trail(path, examiner.environment.workingDir)
  } catch (error) {
    if (error instanceof LiftError && error.code === 'unreadable') return undefined
    throw error
  }
}

function whyOf({ path, by = '' }: Observed): Why {
  return { neededBy: by, name: path, rule: 'observed' }
}

/** A file can only be made in a directory that is there. */
async function takeDirectoryOf({ lifting }: Run, observed: Observed): Promise<void> {
  const directory = parent(normalise(join(lifting.examiner.environment.workingDir, observed.path)))
  if (isOutside(directory)) return
  const trail = await trailIn(lifting, directory)
  if (trail?.end?.kind === 'directory') await takeDirectory(lifting, trail, whyOf(observed))
}

/** A Dockerfile has no way to copy a directory without what lies in it. */
async function takeDirectory({ gathering, layout }: Lifting, trail: Trail, why: Why): Promise<void> {
  if (layout === 'tree' && trail.end?.kind === 'directory') gathering.addBareDirectory(trail, trail.end, why)
}

async function takeFile(run: Run, observed: Observed, trail: Trail, file: FileEntry): Promise<void> {
  const { examiner, gathering } = run.lifting
  if (isAsked(run, file) && observed.how === 'run') return
  const isNew = !gathering.has(trail.asked)
  const { elf } = await examiner.files.read(file)
  const host = elf?.kind === 'library' ? hostOf(run, elf) : undefined
  const why = whyOf({ by: host?.baseline?.program.name ?? '', ...observed })
  gathering.addIncluded({ path: trail.asked, trail, end: file }, why, roleOf(observed, elf))
  if (!isNew) return
  run.added++
  if (observed.how === 'looked at') return
  if (elf?.kind === 'library') await takeLibrary(run, host, trail, file, elf)
  else if (elf?.kind === 'program') await takeProgram(run, trail, file, elf)
  else if (elf === undefined && observed.how === 'run') await takeInterpreters(run, trail.asked)
}

/** A program that is lifted has its place already. */
function isAsked({ programs }: Run, file: FileEntry): boolean {
  return programs.some(({ examination }) => examination.file.path === file.path)
}

function roleOf({ how }: Observed, elf: ElfFile | undefined) {
  if (elf?.kind === 'library') return 'library'
  if (how !== 'run') return 'data'
  return elf === undefined ? 'script' : 'program'
}

/**
 * A library is loaded into a program, whose own libraries and RPATH serve it too. What it misses there was not found
 * in the run either, or was found by a way that is observed itself, so that is no fault.
 */
async function takeLibrary(
  run: Run,
  host: Examination | undefined,
  trail: Trail,
  file: FileEntry,
  elf: ElfFile,
): Promise<void> {
  const { gathering, examiner } = run.lifting
  if (host?.baseline === undefined || host.loader === undefined) {
    const examination = await examineFully(examiner, trailOf(file), file, elf).catch(unlessUnsupported)
    if (examination === undefined) return
    gathering.addClosures(examination, { rule: 'observed' })
    run.examined.push(examination)
    return
  }
  const { secure: _, ...rest } = host
  const baseline = await dlopened(host.baseline, host.loader, [trail.asked], host.baseline.program)
  const opened: Examination = { ...rest, baseline, variants: [], findings: [] }
  gathering.addClosures(opened, { rule: 'observed' })
  run.examined.push(opened)
}

/** The first program that could load a library. */
function hostOf({ programs }: Run, elf: ElfFile): Examination | undefined {
  return programs.find(({ examination }) => isHostOf(examination, elf))?.examination
}

function isHostOf({ baseline, elf: host }: Examination, elf: ElfFile): boolean {
  return baseline !== undefined && host.machine === elf.machine && host.class === elf.class
}

async function takeProgram(run: Run, trail: Trail, file: FileEntry, elf: ElfFile): Promise<void> {
  const { examiner, gathering, layout } = run.lifting
  const examination = await examineFully(examiner, trail, file, elf).catch(unlessUnsupported)
  if (examination === undefined) return
  gathering.addClosures(examination)
  run.placed.push({ examination, at: layout === 'tree' ? file.path : trail.asked })
}

/** A script is told as it was started, and the kernel's own start of its interpreter not at all. */
async function takeInterpreters(run: Run, script: RootPath): Promise<void> {
  const { examiner, gathering } = run.lifting
  const found = await findProgram(examiner.files, examiner.environment, script).catch(unlessLiftError)
  for (const { trail, file, elf, why } of found?.chain.slice(1) ?? []) {
    if (gathering.has(trail.asked)) continue
    gathering.addIncluded(
      { path: trail.asked, trail, end: file },
      why,
      elf === undefined ? 'script' : 'program',
    )
    if (elf !== undefined) await takeProgram(run, trail, file, elf)
  }
}

function unlessUnsupported(error: unknown): undefined {
  if (error instanceof LiftError && error.code === 'unsupported') return undefined
  throw error
}

function unlessLiftError(error: unknown): undefined {
  if (error instanceof LiftError && error.code !== 'interrupted') return undefined
  throw error
}

function addFindings({ lifting: { gathering }, files, added, absent }: Run, traces: readonly Trace[]): void {
  gathering.addFindings([finding({ kind: 'observed', files, added, absent })])
  const names = traces.reduce((sum, { unclear }) => sum + unclear, 0)
  if (names > 0) gathering.addFindings([finding({ kind: 'trace-unclear', names })])
}
