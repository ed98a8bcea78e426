import type { Packing } from '../pack/packing.js'
import { type Comparing, type Planned, runCase } from './run-cases.js'
import type { Runner } from './runner.js'
import { type CaseResult, type LeftOut, worst } from './verification.js'

/** What leaving out libraries goes along with. */
export interface LeavingOut {
  readonly runner: Runner
  readonly packing: Packing
  readonly planned: readonly Planned[]
  readonly comparing: Comparing
  /** What the cases came to with all libraries there. */
  readonly results: readonly CaseResult[]
  readonly onStep?: ((step: string) => void) | undefined
}

/** Runs the cases again without each of the lifted libraries, one at a time; it is needed if any of them then fares worse. */
export async function leaveOutEach(leaving: LeavingOut): Promise<readonly LeftOut[]> {
  const { tree } = leaving.packing
  const libraries = tree.filter(({ entry, role }) => entry.kind === 'file' && role === 'library')
  const all: LeftOut[] = []
  for (const { entry } of libraries) {
    leaving.onStep?.(`leaving out ${entry.path} (${all.length + 1} of ${libraries.length})`)
    all.push({ path: entry.path, isNeeded: await isNeeded(entry.path, leaving) })
  }
  return all
}

async function isNeeded(path: string, leaving: LeavingOut): Promise<boolean> {
  const { runner, packing, planned, comparing, results } = leaving
  const tree = packing.tree.filter(({ entry }) => entry.path !== path)
  await using lifted = await runner.lifted({ ...packing, tree })
  for (const [index, one] of planned.entries()) {
    const before = results[index]!.verdict
    const { verdict } = await runCase(one, { ...comparing, lifted })
    if (verdict !== before && worst([verdict, before]) === verdict) return true
  }
  return false
}
