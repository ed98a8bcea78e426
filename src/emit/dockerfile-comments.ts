import type { Lift, LiftEntry, Role, Why } from '../lift/lift.js'
import type { CopyGroup } from './dockerfile-groups.js'
import { printable } from './printable.js'

/** Says, for one group of files, why they are needed: a line of text without `#`. */
export type Commenter = (group: CopyGroup) => string

/** A commenter that knows what the lift says about each file. */
export function commenterFor(lift: Lift): Commenter {
  const entries = new Map<string, LiftEntry[]>()
  for (const entry of lift.entries) {
    if (entry.role === 'symlink') continue
    const known = entries.get(entry.realPath)
    if (known === undefined) entries.set(entry.realPath, [entry])
    else known.push(entry)
  }
  return (group) => {
    const found = group.copies.map((copy) => {
      const same = entries.get(copy.realPath) ?? []
      const exact = same.filter((entry) => entry.path === copy.from || entry.path === copy.to)
      return { role: copy.role, entries: exact.length > 0 ? exact : same }
    })
    const roles = [...new Set(found.map(({ role }) => role))].sort(byOrder)
    return roles
      .map((role) =>
        sentence(
          lift,
          role,
          found.filter((file) => file.role === role),
        ),
      )
      .join('; ')
  }
}

interface Found {
  readonly role: Role
  readonly entries: readonly LiftEntry[]
}

const ORDER: readonly Role[] = ['loader', 'library', 'directory', 'data', 'symlink', 'script', 'program']

function byOrder(a: Role, b: Role): number {
  return ORDER.indexOf(a) - ORDER.indexOf(b)
}

function sentence(lift: Lift, role: Role, files: readonly Found[]): string {
  const entries = files.flatMap((file) => file.entries)
  const why = entries.flatMap((entry) => entry.why)
  const many = files.length > 1
  switch (role) {
    case 'loader':
      return `the loader${ofThese(startedBy(why).map((one) => one.neededBy))}`
    case 'library':
      return `${many ? `${files.length} libraries` : 'a library'}${ofThese(users(lift, entries, why))}${foundBy(why)}`
    case 'program':
      return `the program${many ? 's' : ''}`
    case 'script':
      return `the script${many ? 's' : ''}`
    default:
      return `data${ofThese(why.map((one) => one.neededBy))}${foundBy(why)}`
  }
}

/** Those that are started by a loader, rather than libraries that ask for it by name, where there are any. */
function startedBy(why: readonly Why[]): readonly Why[] {
  const started = why.filter((one) => one.rule === 'interpreter')
  return started.length > 0 ? started : why
}

/** The programs that load any of these libraries; the direct requesters where no program does. */
function users(lift: Lift, entries: readonly LiftEntry[], why: readonly Why[]): readonly string[] {
  const paths = new Set<string>(entries.map((entry) => entry.path))
  const programs = lift.programs.filter((program) => program.libraries.some((path) => paths.has(path)))
  return programs.length > 0 ? programs.map((program) => program.path) : why.map((one) => one.neededBy)
}

const MOST_NAMES = 3

function ofThese(names: readonly string[]): string {
  const unique = [...new Set(names)].filter((name) => name !== '')
  if (unique.length === 0) return ''
  const rest = unique.length - MOST_NAMES
  const shown = unique.slice(0, MOST_NAMES).map(printable).join(', ')
  return ` of ${shown}${rest > 0 ? ` and ${rest} more` : ''}`
}

const RULES: Readonly<Record<Why['rule'], string>> = {
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
  configuration: 'as the configuration of the loader',
  include: 'by --include',
  asked: '',
}

function foundBy(why: readonly Why[]): string {
  const rules = [...new Set(why.map((one) => RULES[one.rule]))].filter((rule) => rule !== '').sort()
  return rules.length === 0 ? '' : `, found ${rules.join(' and ')}`
}
