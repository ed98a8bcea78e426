import { basename, isInside, type RootPath } from '../rootfs/path.js'
import {
  type Confidence,
  type Finder,
  importsAny,
  type Need,
  type Subject,
  type Surroundings,
} from './finder.js'
import { pamServices, readServices } from './pam-files.js'
import { pathFinder } from './path-finder.js'
import { pathsOf } from './path-patterns.js'
import { PATH_RULES } from './path-rules.js'

const SYMBOLS = ['pam_start', 'pam_start_confdir']

/** What modules read, by their names. */
const rows = pathFinder(PATH_RULES.pam)

/**
 * Services of PAM with the modules that they name: those that are called as the program is, or nearly so, and `other`,
 * which is for all that have none. A program may name its service as it likes, so all others are possible.
 */
export const pam: Finder = {
  describe: rows.describe,
  symbols: [...SYMBOLS, ...rows.symbols],
  reads: 'all',
  find: async (subject, surroundings) => {
    const ofModule = await rows.find(subject, surroundings)
    if (!importsAny(subject, SYMBOLS)) return ofModule
    const services = await pamServices(surroundings.files)
    const own = services.filter((service) => isOf(subject.closure.program.name, service))
    const likely = await needsOf(subject, surroundings, [...own, 'other'], 'likely')
    const known = new Set(likely.map(keyOf))
    const others = await needsOf(subject, surroundings, services, 'possible')
    return [...ofModule, ...likely, ...others.filter((need) => !known.has(keyOf(need))), SECURITY]
  },
}

const SECURITY: Need = {
  kind: 'path',
  path: '/etc/security',
  confidence: 'possible',
  why: 'authenticates by PAM, whose modules are configured there',
}

/** `su` has `su-l` for logins, and `crond` is `cron` elsewhere. */
function isOf(program: string, service: string): boolean {
  const name = basename(program)
  return service === name || service.startsWith(`${name}-`) || `${service}d` === name
}

async function needsOf(
  subject: Subject,
  { files }: Surroundings,
  services: readonly string[],
  confidence: Confidence,
): Promise<readonly Need[]> {
  const { files: read, modules } = await readServices(files, services)
  const why = 'authenticates by PAM'
  const needs: Need[] = read.map((path) => ({ kind: 'path', path, confidence, why }))
  for (const module of modules) {
    for (const path of await placesOf(module, subject, files))
      needs.push({ kind: 'path', path, confidence, why: `${why}, which opens ${basename(module)}` })
  }
  return needs
}

/** A name is that of a file in the directory of modules, which libpam may know by its name without `/usr`. */
async function placesOf(
  module: string,
  subject: Subject,
  files: Surroundings['files'],
): Promise<readonly RootPath[]> {
  if (module.startsWith('/')) return /\.so(\.|$)/.test(module) ? [module as RootPath] : []
  const own = await pathsOf('{lib}/security', subject, files)
  const unmerged = own.map((path) => path.replace(/^\/usr\//, '/') as RootPath)
  const directories = [...new Set([...own, ...unmerged])]
  return directories
    .map((directory) => `${directory}/${module}` as RootPath)
    .filter((path) => !path.includes('/..') && directories.some((directory) => isInside(path, directory)))
}

function keyOf(need: Need): string {
  return need.kind === 'path' ? need.path : ''
}
