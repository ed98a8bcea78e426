import type { RootFiles } from '../loader/files.js'
import { basename, join, normalise, parent, type RootPath } from '../rootfs/path.js'
import type { Subject } from './finder.js'

/**
 * What a path of a rule means for an object: `{lib}` is the directory of the C library, also below `/usr` where the two
 * are apart, `{triplet}` that directory's name (`x86_64-linux-gnu`), and `*` any part of a name that the image has.
 */
export async function pathsOf(
  pattern: string,
  subject: Subject,
  files: RootFiles,
): Promise<readonly RootPath[]> {
  const directories = libraryDirectories(subject)
  const paths = new Set<RootPath>()
  for (const directory of pattern.includes('{') ? directories : directories.slice(0, 1)) {
    const path = pattern.replace('{lib}', () => directory).replaceAll('{triplet}', () => basename(directory))
    for (const one of await matching(files, normalise(path))) paths.add(one)
  }
  return [...paths]
}

/** Where the C library of glibc lies; musl's lies apart from everything else. */
function libraryDirectories({ closure, dialect }: Subject): readonly RootPath[] {
  const libc = closure.objects.find(({ elf }) => /^libc\.so\.6/.test(elf.dynamic?.soname ?? ''))
  const directory = dialect === 'musl' || libc === undefined ? '/usr/lib' : parent(libc.file.path)
  return directory.startsWith('/usr/') ? [directory] : [directory, normalise(`/usr${directory}`)]
}

/** More than any directory of plugins has versions. */
const MOST_MATCHES = 64

/** The paths that a pattern of `*` stands for, sorted; itself when it holds none. */
export async function matching(files: RootFiles, pattern: RootPath): Promise<readonly RootPath[]> {
  if (!pattern.includes('*')) return [pattern]
  let found: readonly RootPath[] = ['/']
  for (const part of pattern.slice(1).split('/')) {
    const next: RootPath[] = []
    for (const directory of found) next.push(...(await matchingIn(files, directory, part)))
    found = next.slice(0, MOST_MATCHES)
  }
  return found
}

async function matchingIn(files: RootFiles, directory: RootPath, part: string): Promise<readonly RootPath[]> {
  if (!part.includes('*')) return [join(directory, part)]
  const { end } = await files.trail(directory, '/')
  if (end?.kind !== 'directory') return []
  const [start = '', ...others] = part.split('*')
  return (await files.rootfs.list(end.path))
    .map(({ path }) => basename(path))
    .filter((name) => matches(name, start, others))
    .sort()
    .map((name) => join(directory, name))
}

/** Piece by piece, each at its first place and the last at the end, so that no name of the image takes long. */
function matches(name: string, start: string, others: readonly string[]): boolean {
  if (!name.startsWith(start) || (start === '' && name.startsWith('.'))) return false
  let at = start.length
  for (const piece of others.slice(0, -1)) {
    const next = name.indexOf(piece, at)
    if (next < 0) return false
    at = next + piece.length
  }
  const end = others.at(-1) ?? ''
  return name.length - end.length >= at && name.endsWith(end)
}
