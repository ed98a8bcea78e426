import type { Closure, Edge } from '../closure/closure.js'
import { checkVersions } from '../closure/versions.js'
import type { LoadedObject, Loader } from '../loader/loader.js'
import type { RootPath } from '../rootfs/path.js'
import { hasCapabilities } from '../rootfs/rootfs.js'
import type { Examination } from './examine.js'
import { type Finding, finding } from './finding.js'
import type { Missing } from './lift.js'

/** The names a closure lacks, each with everything that was tried; one row for a name and its requester. */
export function missingOf(closure: Closure): readonly Missing[] {
  return closure.edges
    .filter(
      (edge) => edge.resolution.found === undefined && (edge.kind === 'needed' || edge.kind === 'filter'),
    )
    .map(({ name, from, resolution }) => ({ name, neededBy: from.name, attempts: resolution.attempts }))
}

/** Everything worth telling about one examined file, errors first in the loader's own order. */
export async function closureFindings(examination: Examination): Promise<readonly Finding[]> {
  const { baseline, loader, variants, secure } = examination
  const findings = [...examination.findings, ...privilegeFindings(examination)]
  if (baseline === undefined || loader === undefined) return findings
  return [
    ...findings,
    ...baseline.edges.flatMap((edge) => edgeFindings(edge, variants)),
    ...versionFindings(baseline, loader),
    ...(await fragileFindings(baseline, loader)),
    ...variantFindings(baseline, variants),
    ...(secure === undefined ? [] : secureFindings(baseline, secure)),
    ...sameFileFindings(baseline),
  ]
}

/** What there is to tell of nearly all requests. */
const NONE: readonly never[] = []

function edgeFindings(edge: Edge, variants: readonly Closure[]): readonly Finding[] {
  const { kind, name, from, origin, resolution } = edge
  const { found, attempts, blockedBy, cautions = NONE } = resolution
  if (found !== undefined && cautions.length === 0 && kind !== 'preload') return NONE
  const neededBy = from.name
  const circumstances = cautions.map((caution) =>
    caution === 'platform'
      ? finding({ kind: 'platform-token', name, neededBy })
      : finding({ kind: 'relative-path', name, neededBy, workingDir: workingDirOf(edge) }),
  )
  if (kind === 'preload') {
    const from = origin ?? ''
    return [
      finding(
        found === undefined ? { kind: 'preload-missing', name, from } : { kind: 'preload', name, from },
      ),
    ]
  }
  // What becomes of an optional library is told with the need for it.
  if (found !== undefined || kind === 'dlopen') return circumstances
  if (kind === 'audit') return [finding({ kind: 'audit-missing', name, program: neededBy })]
  if (kind === 'auxiliary') return [finding({ kind: 'auxiliary-missing', name, neededBy })]
  if (blockedBy !== undefined) {
    const { path, outcome } = blockedBy
    return [...circumstances, finding({ kind: 'library-blocked', name, neededBy, path, outcome })]
  }
  const variant = variants.flatMap(({ objects }) => objects).find((object) => object.names.has(name))
  if (variant !== undefined) return [finding({ kind: 'hwcaps-only', name, neededBy, path: variant.name })]
  return [...circumstances, finding({ kind: 'library-missing', name, neededBy, attempts })]
}

/** Where relative paths start: what the trail of a relative open path shows, else the root. */
function workingDirOf({ name, resolution }: Edge): RootPath {
  const asked = resolution.opened?.asked
  const relative = resolution.attempts.at(-1)?.path ?? name
  return asked?.endsWith(`/${relative}`) === true
    ? ((asked.slice(0, -relative.length - 1) || '/') as RootPath)
    : '/'
}

function versionFindings(baseline: Closure, loader: Loader): readonly Finding[] {
  if (loader.dialect === 'musl') return []
  return checkVersions(baseline).map(({ kind, provider, version, requester }) =>
    kind === 'missing'
      ? finding({ kind: 'version-missing', file: provider.name, version, neededBy: requester.name })
      : finding({ kind: 'version-information-absent', file: provider.name, neededBy: requester.name }),
  )
}

/** Rules whose answer depends on who asks; what the cache or a default directory gave, anyone finds. */
const PRIVATE_RULES = new Set(['rpath', 'runpath', 'path'])

/** Requests that only an object loaded before could satisfy: asked alone, the requester would not find it. */
async function fragileFindings(baseline: Closure, loader: Loader): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { from, name, kind, resolution } of baseline.edges) {
    const { found, rule } = resolution
    if (rule !== 'already-loaded' || found === undefined || found === baseline.loader || kind === 'preload')
      continue
    const hasNoDefaultLib = ((from.elf.dynamic?.flags1 ?? 0) & 0x800) !== 0
    const answersBySoname = found.elf.dynamic?.soname === name && !found.name.endsWith(`/${name}`)
    if (!PRIVATE_RULES.has(found.rule) && !hasNoDefaultLib && !answersBySoname) continue
    const alone = await loader.resolve(name, from, {
      program: baseline.program,
      objects: [],
      loader: baseline.loader,
    })
    if (alone.found !== undefined) continue
    findings.push(finding({ kind: 'fragile', name, neededBy: from.name, satisfiedBy: found.name }))
  }
  return findings
}

function variantFindings(baseline: Closure, variants: readonly Closure[]): readonly Finding[] {
  const known = new Set(baseline.objects.map(({ name }) => name))
  const findings: Finding[] = []
  for (const object of variants.flatMap(({ objects }) => objects)) {
    if (known.has(object.name) || !isVariantPath(object)) continue
    known.add(object.name)
    const [name = object.name] = object.names
    findings.push(finding({ kind: 'hwcaps-variant', name, path: object.name }))
  }
  return findings
}

function isVariantPath(object: LoadedObject): boolean {
  return object.name.includes('/glibc-hwcaps/')
}

function privilegeFindings({ file }: Examination): readonly Finding[] {
  const { path, mode } = file
  return [
    ...((mode & 0o6000) === 0 ? [] : [finding({ kind: 'setuid', program: path, mode })]),
    ...(hasCapabilities(file) ? [finding({ kind: 'capabilities', program: path })] : []),
  ]
}

function secureFindings(baseline: Closure, secure: Closure): readonly Finding[] {
  const program = baseline.program.name
  const found = new Set(
    baseline.edges.filter(({ resolution }) => resolution.found !== undefined).map(edgeKey),
  )
  const lost = secure.edges.filter((edge) => edge.resolution.found === undefined && found.has(edgeKey(edge)))
  return lost.map(({ name }) => finding({ kind: 'secure-mode', program, name }))
}

function edgeKey({ from, name }: Edge): string {
  return `${from.name}\0${name}`
}

/** Names of one inode that are really opened: a tree without links would make two libraries of them. */
function sameFileFindings(baseline: Closure): readonly Finding[] {
  const paths = new Map<string, Set<string>>()
  for (const { resolution } of baseline.edges) {
    const { opened, found, attempts } = resolution
    if (opened === undefined || found === undefined || attempts.at(-1)?.outcome === 'second libc') continue
    const open = attempts.at(-1)?.path ?? found.name
    const names = paths.get(found.file.identity) ?? new Set([found.name])
    paths.set(found.file.identity, names.add(open))
  }
  return [...paths.values()]
    .filter((names) => names.size > 1)
    .map((names) => finding({ kind: 'same-file-twice', program: baseline.program.name, paths: [...names] }))
}
