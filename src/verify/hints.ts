import { bufferOf, decodeText } from '../bytes.js'
import { follow } from '../rootfs/follow.js'
import { basename, join, parent, type RootPath } from '../rootfs/path.js'
import type { RootFs } from '../rootfs/rootfs.js'
import type { Outcome } from './outcome.js'
import type { Hint } from './verification.js'

/** The files of the image, and what of them the lift has. */
export interface Roots {
  readonly original: RootFs
  readonly lifted: RootFs
  /** Where libraries lie that are asked for by their bare name. */
  readonly libraryDirectories: readonly RootPath[]
}

/** Most hints of one case, most places looked at for them, and how much text is read for them. */
const MOST_HINTS = 10
const MOST_PLACES = 200
const MOST_TEXT = 1 << 16

/** What the program complained of in the lift and not in the original, if the image has it and the lift does not. */
export async function hintsFor(original: Outcome, lifted: Outcome, roots: Roots): Promise<readonly Hint[]> {
  const known = new Set(linesOf(original))
  const complaints = linesOf(lifted).filter((line) => COMPLAINT.test(line) && !known.has(line))
  const places = complaints.flatMap((said) =>
    placesIn(said, roots.libraryDirectories).map((path) => ({ path, said })),
  )
  const hints = new Map<RootPath, Hint>()
  for (const place of places.slice(0, MOST_PLACES)) {
    const real = hints.size < MOST_HINTS ? await leftBehind(place.path, roots) : undefined
    if (real !== undefined && !hints.has(real)) hints.set(real, place)
  }
  return [...hints.values()]
}

/** How programs say that something is not there. */
const COMPLAINT =
  /no such file|not found|cannot|can't|could not|couldn't|unable|missing|fail|does(?: not|n't) exist|no .* found|error|invalid|unknown/i

/** What goes by another name in the words of a program than in the file system. */
const SUBJECTS: readonly (readonly [RegExp, readonly RootPath[]])[] = [
  [/locale|LC_ALL|charset|multibyte/i, ['/usr/lib/locale', '/usr/share/locale']],
  [
    /certificate|\bCA\b|\bSSL\b|\bTLS\b/i,
    ['/etc/ssl/certs', '/etc/ssl/cert.pem', '/etc/pki/tls/certs', '/usr/share/ca-certificates'],
  ],
  [/time ?zone/i, ['/usr/share/zoneinfo']],
  [/\buser\b|\buid\b/i, ['/etc/passwd']],
  [/\bgroup\b|\bgid\b/i, ['/etc/group']],
]

const PROGRAM_DIRECTORIES: readonly RootPath[] = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']

function linesOf({ stdout, stderr, end }: Outcome): readonly string[] {
  const texts = [stderr, stdout].map((bytes) => decodeText(bufferOf(bytes).subarray(0, MOST_TEXT)))
  const reason = end.kind === 'not started' ? [end.reason] : []
  return [...reason, ...texts.flatMap((text) => text.split('\n'))]
}

function placesIn(said: string, libraryDirectories: readonly RootPath[]): readonly RootPath[] {
  const paths = (said.match(/\/[^\s'"`:,;()<>[\]{}]+/g) ?? []) as RootPath[]
  const libraries = (said.match(/[\w.+-]+\.so\b[\w.]*/g) ?? []).flatMap((name) =>
    libraryDirectories.map((directory) => join(directory, name)),
  )
  const programs = [...said.matchAll(/([\w.+-]+): (?:command )?not found/g)].flatMap(([, name]) =>
    PROGRAM_DIRECTORIES.map((directory) => join(directory, name!)),
  )
  const subjects = SUBJECTS.flatMap(([words, places]) => (words.test(said) ? places : []))
  return [...paths, ...libraries, ...programs, ...subjects]
}

/** Where it really lies in the image, if the lift does not have it. */
async function leftBehind(path: RootPath, { original, lifted }: Roots): Promise<RootPath | undefined> {
  if (path.length < 2 || basename(path) === '' || basename(path) === '..') return undefined
  const [there, here] = await Promise.all([original, lifted].map((rootfs) => follow(rootfs, path)))
  return here?.end === undefined ? there?.end?.path : undefined
}

/** Where an image keeps libraries: where the lifted ones lie, and where loaders look by default. */
export function libraryDirectoriesOf(paths: readonly RootPath[]): readonly RootPath[] {
  return [...new Set<RootPath>([...paths.map(parent), '/lib', '/usr/lib', '/usr/local/lib'])].slice(0, 50)
}
