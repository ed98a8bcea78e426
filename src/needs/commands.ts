import { envOf } from '../image/config.js'
import type { RootFiles } from '../loader/files.js'
import { join, type RootPath } from '../rootfs/path.js'
import type { Finder, Need, Surroundings } from './finder.js'
import { shellNames } from './shell-names.js'
import { readShellScript } from './shell-script.js'

/** What shell scripts start and read in. */
export const commands: Finder = {
  describe: 'programs that shell scripts start, and files that they read',
  symbols: [],
  reads: 'all',
  find: () => [],
  findInScript: async ({ language, text }, surroundings) => {
    if (language !== 'shell') return []
    const { files } = surroundings
    const names = shellNames(readShellScript(text))
    const needs: Need[] = []
    for (const name of names.commands.slice(0, MOST_NAMES)) needs.push(...(await command(surroundings, name)))
    for (const name of names.sourced.slice(0, MOST_NAMES)) needs.push(...(await sourced(surroundings, name)))
    for (const name of names.paths.slice(0, MOST_NAMES)) needs.push(...(await named(files, name)))
    return needs
  },
}

/** Far more than any script names. */
const MOST_NAMES = 1000

async function command({ files, config }: Surroundings, name: string): Promise<readonly Need[]> {
  const path = await lookUp(files, envOf(config, 'PATH') ?? '', name)
  return path === undefined ? [] : [{ kind: 'program', path, confidence: 'likely', why: 'starts it' }]
}

async function sourced({ files, config }: Surroundings, name: string): Promise<readonly Need[]> {
  const path = await lookUp(files, envOf(config, 'PATH') ?? '', name, 0)
  const why = 'reads it in'
  return path === undefined ? [] : [{ kind: 'source', path, language: 'shell', confidence: 'likely', why }]
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
