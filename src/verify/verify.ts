import type { Image } from '../image/image.js'
import type { TreeLift } from '../lift/lift.js'
import { type LiftOptions, liftTree } from '../lift/lift-image.js'
import type { TreeEntry } from '../lift/tree.js'
import { treeRootFs } from '../lift/tree-rootfs.js'
import { newImage } from '../pack/new-image.js'
import type { Packing } from '../pack/packing.js'
import type { Case } from './case.js'
import { libraryDirectoriesOf, type Roots } from './hints.js'
import { leaveOutEach } from './minimal.js'
import { type Comparing, type Planned, planCases, runCase } from './run-cases.js'
import type { Runner, RunnerContext } from './runner.js'
import { chooseRunner } from './runners.js'
import { type CaseResult, type RunnerName, type Verification, worst } from './verification.js'

/** What to run, by what, and what counts as the same. */
export interface VerifyOptions extends LiftOptions {
  /** By default one with the words that the image itself starts the program with. */
  readonly cases?: readonly Case[]
  /** By default the first that works. */
  readonly runner?: RunnerName | 'auto'
  /** In seconds, for cases that say nothing of it; 30 by default. */
  readonly timeout?: number
  /** What matches is taken as equal. */
  readonly ignore?: readonly RegExp[]
  /** Whether two that still ran at the time limit count as the same; by default they prove nothing. */
  readonly timeouts?: 'inconclusive' | 'same'
  /** `each-library` leaves out one after the other as well, to see which are needed. */
  readonly leaveOut?: 'nothing' | 'each-library'
  /** What to make of the tree before it is run. */
  readonly change?: (tree: readonly TreeEntry[]) => readonly TreeEntry[]
  /** The caller's environment, which leads to engines; the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Lifts programs, runs them in the image and in the lift alike, and tells whether both do the same.
 * Throws LiftError where there is no answer; nothing that was run or made for that is left then.
 */
export async function verify(
  image: Image,
  binaries: readonly string[],
  options: VerifyOptions = {},
): Promise<Verification> {
  const {
    cases = [{}],
    timeout = TIMEOUT,
    change = (tree) => tree,
    env = process.env,
    signal,
    onStep,
  } = options
  const lift = await liftTree(image, binaries, options)
  const planned = planCases(cases, lift.programs, timeout)
  const packing = { ...newImage(lift, image, {}), tree: change(lift.tree) }
  const context: RunnerContext = { image, env, signal, onStep }
  const { runner, used } = await chooseRunner(options.runner ?? 'auto', context)
  const { notes, ...ran } =
    runner === undefined ? NOT_RUN : await runAll(runner, { packing, planned, lift, image }, options)
  return {
    image: lift.image,
    programs: lift.programs.map(({ path }) => path),
    ...ran,
    runner: { ...used, notes: [...new Set([...used.notes, ...notes])] },
    findings: lift.findings,
  }
}

/** In seconds. */
const TIMEOUT = 30

const NOT_RUN = { verdict: 'not run', cases: [], notes: [] } as const

interface Subject {
  readonly image: Image
  readonly lift: TreeLift
  readonly packing: Packing
  readonly planned: readonly Planned[]
}

interface AllRan extends Pick<Verification, 'verdict' | 'cases' | 'minimal'> {
  readonly notes: readonly string[]
}

async function runAll(runner: Runner, subject: Subject, options: VerifyOptions): Promise<AllRan> {
  const { packing, planned } = subject
  const { ignore = [], timeouts = 'inconclusive', leaveOut = 'nothing', signal, onStep } = options
  await using _ = runner
  onStep?.(`getting ready to run by ${runner.name}`)
  await using original = await runner.original()
  await using lifted = await runner.lifted(packing)
  const comparing: Comparing = { original, lifted, roots: rootsOf(subject), ignore, timeouts, signal }
  const results: CaseResult[] = []
  for (const one of planned) {
    onStep?.(`running ${one.name}`)
    results.push(await runCase(one, comparing))
  }
  const verdict = worst(results.map((result) => result.verdict))
  const ran = { verdict, cases: results, notes: [...original.notes, ...lifted.notes] }
  if (leaveOut === 'nothing' || verdict === 'failed' || verdict === 'differs') return ran
  return { ...ran, minimal: await leaveOutEach({ runner, packing, planned, comparing, results, onStep }) }
}

function rootsOf({ image, lift, packing }: Subject): Roots {
  const libraries = lift.entries.filter(({ role }) => role === 'library').map(({ realPath }) => realPath)
  return {
    original: image.rootfs,
    lifted: treeRootFs(packing),
    libraryDirectories: libraryDirectoriesOf(libraries),
  }
}
