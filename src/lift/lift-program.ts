import type { Closure } from '../closure/closure.js'
import { LiftError } from '../errors.js'
import type { LoadedObject } from '../loader/loader.js'
import { basename, join, parent, type RootPath } from '../rootfs/path.js'
import type { Placed } from './check.js'
import type { Examination } from './examine.js'
import { finding } from './finding.js'
import { examineFully } from './ldd.js'
import type { LiftedProgram, Why } from './lift.js'
import { addFaults, type Lifting } from './lifting.js'
import { findProgram, type Started } from './programs.js'

/** A program of a lift, and what is resolved again in the planned tree. */
export interface PlacedProgram {
  readonly program: LiftedProgram
  readonly placed: readonly Placed[]
}

/** Finds a program and its chain of interpreters, and gathers what each of them needs. */
export async function liftProgram(lifting: Lifting, asked: string): Promise<PlacedProgram> {
  const { examiner, gathering } = lifting
  const { chain, findings } = await findProgram(examiner.files, examiner.environment, asked)
  gathering.addFindings(findings)
  const steps: Step[] = []
  for (const started of chain) steps.push(await examineStep(lifting, started, chain[0]))
  for (const step of steps) await gatherStep(lifting, step)
  return {
    program: describeProgram(asked, steps),
    placed: steps.flatMap(placesOf),
  }
}

/**
 * Gathers a program that others start where it lies, with its chain of interpreters and what each of them needs.
 * Undefined for what Linux would not start.
 */
export async function liftStarted(
  lifting: Lifting,
  path: RootPath,
  why: Why,
  tell: typeof addFaults,
): Promise<readonly Placed[] | undefined> {
  const chain = await findStarted(lifting, path, why)
  const steps: Step[] = []
  for (const started of chain) {
    const step = await startable(examineStep(lifting, started, undefined))
    if (step === undefined) return undefined
    steps.push(step)
  }
  for (const step of steps) await gatherStep(lifting, step, tell)
  return chain.length === 0 ? undefined : steps.flatMap(placesOf)
}

/** A program and its chain of interpreters, as far as they are there; nothing for what Linux would not start. */
export async function findStarted(
  { examiner }: Lifting,
  path: RootPath,
  why: Why,
): Promise<readonly Started[]> {
  const program = await startable(findProgram(examiner.files, examiner.environment, path, why))
  return program?.chain ?? []
}

async function startable<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof LiftError && UNSTARTABLE.has(error.code)) return undefined
    throw error
  }
}

const UNSTARTABLE: ReadonlySet<string> = new Set(['not-elf', 'malformed-elf', 'not-a-file', 'unsupported'])

/** One file of a chain, examined if it is an ELF file, and where the planned tree has it. */
interface Step {
  readonly started: Started
  readonly examination: Examination | undefined
  readonly at: RootPath
}

function placesOf({ examination, at }: Step): readonly Placed[] {
  return examination === undefined ? [] : [{ examination, at }]
}

/** Only the first of what was asked for may be moved. */
async function examineStep(
  { examiner, layout }: Lifting,
  started: Started,
  first: Started | undefined,
): Promise<Step> {
  const { trail, file, elf } = started
  const examination = elf === undefined ? undefined : await examineFully(examiner, trail, file, elf)
  const isMoved = layout === 'copies' && started === first
  return { started, examination, at: isMoved ? placeOf(started, examination) : trail.asked }
}

/** Its real path; the link's own place where only that keeps the name it is called by, and no $ORIGIN is at stake. */
function placeOf({ trail, file }: Started, examination: Examination | undefined): RootPath {
  const name = basename(trail.asked)
  if (name === basename(file.path) || name === '' || name === '.' || name === '..') return file.path
  const { rpath = '', runpath = '', needed = [] } = examination?.elf.dynamic ?? {}
  if (`${rpath}${runpath}${needed.join('')}`.includes('ORIGIN')) return file.path
  const link = trail.links.findLast((entry) => basename(entry.path) === name)
  return link === undefined ? file.path : join(parent(link.path), name)
}

async function gatherStep(
  lifting: Lifting,
  { started, examination, at }: Step,
  tell: typeof addFaults = addFaults,
): Promise<void> {
  const { gathering } = lifting
  const { file, trail } = started
  gathering.addStarted(started, at, examination)
  if ((file.mode & 0o111) === 0 && examination?.kind !== 'library') {
    gathering.addFindings([finding({ kind: 'not-executable', program: trail.asked })])
  }
  if (examination !== undefined) await tell(lifting, examination)
}

function describeProgram(asked: string, steps: readonly Step[]): LiftedProgram {
  const [{ started: first, at, examination: own }, next] = steps as [Step, ...Step[]]
  const examination = own ?? steps.findLast((step) => step.examination !== undefined)?.examination
  const interpreter = first.elf === undefined ? next?.started.trail.asked : first.elf.interpreter
  const machine = examination?.elf.machine
  return {
    asked,
    path: first.trail.asked,
    realPath: first.file.path,
    kind: first.elf === undefined ? 'script' : (examination?.kind ?? 'program'),
    command: [at],
    ...(interpreter === undefined ? {} : { interpreter }),
    ...(machine === undefined ? {} : { machine }),
    libraries:
      examination?.baseline === undefined ? [] : librariesOf(examination.baseline).map(({ name }) => name),
  }
}

/** In load order, without program and loader. */
function librariesOf(closure: Closure): readonly LoadedObject[] {
  return closure.objects.filter((object) => object !== closure.program && object !== closure.loader)
}
