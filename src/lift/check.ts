import { type Closure, dlopened } from '../closure/closure.js'
import type { RootFiles } from '../loader/files.js'
import { loadersOf } from '../loader/index.js'
import type { LoadedObject } from '../loader/loader.js'
import { remembered } from '../rootfs/cached.js'
import type { RootPath } from '../rootfs/path.js'
import type { Environment } from './environment.js'
import { type Examination, examine } from './examine.js'
import { type Finding, finding } from './finding.js'
import { mergeLdd } from './ldd.js'
import { type PlannedTree, plannedFiles } from './plan.js'

/** An examined program and where the planned tree has it. */
export interface Placed {
  readonly examination: Examination
  readonly at: RootPath
}

/**
 * Resolves the programs again in the planned tree alone and compares: each request must be answered by a copy
 * of the same file. Gives a finding for each difference.
 */
export async function checkPlan(
  plan: PlannedTree,
  image: RootFiles,
  environment: Environment,
  placed: readonly Placed[],
  openings: readonly Examination[] = [],
): Promise<readonly Finding[]> {
  const files = plannedFiles(plan, image)
  const examiner = { files, loaders: loadersOf(files), environment }
  const findings: Finding[] = []
  const again = new Map<Examination, Examination>()
  for (const { examination, at } of placed) {
    if (examination.baseline === undefined) continue
    const trail = await files.trail(at, '/')
    const program = examination.baseline.program.name
    if (trail.end?.kind !== 'file') {
      findings.push(
        finding({ kind: 'lift-differs', program, name: at, expected: 'a file', actual: 'nothing' }),
      )
      continue
    }
    const alone = await examine(examiner, trail, trail.end, examination.elf)
    const { answer } = examination
    const planned = answer === undefined ? alone : await mergeLdd(examiner, alone, answer)
    again.set(examination, planned)
    findings.push(...differencesOf(program, pairs(examination, planned), plan))
  }
  for (const examination of openings) {
    const planned = await openedAgain(examination, again, plan)
    if (planned === undefined) continue
    again.set(examination, planned)
    const { baseline } = examination
    const pair = { expected: baseline, actual: planned.baseline }
    findings.push(...differencesOf(baseline?.program.name ?? '', [pair], plan))
  }
  return findings
}

/** What a need opens in the planned tree; undefined where that which opens it is not examined there. */
async function openedAgain(
  { opening }: Examination,
  again: ReadonlyMap<Examination, Examination>,
  plan: PlannedTree,
): Promise<Examination | undefined> {
  const planned = opening && again.get(opening.after)
  if (opening === undefined || planned?.baseline === undefined || planned.loader === undefined)
    return undefined
  const { baseline, loader } = planned
  const own = opening.from.file.path
  const from = baseline.objects.find(({ file }) => (plan.sources.get(file.path)?.path ?? file.path) === own)
  if (from === undefined) return undefined
  return { ...planned, baseline: await dlopened(baseline, loader, opening.names, from) }
}

function differencesOf(program: string, pairs: readonly Pair[], plan: PlannedTree): readonly Finding[] {
  return pairs
    .filter(({ expected, actual }) => !isSame(expected, actual, plan))
    .flatMap(({ expected, actual }) =>
      differences(program, answersOf(expected, undefined), answersOf(actual, plan)),
    )
}

interface Pair {
  readonly expected: Closure | undefined
  readonly actual: Closure | undefined
}

/** What is loaded in the image and in the planned tree, for each way to start; no variants there are the baseline. */
function pairs(image: Examination, planned: Examination): readonly Pair[] {
  return [
    { expected: image.baseline, actual: planned.baseline },
    { expected: image.secure, actual: planned.secure },
    ...image.variants.map((expected, at) => ({ expected, actual: planned.variants[at] ?? planned.baseline })),
  ]
}

/** Whether the same requests got the same answers in the same order, as they nearly always do. */
function isSame(image: Closure | undefined, planned: Closure | undefined, { sources }: PlannedTree): boolean {
  const expected = image?.edges ?? []
  const actual = planned?.edges ?? []
  const real = (object: LoadedObject | undefined) =>
    object === undefined ? undefined : (sources.get(object.file.path)?.path ?? object.file.path)
  return (
    expected.length === actual.length &&
    expected.every(({ name, from, resolution }, index) => {
      const other = actual[index]!
      return (
        name === other.name &&
        from.file.path === real(other.from) &&
        resolution.found?.file.path === real(other.resolution.found)
      )
    })
  )
}

type Answers = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Requests that the planned tree answers otherwise; those that the image does not answer are told elsewhere. */
function differences(program: string, image: Answers, planned: Answers): readonly Finding[] {
  const findings: Finding[] = []
  for (const [from, requests] of image) {
    const again = planned.get(from)
    for (const [name, expected] of requests) {
      const actual = again?.get(name) ?? 'nothing'
      if (actual !== expected)
        findings.push(finding({ kind: 'lift-differs', program, name, expected, actual }))
    }
  }
  return findings
}

/** Which file of the image answers each request that is answered at all, by the file that asks. */
function answersOf(closure: Closure | undefined, plan: PlannedTree | undefined): Answers {
  const real = (path: RootPath) => plan?.sources.get(path)?.path ?? path
  const answers = new Map<string, Map<string, string>>()
  for (const { from, name, resolution } of closure?.edges ?? []) {
    if (resolution.found === undefined) continue
    remembered(answers, real(from.file.path), () => new Map()).set(name, real(resolution.found.file.path))
  }
  return answers
}
