import type { Copy, Lift, LiftEntry, LiftedProgram, Role, Why } from '../lift/lift.js'
import type { CopyGroup } from './dockerfile-groups.js'
import { printable } from './printable.js'

/**
 * Says, for each group of files, why they are needed: a line of text without `#`. Neighbours that are needed for
 * the same reason share one line, above the first of them; the others have none.
 */
export function commentsOf(lift: Lift, groups: readonly CopyGroup[]): readonly (string | undefined)[] {
  const known: Known = { lift, entries: entriesByFile(lift), libraries: librariesOf(lift) }
  const said = groups.map(({ copies }) => reasonsOf(known, copies))
  const begins = said.map((reasons, index) => index === 0 || !isContinued(said[index - 1]!, reasons))
  return said.map((_, index) => {
    if (!begins[index]) return undefined
    const next = begins.indexOf(true, index + 1)
    return commentOf(said.slice(index, next < 0 ? said.length : next))
  })
}

/** A lift as the comments look at it. */
interface Known {
  readonly lift: Lift
  /** By real path. */
  readonly entries: ReadonlyMap<string, readonly LiftEntry[]>
  /** The paths of what each program loads, in the lift's order. */
  readonly libraries: readonly { readonly program: LiftedProgram; readonly paths: ReadonlySet<string> }[]
}

function librariesOf(lift: Lift): Known['libraries'] {
  return lift.programs.map((program) => ({ program, paths: new Set(program.libraries) }))
}

/** Why the files of one role are needed. */
interface Reason {
  readonly role: Role
  readonly files: number
  readonly text: string
}

function isContinued(before: readonly Reason[], after: readonly Reason[]): boolean {
  const key = (reasons: readonly Reason[]) => JSON.stringify(reasons.map(({ role, text }) => [role, text]))
  return key(before) === key(after)
}

/** The sum of groups with the same reasons. */
function commentOf(run: readonly (readonly Reason[])[]): string {
  const [first] = run
  return first!
    .map(({ role, text }, index) => {
      const files = run.reduce((sum, reasons) => sum + reasons[index]!.files, 0)
      return `${subject(role, files)}${text}`
    })
    .join('; ')
}

function subject(role: Role, files: number): string {
  switch (role) {
    case 'loader':
      return 'the loader'
    case 'library':
      return files > 1 ? `${files} libraries` : 'a library'
    case 'program':
    case 'script':
      return `the ${role}${files > 1 ? 's' : ''}`
    default:
      return 'data'
  }
}

function entriesByFile(lift: Lift): ReadonlyMap<string, readonly LiftEntry[]> {
  const entries = new Map<string, LiftEntry[]>()
  for (const entry of lift.entries) {
    if (entry.role === 'symlink') continue
    const known = entries.get(entry.realPath)
    if (known === undefined) entries.set(entry.realPath, [entry])
    else known.push(entry)
  }
  return entries
}

const ORDER: readonly Role[] = ['loader', 'library', 'directory', 'data', 'symlink', 'script', 'program']

function reasonsOf(known: Known, copies: readonly Copy[]): readonly Reason[] {
  const roles = ORDER.filter((role) => copies.some((copy) => copy.role === role))
  return roles.map((role) => {
    const files = copies.filter((copy) => copy.role === role)
    const found = files.flatMap((copy) => {
      const same = known.entries.get(copy.realPath) ?? []
      const exact = same.filter((entry) => entry.path === copy.from || entry.path === copy.to)
      return exact.length > 0 ? exact : same
    })
    return { role, files: files.length, text: reason(known, role, found) }
  })
}

function reason(known: Known, role: Role, entries: readonly LiftEntry[]): string {
  const why = entries.flatMap((entry) => entry.why)
  switch (role) {
    case 'loader':
      return ofThese(startedBy(known, why).map((one) => one.neededBy))
    case 'library':
      return `${ofThese(users(known, entries, why))}${finders(why)}${openedIn(why)}${foundBy(why)}`
    case 'program':
    case 'script':
      return linkTo(known.lift, entries)
    default:
      return `${ofThese(why.map((one) => one.neededBy))}${askedFor(why)}${finders(why)}${foundBy(why)}`
  }
}

