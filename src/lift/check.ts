import type { Closure } from '../closure/closure.js'
import type { RootFiles } from '../loader/files.js'
import { loadersOf } from '../loader/index.js'
import type { RootPath } from '../rootfs/path.js'
import type { Environment } from './environment.js'
import { type Examination, examine } from './examine.js'
import { type Finding, finding } from './finding.js'
import { mergeLdd } from './ldd.js'
import { type Plan, plannedFiles } from './plan.js'

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
  plan: Plan,
  image: RootFiles,
  environment: Environment,
  placed: readonly Placed[],
): Promise<readonly Finding[]> {
  const files = plannedFiles(plan, image)
  const examiner = { files, loaders: loadersOf(files), environment }
  const findings: Finding[] = []
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
    const again = answer === undefined ? alone : await mergeLdd(examiner, alone, answer)
    const actual = again.baseline === undefined ? new Map<string, string>() : answersOf(again.baseline, plan)
    for (const [request, expected] of answersOf(examination.baseline, undefined)) {
      const got = actual.get(request) ?? 'nothing'
      if (got === expected) continue
      findings.push(
        finding({ kind: 'lift-differs', program, name: request.split('\0')[1]!, expected, actual: got }),
      )
    }
  }
  return findings
}

/** Which file of the image answers each request that is answered at all. */
function answersOf(closure: Closure, plan: Plan | undefined): Map<string, string> {
  const real = (path: RootPath) => plan?.sources.get(path)?.path ?? path
  const answers = new Map<string, string>()
  for (const { from, name, resolution } of closure.edges) {
    if (resolution.found === undefined) continue
    answers.set(`${real(from.file.path)}\0${name}`, real(resolution.found.file.path))
  }
  return answers
}
