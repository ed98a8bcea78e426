import type { FinderName } from '../needs/index.js'
import { allFindings } from './all-findings.js'
import type { Examination } from './examine.js'
import { finding } from './finding.js'
import type { Lifting } from './lifting.js'

/**
 * Adds what is wrong with a file that is there for a need. What it lacks is no error: the image has modules that nothing
 * loads, some of which could not be, and programs do without them.
 */
export async function addFaultsOfNeed(
  { examiner, platform, gathering }: Lifting,
  examination: Examination,
  finder: FinderName,
): Promise<void> {
  const found = await allFindings(examiner, examination, platform)
  const reason = 'was taken along, and asks for it'
  gathering.addFindings(
    found.map((one) =>
      one.kind === 'library-missing'
        ? finding({ kind: 'need-missing', finder, name: one.name, neededBy: one.neededBy, reason })
        : one,
    ),
  )
}
