import { decodeText } from '../bytes.js'
import type { RootFiles } from '../loader/files.js'
import { join, normalise, parent, type RootPath } from '../rootfs/path.js'
import { type Named, namesIn } from './configuration-text.js'
import type { Finder, Need } from './finder.js'
import { isAskedElsewhere, needOfNamed } from './named-path.js'
import { matching } from './path-patterns.js'

/**
 * What the configuration files that a program names among its constants say is needed: what they include, and what is
 * named in all of that. These files themselves are of other finders.
 */
export const configuration: Finder = {
  describe: 'what the configuration files of a program include and name',
  symbols: [],
  reads: 'all',
  find: async (subject, { files }) => {
    // Libraries name much that few programs make them read.
    if (subject.object !== subject.closure.program) return []
    const texts = (await subject.texts()).filter((text) => text.startsWith('/')).map(normalise)
    const named = [...new Set(texts)].filter((path) => path.startsWith('/etc/')).slice(0, MOST_FILES)
    return needsOf({ files, prefixes: await directoriesAmong(files, texts) }, named)
  },
}

const MOST_FILES = 100
const MOST_PREFIXES = 16
/** Larger ones hold data. */
const LARGEST = 256 * 1024

interface Reading {
  readonly files: RootFiles
  /** Directories that the program names, to which names in its configuration may be relative. */
  readonly prefixes: readonly RootPath[]
}

async function directoriesAmong(files: RootFiles, texts: readonly RootPath[]): Promise<readonly RootPath[]> {
  const directories: RootPath[] = []
  for (const text of texts.slice(0, MOST_TEXTS)) {
    if (directories.length >= MOST_PREFIXES) break
    if ((await files.trail(text, '/')).end?.kind === 'directory') directories.push(text)
  }
  return directories
}

const MOST_TEXTS = 1000

/** Patterns in some files may stand for all of some directories again and again. */
const MOST_PATHS = 10_000

/** Breadth first: what a program names, what that includes, and so on. */
async function needsOf(reading: Reading, named: readonly RootPath[]): Promise<readonly Need[]> {
  const needs: Need[] = []
  const seen = new Set<RootPath>()
  const pending: { readonly path: RootPath; readonly why?: string }[] = named.map((path) => ({ path }))
  for (const { path, why } of pending) {
    if (seen.has(path) || seen.size >= MOST_FILES || isAskedElsewhere(path)) continue
    seen.add(path)
    const need = await needOfNamed(reading.files, path, why ?? '')
    if (need === undefined) continue
    if (why !== undefined) needs.push(need)
    if (need.confidence !== 'likely' || need.kind !== 'path') continue
    for (const name of await namesInFile(reading.files, path)) {
      if (pending.length + needs.length > MOST_PATHS) return needs
      const by = `reads ${path}, which names it`
      const paths = await pathsFor(reading, path, name)
      if (name.as === 'include') pending.push(...paths.map((one) => ({ path: one, why: by })))
      else for (const one of paths) needs.push(...(await namedBy(reading.files, one, by)))
    }
  }
  return needs
}

async function namedBy(files: RootFiles, path: RootPath, why: string): Promise<readonly Need[]> {
  const need = isAskedElsewhere(path) ? undefined : await needOfNamed(files, path, why)
  return need === undefined ? [] : [need]
}

async function namesInFile(files: RootFiles, path: RootPath): Promise<readonly Named[]> {
  const { end } = await files.trail(path, '/')
  if (end?.kind !== 'file' || end.size > LARGEST) return []
  return namesIn(decodeText(await files.content(end)))
}

/** What a name in a file may mean: with `*` any number of paths, and all files of a directory where that is included. */
async function pathsFor(
  { files, prefixes }: Reading,
  path: RootPath,
  { as, name }: Named,
): Promise<readonly RootPath[]> {
  const bases = name.startsWith('/') ? (['/'] as const) : [parent(path), ...prefixes]
  for (const base of bases) {
    const found: RootPath[] = []
    for (const one of await matching(files, normalise(join(base, name)))) {
      const { end } = await files.trail(one, '/')
      if (end?.kind === 'directory' && as === 'include')
        found.push(...(await matching(files, join(one, '*'))))
      else if (end !== undefined || as === 'path') found.push(one)
    }
    if (found.length > 0) return found
  }
  return []
}
