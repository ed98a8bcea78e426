import { envOf } from '../image/config.js'
import type { RootFiles } from '../loader/files.js'
import { join, type RootPath } from '../rootfs/path.js'
import type { Finder, Need, Surroundings } from './finder.js'
import { homeOf } from './home.js'
import { shellNames } from './shell-names.js'
import { readShellScript } from './shell-script.js'

/** What shell scripts start and read in, and files that scripts of any language name. */
export const commands: Finder = {
  describe: 'programs that shell scripts start, and files that scripts name',
  symbols: [],
  reads: 'all',
  find: () => [],
  findInScript: async ({ language, text }, surroundings) => {
    const { files } = surroundings
    if (language !== 'shell') return quoted(files, text)
    const names = shellNames(readShellScript(text))
    const needs: Need[] = [...homeNeeds(text, surroundings)]
    for (const name of names.commands.slice(0, MOST_NAMES)) needs.push(...(await command(surroundings, name)))
    for (const name of names.sourced.slice(0, MOST_NAMES)) needs.push(...(await sourced(surroundings, name)))
    for (const name of names.paths.slice(0, MOST_NAMES)) needs.push(...(await named(files, name)))
    return needs
  },
}

/** Far more than any script names. */
const MOST_NAMES = 1000

function homeNeeds(text: string, { config }: Surroundings): readonly Need[] {
  const path = homeOf(config)
  if (path === undefined || !/[\s"'=:]~\/|\$\{?HOME\b/.test(text)) return []
  return [{ kind: 'bare-directory', path, confidence: 'likely', why: 'names where who runs it is at home' }]
}

async function command({ files, config }: Surroundings, name: string): Promise<readonly Need[]> {
  const path = await lookUp(files, envOf(config, 'PATH') ?? '', name)
  return path === undefined ? [] : [{ kind: 'program', path, confidence: 'likely', why: 'starts it' }]
}

async function sourced({ files, config }: Surroundings, name: string): Promise<readonly Need[]> {
  const path = await lookUp(files, envOf(config, 'PATH') ?? '', name, 0)
  const why = 'reads it in'
  return path === undefined ? [] : [{ kind: 'source', path, language: 'shell', confidence: 'likely', why }]
}

/** Of other languages only paths are known, where they stand in quotes. */
async function quoted(files: RootFiles, text: string): Promise<readonly Need[]> {
  const paths = new Set<string>()
  for (const [, , path] of text.matchAll(/(['"])(\/(?:etc|usr|opt|srv|var)\/[\w.+@/-]{1,200}[\w+@-])\1/g))
    paths.add(path!)
  const needs: Need[] = []
  for (const path of [...paths].slice(0, MOST_NAMES)) needs.push(...(await named(files, path)))
  return needs
}

/** What not everybody may read is left to whoever wants it; programs are started by whoever gets their names. */
async function named(files: RootFiles, path: string): Promise<readonly Need[]> {
  const { end } = await files.trail(path, '/')
  if (end?.kind !== 'file') return []
  const why = 'names it'
  if ((end.mode & EXECUTABLE) !== 0)
    return [{ kind: 'program', path: path as RootPath, confidence: 'possible', why }]
  const confidence = (end.mode & READABLE_BY_ALL) === 0 ? 'possible' : 'likely'
  return [{ kind: 'path', path: path as RootPath, confidence, why }]
}

const EXECUTABLE = 0o111
const READABLE_BY_ALL = 0o004
/** Where shells look when nobody has set PATH, and where scripts of the system say that they look. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A file by its path, or by its name in PATH. */
async function lookUp(
  files: RootFiles,
  searchPath: string,
  name: string,
  mode = EXECUTABLE,
): Promise<RootPath | undefined> {
  if (name === '' || name.endsWith('/') || name.length > 4096) return undefined
  const isPath = name.includes('/')
  if (isPath && !name.startsWith('/')) return undefined
  const directories = isPath ? ['/'] : `${searchPath}:${USUAL_PATH}`.split(':').slice(0, 64)
  for (const directory of directories) {
    if (!directory.startsWith('/')) continue
    const path = join(directory as RootPath, name)
    const { end } = await files.trail(path, '/')
    if (end?.kind === 'file' && (mode === 0 || (end.mode & mode) !== 0)) return path
  }
  return undefined
}
