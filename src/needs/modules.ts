import type { RootFiles } from '../loader/files.js'
import { basename, join, normalise, parent, type RootPath } from '../rootfs/path.js'
import type { Finder, Need } from './finder.js'
import { addedDirectories, MODULE_RULES, type ModuleName } from './module-rules.js'
import { matching } from './path-patterns.js'
import type { Language, Script } from './script.js'

/** Modules that scripts name, where they are no part of what their language has by itself. */
export const modules: Finder = {
  describe: 'modules that scripts of Perl, Python, Ruby and Node name',
  symbols: [],
  reads: 'all',
  find: () => [],
  findInScript: async (script, { files }) => {
    const rules = MODULE_RULES[script.language]
    if (rules === undefined) return []
    const directories = await directoriesOf(script, files)
    const needs: Need[] = []
    for (const name of rules.names(script.text).slice(0, MOST_NAMES))
      needs.push(...(await needsOf(files, script.language, name, directories)))
    return needs
  },
}

/** Far more than any script names. */
const MOST_NAMES = 500
const MOST_DIRECTORIES = 64

async function directoriesOf(script: Script, files: RootFiles): Promise<readonly RootPath[]> {
  const rules = MODULE_RULES[script.language]!
  const found: RootPath[] = []
  for (const directory of [...addedDirectories(script, rules), ...rules.directories]) {
    const pattern = normalise(join(parent(script.path), directory))
    for (const path of await matching(files, pattern)) {
      const { end } = await files.trail(path, '/')
      if (end?.kind === 'directory' && !found.includes(path)) found.push(path)
    }
  }
  return found.slice(0, MOST_DIRECTORIES)
}

async function needsOf(
  files: RootFiles,
  language: Language,
  module: ModuleName,
  directories: readonly RootPath[],
): Promise<readonly Need[]> {
  const why = `reads in the module ${basename(module.name)}`
  const paths: RootPath[] = []
  for (const directory of directories) {
    const found = await existing(files, directory, module.files)
    if (found.length === 0) continue
    paths.push(...found, ...(await existing(files, directory, module.along ?? [])))
    if (MODULE_RULES[language]?.counts === 'first') break
  }
  return paths.map((path) => ({ kind: 'source', path, language, confidence: 'likely', why }))
}

async function existing(
  files: RootFiles,
  directory: RootPath,
  patterns: readonly string[],
): Promise<readonly RootPath[]> {
  const found: RootPath[] = []
  for (const pattern of patterns) {
    for (const path of await matching(files, normalise(join(directory, pattern)))) {
      const { end } = await files.trail(path, '/')
      if (end !== undefined) found.push(path)
    }
  }
  return found
}
