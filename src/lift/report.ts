import { EMPTY_CONFIG } from '../image/config.js'
import type { Image } from '../image/image.js'
import { describeImage, imageFindings } from './describe-image.js'
import type { Finding } from './finding.js'
import type { Gathering } from './gathering.js'
import type { Answer, LiftEntry, LiftedProgram, Missing } from './lift.js'
import type { Packages } from './packages.js'

/** The answer as plain data: sorted, and nothing in it twice. */
export function report(
  image: Image,
  programs: readonly LiftedProgram[],
  gathering: Gathering,
  planned: readonly Finding[],
  packages?: Packages,
): Answer {
  const entries = gathering.entries()
  // What nobody starts needs no environment.
  const source = programs.length > 0 ? image : { ...image, config: EMPTY_CONFIG }
  return {
    image: describeImage(source),
    programs,
    entries: packages === undefined ? entries : entries.map((entry) => withPackage(entry, packages)),
    missing: uniqueMissing(gathering.missing),
    findings: uniqueFindings([...gathering.findings, ...planned, ...imageFindings(source)]),
    ...(packages === undefined ? {} : { packages: packages.packages, generated: packages.generated }),
  }
}

function withPackage(entry: LiftEntry, { owners }: Packages): LiftEntry {
  const owner = owners.get(entry.realPath)
  return owner === undefined ? entry : { ...entry, package: owner.package.label }
}

function uniqueMissing(rows: readonly Missing[]): Missing[] {
  const known = new Map<string, Missing>()
  for (const row of rows) {
    const key = `${row.neededBy}\0${row.name}`
    if (!known.has(key)) known.set(key, row)
  }
  return [...known.values()]
}

const RANK = { error: 0, warning: 1, note: 2 }

function uniqueFindings(findings: readonly Finding[]): Finding[] {
  const known = new Map(findings.map((found) => [found.message, found]))
  return [...known.values()].sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] || (a.message < b.message ? -1 : a.message > b.message ? 1 : 0),
  )
}
