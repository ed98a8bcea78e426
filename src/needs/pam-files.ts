import { decodeText } from '../bytes.js'
import type { RootFiles } from '../loader/files.js'
import { basename, join, type RootPath } from '../rootfs/path.js'

/** What a service of PAM takes: the files that say so, and the modules that they name. */
export interface PamService {
  readonly files: readonly RootPath[]
  /** As they are written: names, or paths. */
  readonly modules: readonly string[]
}

/** Where services lie (pam.conf(5)), the first that has one counting. */
const DIRECTORIES = ['/etc/pam.d', '/usr/lib/pam.d', '/usr/share/pam.d'] as const
const ONE_FOR_ALL = '/etc/pam.conf'

const LARGEST = 1 << 16
const MOST_FILES = 256
const MOST_LINES = 10_000

/** The names of all services that have a file. */
export async function pamServices(files: RootFiles): Promise<readonly string[]> {
  const names = new Set<string>()
  for (const directory of DIRECTORIES) {
    const { end } = await files.trail(directory, '/')
    if (end?.kind !== 'directory') continue
    for (const { path } of await files.rootfs.list(end.path)) names.add(basename(path))
  }
  return [...names].filter(isName).sort()
}

/** What some services and all that they include take. */
export async function readServices(files: RootFiles, services: readonly string[]): Promise<PamService> {
  const found = { files: new Set<RootPath>(), modules: new Set<string>() }
  const pending = [...services]
  const seen = new Set<string>()
  for (const service of pending) {
    if (seen.has(service) || seen.size >= MOST_FILES) continue
    seen.add(service)
    for (const path of pathsOf(service)) {
      const lines = await linesOf(files, path)
      if (lines === undefined) continue
      found.files.add(path)
      for (const line of lines) take(line, pending, found.modules)
      break
    }
  }
  for (const line of (await linesOf(files, ONE_FOR_ALL)) ?? []) {
    const [, service = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? []
    found.files.add(ONE_FOR_ALL)
    if (services.includes(service.toLowerCase())) take(rest, [], found.modules)
  }
  return { files: [...found.files], modules: [...found.modules] }
}

/** An include may be a path. */
function pathsOf(service: string): readonly RootPath[] {
  if (service.startsWith('/')) return [service as RootPath]
  return isName(service) ? DIRECTORIES.map((directory) => join(directory, service)) : []
}

function isName(name: string): boolean {
  return /^[A-Za-z0-9_.+@-]{1,255}$/.test(name) && !name.startsWith('.')
}

/** One line, without its service: `type control module arguments`, or `@include service`, which is Debian's. */
function take(line: string, pending: string[], modules: Set<string>): void {
  const [, included] = /^@include\s+(\S+)/.exec(line) ?? []
  if (included !== undefined) pending.push(included)
  const [, control, name] =
    /^-?(?:auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)/i.exec(line) ?? []
  if (control === undefined || name === undefined) return
  if (/^(include|substack)$/i.test(control)) pending.push(name)
  else modules.add(name)
}

/** Lines that say something, with those that end in a backslash joined to the next. */
async function linesOf(files: RootFiles, path: RootPath): Promise<readonly string[] | undefined> {
  const { end } = await files.trail(path, '/')
  if (end?.kind !== 'file' || end.size > LARGEST) return undefined
  const text = decodeText(await files.content(end)).replace(/\\\n/g, ' ')
  return text
    .split('\n', MOST_LINES)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
}
