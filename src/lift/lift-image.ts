import { LiftError } from '../errors.js'
import { EMPTY_CONFIG, mergedEnv } from '../image/config.js'
import type { Image } from '../image/image.js'
import type { Trace } from '../trace/trace.js'
import type { Placed } from './check.js'
import { planAndCheck } from './checked-plan.js'
import { treeAndCheck } from './checked-tree.js'
import { chosenNeeds, type NeedOptions } from './chosen-needs.js'
import { type ExamineOptions, examinerOf } from './examiner.js'
import { type Finding, type FindingKind, finding } from './finding.js'
import { Gathering } from './gathering.js'
import { withGenerated } from './generated-entries.js'
import type { Answer, Lift, LiftedProgram, TreeLift } from './lift.js'
import { liftIncluded } from './lift-included.js'
import { liftProgram, type PlacedProgram } from './lift-program.js'
import type { Layout, Lifting } from './lifting.js'
import { gatherNeeds } from './needs.js'
import type { Seen } from './observed.js'
import { gatherPackages, type Packages } from './packages.js'
import { report } from './report.js'
import { startedWith } from './started-with.js'
import { treeRootFs } from './tree-rootfs.js'
import { keptUser } from './user.js'

/** Throws LiftError 'usage' where nothing is to be lifted, or by an empty path all of the image. */
export function checkWanted(binaries: readonly string[], { include = [] }: LiftOptions): void {
  if (include.includes(''))
    throw new LiftError('usage', 'a path to include is empty', {
      hint: 'Is it a variable that is not set? All of the image is /.',
    })
  if (binaries.length > 0 || include.length > 0) return
  throw new LiftError('usage', 'neither a binary nor --include says what to lift', {
    hint: 'Name a program of the image, or share its files by --include PATH alone.',
  })
}

/** What a lift may be told besides what to lift. */
export interface LiftOptions extends ExamineOptions, NeedOptions {
  /** Paths to have along: files, directories, patterns; ELF files in them are resolved too. */
  readonly include?: readonly string[]
  /** What runs were seen to open, which is taken along. */
  readonly traces?: readonly Trace[]
  /** Whether the new root tells which packages its files are from, in a reduced copy of the image's database. */
  readonly packages?: 'none' | 'reduced'
}

/**
 * Finds everything the programs need, plans the tree that holds nothing else, and resolves it again as a check.
 * Throws LiftError when there is no answer; an answer with faults has them in `findings`.
 */
export async function lift(
  source: Image,
  binaries: readonly string[],
  options: LiftOptions = {},
): Promise<Lift> {
  const image = atWork(source, binaries)
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
  source: Image,
  binaries: readonly string[],
  options: LiftOptions = {},
): Promise<TreeLift> {
  const image = atWork(source, binaries)
  const gathered = await gather(image, binaries, options, 'tree')
  const checked = await treeAndCheck(gathered.lifting, gathered.placed)
  const tree = await withGenerated(image.rootfs, checked.tree, gathered.packages?.generated ?? [])
  const { findings, ...user } = await keptUser(
    image,
    treeRootFs({ tree, open: (file) => image.rootfs.open(file) }),
  )
  const said = answer(image, gathered, [...checked.findings, ...findings, ...attributeFindings(image)])
  return {
    ...said,
    image: { ...said.image, ...user },
    findings: said.findings.filter(({ kind }) => !OF_DOCKERFILES.has(kind)),
    tree,
  }
}

/** Once the tree was asked for exactly. */
function attributeFindings({ unreadAttributes }: Image): readonly Finding[] {
  const reason = unreadAttributes?.()
  return reason === undefined ? [] : [finding({ kind: 'attributes-unread', reason })]
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
  readonly packages?: Packages
}

async function gather(
  image: Image,
  binaries: readonly string[],
  options: LiftOptions,
  layout: Layout,
): Promise<Gathered> {
  const chosen = chosenNeeds(options)
  checkWanted(binaries, options)
  const lifting: Lifting = {
    examiner: examinerOf(image, options),
    platform: image.platform,
    gathering: new Gathering(),
    layout,
    signal: options.signal,
  }
  const programs: PlacedProgram[] = []
  for (const asked of binaries) {
    options.signal?.throwIfAborted()
    options.onStep?.(`resolving ${asked}`)
    programs.push(await liftProgram(lifting, asked))
  }
  const placed = programs.flatMap((program) => program.placed)
  for (const pattern of options.include ?? []) placed.push(...(await liftIncluded(lifting, pattern)))
  const observed =
    options.traces === undefined ? NOTHING : await gatherTraces(lifting, options.traces, placed)
  placed.push(...observed.placed)
  const config = { ...image.config, env: mergedEnv(image.config.env, options.variables) }
  if (chosen.finders.length > 1) options.onStep?.('looking for what a run opens by itself')
  const asked = [...placed, ...observed.examined.map((examination) => ({ examination }))]
  placed.push(...(await gatherNeeds(lifting, config, asked, chosen)))
  const described = programs.map(({ program }) => withConfiguration(lifting, image, program))
  const gathered = { lifting, programs: await Promise.all(described), placed }
  if (options.packages !== 'reduced') return gathered
  options.onStep?.('looking up packages')
  return { ...gathered, packages: await gatherPackages(lifting) }
}

const NOTHING: Seen = { placed: [], examined: [] }

/** Few lifts have any. */
async function gatherTraces(
  lifting: Lifting,
  traces: readonly Trace[],
  placed: readonly Placed[],
): Promise<Seen> {
  const { gatherObserved } = await import('./observed.js')
  return gatherObserved(lifting, traces, placed)
}

/** Where nothing is started, an image is its files, and the environment that their libraries are found in. */
function atWork(image: Image, binaries: readonly string[]): Image {
  if (binaries.length > 0) return image
  return { ...image, config: { ...EMPTY_CONFIG, env: image.config.env, labels: image.config.labels } }
}

async function withConfiguration(
  { examiner }: Lifting,
  { config }: Image,
  program: LiftedProgram,
): Promise<LiftedProgram> {
  if (config.entrypoint.length === 0 && config.cmd.length === 0) return program
  const words = await startedWith(examiner, config, program)
  return words === undefined ? program : { ...program, startedWith: words }
}

function answer(
  image: Image,
  { lifting, programs, packages }: Gathered,
  planned: readonly Finding[],
): Answer {
  return report(image, programs, lifting.gathering, planned, packages)
}
