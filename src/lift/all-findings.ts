import type { Platform } from '../image/platform.js'
import { cacheFindings } from './cache-findings.js'
import { closureFindings } from './closure-findings.js'
import type { Examination, Examiner } from './examine.js'
import type { Finding } from './finding.js'
import { platformFindings } from './platform-findings.js'

/** Everything worth telling about one file of an image of some platform. */
export async function allFindings(
  { files }: Examiner,
  examination: Examination,
  platform: Platform,
): Promise<readonly Finding[]> {
  return [
    ...platformFindings(examination, platform),
    ...(await closureFindings(examination)),
    ...(await cacheFindings(files, examination)),
  ]
}
