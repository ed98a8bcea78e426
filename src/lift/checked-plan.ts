import { checkPlan, type Placed } from './check.js'
import { finding } from './finding.js'
import type { Lifting } from './lifting.js'
import { type Plan, planTree } from './plan.js'

/** Plans the tree and resolves the programs in it; the loader's cache is carried only where they need it. */
export async function planAndCheck(
  { examiner, gathering }: Lifting,
  placed: readonly Placed[],
): Promise<Plan> {
  const { files, environment } = examiner
  const cached = gathering.cacheOnly()
  const attempt = async (withCache: boolean): Promise<Plan> => {
    const plan = await planTree(files, gathering.opened(withCache), gathering.directories)
    return {
      ...plan,
      findings: [
        ...plan.findings,
        ...(await checkPlan(plan, files, environment, placed, gathering.openings())),
      ],
    }
  }
  if (cached.length > 0) {
    gathering.carryCache()
    const plan = await attempt(true)
    return { ...plan, findings: [finding({ kind: 'cache-carried', libraries: cached }), ...plan.findings] }
  }
  const plan = await attempt(false)
  if (!plan.findings.some(({ kind }) => kind === 'lift-differs') || !gathering.hasCache()) return plan
  gathering.carryCache()
  return attempt(true)
}
