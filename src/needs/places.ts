import { envOf, type ImageConfig } from '../image/config.js'
import type { RootFiles } from '../loader/files.js'
import { basename, join, parent, type RootPath } from '../rootfs/path.js'
import type { Confidence, Need, Subject } from './finder.js'

/** Far more than any interpreter has compiled in. */
const MOST_PLACES = 1000

/** The directories of the image whose paths stand among an object's constants and satisfy a condition, as they stand. */
export async function directoriesNamedIn(
  subject: Subject,
  files: RootFiles,
  isWanted: (path: RootPath) => boolean,
): Promise<readonly RootPath[]> {
  const paths = (await subject.texts()).map(withoutSlashes).filter(isAbsolute)
  const found: RootPath[] = []
  for (const path of new Set(paths.filter(isWanted).slice(0, MOST_PLACES)))
    if ((await namesIn(files, path)).length > 0) found.push(path)
  return found
}

/** Without those at its end; a regular expression would begin anew at each. */
function withoutSlashes(text: string): string {
  let end = text.length
  while (end > 1 && text[end - 1] === '/') end--
  return text.slice(0, end)
}

function isAbsolute(text: string): text is RootPath {
  return text.startsWith('/')
}

/** The names in a directory; none where it is no directory. */
export async function namesIn(files: RootFiles, directory: RootPath): Promise<readonly string[]> {
  const { end } = await files.trail(directory, '/')
  if (end?.kind !== 'directory') return []
  return (await files.rootfs.list(end.path)).map(({ path }) => basename(path))
}

/** The directories above a path, the nearest first, without the root. */
export function above(path: RootPath): readonly RootPath[] {
  const directories: RootPath[] = []
  for (let one = parent(path); one !== '/'; one = parent(one)) directories.push(one)
  return directories
}

/** A path that is needed; a directory without some of its names. */
export function pathNeed(
  path: RootPath,
  confidence: Confidence,
  why: string,
  except: readonly string[] = [],
): Need {
  return { kind: 'path', path, confidence, why, ...(except.length > 0 ? { except } : {}) }
}

/** Names in a directory, as needs of their own. */
export function namesNeeds(
  directory: RootPath,
  names: readonly string[],
  confidence: Confidence,
  why: string,
): readonly Need[] {
  return names.map((name) => pathNeed(join(directory, name), confidence, why))
}

/** The absolute paths in variables of the image that are lists of them, as what whoever set them wants to be found. */
export function variableNeeds(config: ImageConfig, variables: readonly string[]): readonly Need[] {
  return variables.flatMap((variable) =>
    (envOf(config, variable) ?? '')
      .split(':')
      .filter((path): path is RootPath => path.startsWith('/') && path !== '/')
      .map((path) => pathNeed(path, 'likely', `looks where ${variable} says`)),
  )
}
