import { decodeText } from '../bytes.js'
import type { RootFiles } from '../loader/files.js'
import { join, normalise, parent, type RootPath } from '../rootfs/path.js'
import { matchingPaths } from './include.js'

const CONFIGURATION = '/etc/ld.so.conf'
/** Far more than any image has; a hostile one must not keep us reading. */
const MOST_FILES = 1000
const MOST_BYTES = 1024 * 1024

/**
 * The directories that `/etc/ld.so.conf` and the files it includes name, in reading order. That is what ldconfig
 * will look at when it is run; no loader reads this file (glibc elf/ldconfig.c, parse_conf).
 */
export async function configuredDirectories(files: RootFiles): Promise<readonly RootPath[]> {
  const directories = new Set<RootPath>()
  await readInto(directories, new Set(), files, CONFIGURATION)
  return [...directories]
}

async function readInto(
  directories: Set<RootPath>,
  read: Set<RootPath>,
  files: RootFiles,
  path: RootPath,
): Promise<void> {
  if (read.has(path) || read.size >= MOST_FILES) return
  read.add(path)
  for (const line of await linesOf(files, path)) {
    const patterns = /^include[ \t]+(.*)$/.exec(line)?.[1]
    if (patterns === undefined) {
      if (line.startsWith('/')) directories.add(normalise(line.replace(/=[^/]*$/, '')))
      continue
    }
    for (const included of await includedFiles(files, patterns, parent(path)))
      await readInto(directories, read, files, included)
  }
}

/** The lines without comments and outer blanks. */
async function linesOf(files: RootFiles, path: RootPath): Promise<readonly string[]> {
  const { end } = await files.trail(path, '/')
  if (end?.kind !== 'file' || end.size > MOST_BYTES) return []
  const text = decodeText(await files.content(end))
  return text.split('\n').map((line) => line.replace(/#.*/, '').trim())
}

/** Patterns are taken from the directory of the file that holds them; their matches come in bytewise order. */
async function includedFiles(files: RootFiles, patterns: string, from: RootPath): Promise<RootPath[]> {
  const found: RootPath[] = []
  for (const pattern of patterns.split(/[ \t]+/)) {
    found.push(...[...(await matchingPaths(files, normalise(join(from, pattern))))].sort())
  }
  return found
}