/** The needs that no header names, by the finders that know them. */
function finders(why: readonly Why[]): string {
  const names = why.flatMap(({ rule }) => (rule.startsWith('need:') ? [rule.slice('need:'.length)] : []))
  return names.length === 0 ? '' : `, for ${[...new Set(names)].sort().join(', ')}`
}

function openedIn(why: readonly Why[]): string {
  return why.some(({ rule }) => rule === 'observed') ? ', opened in a run' : ''
}

function askedFor(why: readonly Why[]): string {
  const configuration = why.some(({ rule }) => rule === 'configuration') ? ', its configuration' : ''
  const included = why.some(({ rule }) => rule === 'include') ? ', asked for by --include' : ''
  const release = why.some(({ rule }) => rule === 'packages') ? ', for scanners' : ''
  return `${configuration}${included}${release}${openedIn(why)}`
}

/** Names the way in that a user knows where the file lies at another place. */
function linkTo(lift: Lift, entries: readonly LiftEntry[]): string {
  const links = lift.programs
    .filter(({ path, realPath }) =>
      entries.some((entry) => entry.realPath === realPath && entry.path === realPath && path !== realPath),
    )
    .map(({ path }) => printable(path))
  const [link] = links
  return link === undefined || links.length > 1 ? '' : ` that ${link} leads to`
}

/**
 * The lifted programs that are started by a loader, else others that are, else libraries that ask for it by name.
 */
function startedBy({ lift }: Known, why: readonly Why[]): readonly Why[] {
  const started = why.filter((one) => one.rule === 'interpreter')
  if (started.length === 0) return why
  const asked = started.filter(({ neededBy }) => lift.programs.some(({ realPath }) => realPath === neededBy))
  return asked.length > 0 ? asked : started
}

/** The programs that load any of these libraries; the direct requesters where no program does. */
function users({ libraries }: Known, entries: readonly LiftEntry[], why: readonly Why[]): readonly string[] {
  const programs = libraries.filter(({ paths }) => entries.some(({ path }) => paths.has(path)))
  return programs.length > 0
    ? programs.map(({ program }) => program.realPath)
    : why.map((one) => one.neededBy)
}

const MOST_NAMES = 3

function ofThese(names: readonly string[]): string {
  const unique = [...new Set(names)].filter((name) => name !== '')
  if (unique.length === 0) return ''
  const rest = unique.length - MOST_NAMES
  const shown = unique.slice(0, MOST_NAMES).map(printable).join(', ')
  return ` of ${shown}${rest > 0 ? ` and ${rest} more` : ''}`
}

const RULES: Readonly<Record<Exclude<Why['rule'], `need:${string}`>, string>> = {
  program: '',
  interpreter: '',
  'already-loaded': '',
  builtin: 'by the name musl answers to itself',
  path: 'by its path',
  rpath: 'by RPATH',
  'ld-library-path': 'by LD_LIBRARY_PATH',
  runpath: 'by RUNPATH',
  'ld.so.cache': 'in ld.so.cache',
  default: 'in the default directories',
  ldd: 'by ldd',
  link: '',
  shebang: '',
  env: 'by env in PATH',
  preload: 'as a preload',
  audit: 'as an audit module',
  configuration: '',
  include: '',
  packages: '',
  asked: '',
  observed: '',
}

function foundBy(why: readonly Why[]): string {
  const found = new Set<string>()
  for (let index = 0; index < why.length; index++)
    found.add(RULES[why[index]!.rule as keyof typeof RULES] ?? '')
  const rules = [...found].filter((rule) => rule !== '').sort()
  return rules.length === 0 ? '' : `, found ${rules.join(' and ')}`
}
