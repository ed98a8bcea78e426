import type { Image } from '../image/image.js'
import type { Placed } from './check.js'
import { planAndCheck } from './checked-plan.js'
import { treeAndCheck } from './checked-tree.js'
import { type ExamineOptions, examinerOf } from './examiner.js'
import type { Finding, FindingKind } from './finding.js'
import { Gathering } from './gathering.js'
import type { Answer, Lift, LiftedProgram, TreeLift } from './lift.js'
import { liftIncluded } from './lift-included.js'
import { liftProgram, type PlacedProgram } from './lift-program.js'
import type { Layout, Lifting } from './lifting.js'
import { report } from './report.js'

/** What a lift may be told besides what to lift. */
export interface LiftOptions extends ExamineOptions {
  /** Paths to have along: files, directories, patterns; ELF files in them are resolved too. */
  readonly include?: readonly string[]
}

/**
 * Finds everything the programs need, plans the tree that holds nothing else, and resolves it again as a check.
 * Throws LiftError when there is no answer; an answer with faults has them in `findings`.
 */
export async function lift(
  image: Image,
  binaries: readonly string[],
  options: LiftOptions = {},
): Promise<Lift> {
  const gathered = await gather(image, binaries, options, 'copies')
  const plan = await planAndCheck(gathered.lifting, gathered.placed)
  const { copies, directories } = plan
  return { ...answer(image, gathered, plan.findings), copies, directories }
}

/**
 * The same with the tree as the image itself has it: files at their places, links, directories with their modes and
 * owners, and a cache of the loader's that lists nothing else.
 */
export async function liftTree(
  image: Image,
  binaries: readonly string[],
  options: LiftOptions = {},
): Promise<TreeLift> {
  const gathered = await gather(image, binaries, options, 'tree')
  const { tree, findings } = await treeAndCheck(gathered.lifting, gathered.placed)
  const said = answer(image, gathered, findings)
  return { ...said, findings: said.findings.filter(({ kind }) => !OF_DOCKERFILES.has(kind)), tree }
}

/** What is no trouble where links, owners, capabilities and any text can be kept. */
const OF_DOCKERFILES: ReadonlySet<FindingKind> = new Set<FindingKind>([
  'same-file-twice',
  'setuid',
  'capabilities',
  'environment-dropped',
  'user',
  'unpinned',
])

interface Gathered {
  readonly lifting: Lifting
  readonly programs: readonly LiftedProgram[]
  readonly placed: readonly Placed[]
}

async function gather(
  image: Image,
  binaries: readonly string[],
  options: LiftOptions,
  layout: Layout,
): Promise<Gathered> {
  const lifting: Lifting = {
    examiner: examinerOf(image, options),
    platform: image.platform,
    gathering: new Gathering(),
    layout,
  }
  const programs: PlacedProgram[] = []
  for (const asked of binaries) {
    options.signal?.throwIfAborted()
    options.onStep?.(`resolving ${asked}`)
    programs.push(await liftProgram(lifting, asked))
  }
  const placed = programs.flatMap((program) => program.placed)
  for (const pattern of options.include ?? []) placed.push(...(await liftIncluded(lifting, pattern)))
  return { lifting, programs: programs.map(({ program }) => program), placed }
}

function answer(image: Image, { lifting, programs }: Gathered, planned: readonly Finding[]): Answer {
  return report(image, programs, lifting.gathering, planned)
}
