import { dlopened } from '../closure/closure.js'
import { LiftError } from '../errors.js'
import type { ImageConfig } from '../image/config.js'
import type { RootFiles } from '../loader/files.js'
import type { Need, Surroundings } from '../needs/finder.js'
import { findersOf, type NamedFinder } from '../needs/index.js'
import type { RootPath } from '../rootfs/path.js'
import type { Placed } from './check.js'
import type { ChosenNeeds } from './chosen-needs.js'
import { missingOf } from './closure-findings.js'
import type { Examination } from './examine.js'
import { finding } from './finding.js'
import type { Included } from './include.js'
import type { Why } from './lift.js'
import { liftElfFiles } from './lift-included.js'
import { liftStarted } from './lift-program.js'
import { addFaults, type Lifting } from './lifting.js'
import { addFaultsOfNeed } from './need-faults.js'
import { type Asked, askedBy, newSubjects } from './need-subjects.js'
import { addNotTaken, type Found, type NotTaken } from './not-taken.js'
import { languageIn, type Source, scriptOf, sourcesIn } from './scripts.js'
import { shownFiles, unlessRefused } from './shown-files.js'
import { isShell, outsideOf } from './taken-directory.js'

/**
 * Asks the finders about everything that is loaded, takes along what is chosen of their answers, and asks again about
 * what that loads, until nothing is new. Gives the ELF files among it, with their places.
 */
export async function gatherNeeds(
  lifting: Lifting,
  config: ImageConfig,
  placed: readonly Pick<Placed, 'examination'>[],
  chosen: ChosenNeeds,
): Promise<readonly Placed[]> {
  if (chosen.finders.length === 0) return []
  const finders = await findersOf(chosen.finders)
  const asked = askedBy(finders.map(({ finder }) => finder))
  const surroundings = { files: shownFiles(lifting.examiner.files), config }
  const run: Run = { lifting, chosen, finders, surroundings, ...nothingYet() }
  for (const { examination } of placed) run.pending.push(examination)
  await addScripts(run)
  for (let index = 0; index < run.pending.length; index++) {
    lifting.signal?.throwIfAborted()
    const next = run.pending[index]!
    await ('language' in next ? askAboutCode(run, next) : askAboutObjects(run, asked, next))
    await addScripts(run)
  }
  await addNotTaken(lifting, surroundings.files, run.left, chosen)
  return run.placed
}

/** A program of some hundred libraries has some hundred; each object can say any number of them. */
const MOST_NEEDS = 50_000

interface Run {
  readonly lifting: Lifting
  readonly chosen: ChosenNeeds
  readonly finders: readonly NamedFinder[]
  readonly surroundings: Surroundings
  /** What finders have not been asked about; grows as needs are met. */
  readonly pending: (Examination | Source)[]
  readonly placed: Placed[]
  readonly left: NotTaken[]
  /** The files that finders have been asked about. */
  readonly seen: Set<string>
  scripts: number
  taken: number
  told: number
}

function nothingYet(): Pick<Run, 'pending' | 'placed' | 'left' | 'seen' | 'scripts' | 'taken' | 'told'> {
  return { pending: [], placed: [], left: [], seen: new Set(), scripts: 0, taken: 0, told: 0 }
}

async function askAboutObjects(run: Run, asked: Asked, examination: Examination): Promise<void> {
  const { surroundings, seen } = run
  for (const subject of await newSubjects(surroundings.files.rootfs, asked, examination, seen)) {
    const within = { subject, examination }
    for (const { name, finder } of run.finders) {
      const answer = finder.find(subject, surroundings)
      const needs = answer instanceof Promise ? await answer : answer
      for (const need of needs) await meet(run, { finder: name, need, asker: subject.object.name, within })
    }
  }
}

async function askAboutCode(run: Run, source: Source): Promise<void> {
  const { path } = source.file
  if (run.seen.has(path)) return
  run.seen.add(path)
  const script = await scriptOf(run.surroundings.files, source)
  for (const { name, finder } of run.finders) {
    const needs = (await finder.findInScript?.(script, run.surroundings)) ?? []
    for (const need of needs) await meet(run, { finder: name, need, asker: path })
  }
}

/** Scripts that are started since this was called before. */
async function addScripts(run: Run): Promise<void> {
  const { scripts } = run.lifting.gathering
  for (; run.scripts < scripts.length; run.scripts++) {
    const file = scripts[run.scripts]!
    const language = await languageIn(run.surroundings.files, file)
    if (language !== undefined) run.pending.push({ file, language })
  }
}

async function meet(run: Run, found: Found): Promise<void> {
  const { finder, need, asker: neededBy } = found
  run.lifting.signal?.throwIfAborted()
  const isTaken = need.kind !== 'unclear' && run.chosen.takes(finder, need.confidence)
  const count = isTaken ? ++run.taken : ++run.told
  if (count > MOST_NEEDS && isTaken)
    throw new LiftError('limit', 'the programs have too many needs to be followed')
  if (count > MOST_NEEDS) return
  if (need.kind === 'unclear')
    run.lifting.gathering.addFindings([finding({ kind: 'need-unclear', finder, neededBy, reason: need.why })])
  else if (!isTaken) run.left.push(found)
  else if (need.kind === 'library') await takeLibrary(run, found, need)
  else if (need.kind === 'bare-directory') await takeBareDirectory(run, found, need.path)
  else await takePath(run, found, need)
}

