import type { Platform } from '../image/platform.js'
import { allFindings } from './all-findings.js'
import { missingOf } from './closure-findings.js'
import type { Examination } from './examine.js'
import type { LddExaminer } from './examiner.js'
import type { Gathering } from './gathering.js'

/** What the steps of one lift share. */
export interface Lifting {
  readonly examiner: LddExaminer
  readonly platform: Platform
  readonly gathering: Gathering
  readonly layout: Layout
  readonly signal?: AbortSignal | undefined
}

/** Whether files are to be copied to where they are opened, without links, or to lie as they do in the image. */
export type Layout = 'copies' | 'tree'

/** Adds what is wrong with one examined file. */
export async function addFaults(
  { examiner, platform, gathering }: Lifting,
  examination: Examination,
): Promise<void> {
  gathering.addFindings(await allFindings(examiner, examination, platform))
  if (examination.baseline !== undefined) gathering.addMissing(missingOf(examination.baseline))
}