type LibraryNeed = Extract<Need, { kind: 'library' }>
type PathNeed = Extract<Need, { kind: 'path' | 'program' | 'source' }>

function reasonFor(found: Found, name: string): Why {
  return { neededBy: found.asker, name, ...openingOf(found) }
}

function openingOf({ finder, need: { confidence, why } }: Found) {
  return { rule: `need:${finder}`, confidence, reason: why } as const
}

async function takeBareDirectory(run: Run, found: Found, path: RootPath): Promise<void> {
  const { examiner, gathering, layout } = run.lifting
  const trail = await examiner.files.trail(path, '/')
  const { end } = trail
  const why = reasonFor(found, path)
  if (end?.kind !== 'directory') return
  if (layout === 'tree') gathering.addBareDirectory(trail, end, why)
  else if (await isEmpty(examiner.files, end.path)) gathering.addIncluded({ path, trail, end }, why)
  else run.left.push({ ...found, option: 'liftbin build' })
}

/** A directory that cannot be listed is some user's own. */
async function isEmpty({ rootfs }: RootFiles, directory: RootPath): Promise<boolean> {
  const found = await unlessRefused<readonly unknown[]>(() => rootfs.list(directory), [directory])
  return found.length === 0
}

/** Paths of other distributions are not there, which is no fault. */
async function takePath(run: Run, found: Found, need: PathNeed): Promise<void> {
  const { examiner, gathering } = run.lifting
  const { kind, path } = need
  const trail = await examiner.files.trail(path, '/')
  const { end } = trail
  if (end?.kind !== 'file' && end?.kind !== 'directory') return
  const why = reasonFor(found, path)
  const except = kind === 'path' ? need.except : undefined
  const isNew = !gathering.hasWhole(path, except)
  if (kind === 'program') {
    const placed = isNew ? await liftStarted(run.lifting, path, why, tellingFor(found)) : undefined
    if (placed !== undefined) return follow(run, placed)
  }
  const included = { path, trail, end, ...(except === undefined ? {} : { except }) }
  gathering.addIncluded(included, why)
  if (kind === 'source') run.pending.push(...(await sourcesIn(examiner.files, end, need.language)))
  if (!isNew) return
  follow(run, await liftElfFiles(run.lifting, included, tellingFor(found)))
  if (end.kind === 'directory') await takeOutside(run, found, included)
}

/** Only what is declared to be required has to be whole. */
function tellingFor({ finder, need }: Found): typeof addFaults {
  if (need.confidence === 'certain') return addFaults
  return (lifting, examination) => addFaultsOfNeed(lifting, examination, finder)
}

/** What is loaded now is asked about in turn. */
function follow(run: Run, placed: readonly Placed[]): void {
  run.placed.push(...placed)
  run.pending.push(...placed.map(({ examination }) => examination))
}

/** What starts scripts may be large; where it is no shell, it is for those who need these very scripts. */
async function takeOutside(run: Run, found: Found, directory: Included): Promise<void> {
  const { linked, interpreters } = await outsideOf(run.lifting, directory)
  for (const { included, why } of linked) {
    run.lifting.gathering.addIncluded(included, why)
    follow(run, await liftElfFiles(run.lifting, included, tellingFor(found)))
  }
  for (const { script, chain } of interpreters) {
    const confidence = isShell(chain) ? found.need.confidence : 'possible'
    for (const { trail } of chain) {
      const need: Need = { kind: 'program', path: trail.asked, confidence, why: 'is a script for it' }
      await meet(run, { ...found, need, asker: script })
    }
  }
}

/** What the program loads for it is loaded with all that it has loaded before. */
async function takeLibrary(
  run: Run,
  found: Found,
  { names, confidence, why: reason }: LibraryNeed,
): Promise<void> {
  const { finder, asker: neededBy, within } = found
  const { gathering } = run.lifting
  if (within?.examination.loader === undefined) return
  const { subject, examination } = within
  const baseline = await dlopened(subject.closure, examination.loader!, names, subject.object)
  const { secure: _, ...rest } = examination
  const opening = { names, from: subject.object, after: examination }
  const opened: Examination = { ...rest, baseline, opening, variants: [], findings: [] }
  if (baseline.edges.some(({ kind, resolution }) => kind === 'dlopen' && resolution.found !== undefined)) {
    gathering.addClosures(opened, openingOf(found))
    await tellingFor(found)(run.lifting, opened)
    run.pending.push(opened)
    return
  }
  const [name = ''] = names
  if (confidence === 'certain') {
    const edges = baseline.edges.slice(0, 1).map((edge) => ({ ...edge, kind: 'needed' as const }))
    const missing = missingOf({ ...baseline, edges })
    gathering.addMissing(missing)
    for (const one of missing) gathering.addFindings([finding({ kind: 'library-missing', ...one })])
  } else if (confidence === 'likely')
    gathering.addFindings([finding({ kind: 'need-missing', finder, name, neededBy, reason })])
}
