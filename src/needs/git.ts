import type { RootFiles } from '../loader/files.js'
import { basename, join, parent, type RootPath } from '../rootfs/path.js'
import type { Finder, Need, Subject } from './finder.js'
import { directoriesNamedIn, namesIn, namesNeeds, pathNeed } from './places.js'

/** Git starts itself and others by their names in a directory that is compiled into it (git(1), `--exec-path`). */
export const git: Finder = {
  describe: "git's own programs and templates",
  symbols: [],
  reads: 'all',
  find: async (subject, { files }) => {
    const { object, closure } = subject
    if (object !== closure.program || !/^git(-[a-z-]+)?$/.test(basename(object.file.path))) return []
    const needs: Need[] = []
    for (const directory of await programDirectories(subject, files)) {
      const others = (await namesIn(files, directory)).filter((name) => RARE.has(name))
      needs.push(pathNeed(directory, 'likely', 'starts its own programs there', others))
      needs.push(...namesNeeds(directory, others, 'possible', 'may start it'))
    }
    return needs.length === 0 ? [] : [...needs, ...SETTINGS, ...HELPERS]
  },
}

/** Servers, and what nobody starts who does not ask for it by name; each is linked with all of git. */
const RARE: ReadonlySet<string> = new Set([
  'git-daemon',
  'git-http-backend',
  'git-http-push',
  'git-imap-send',
  'git-shell',
  'scalar',
])

const SETTINGS: readonly Need[] = [
  pathNeed('/etc/gitconfig', 'likely', 'is configured there'),
  pathNeed('/usr/share/git-core/templates', 'likely', 'makes repositories after it'),
  pathNeed('/usr/local/share/git-core/templates', 'likely', 'makes repositories after it'),
]

/** What it starts by names that are looked up in PATH: for remote places, for long answers, and out of its scripts. */
const HELPERS: readonly Need[] = [
  ...['ssh', 'pager', 'less', 'editor'],
  ...['basename', 'cat', 'dirname', 'expr', 'grep', 'rm', 'sed', 'tr', 'uname'],
].flatMap((name) =>
  (['/usr/bin', '/bin'] as const).map((directory) => ({
    kind: 'program',
    path: `${directory}/${name}`,
    confidence: 'possible',
    why: 'may start it',
  })),
)

/** Where it is named, or else where it would lie beside the program. */
async function programDirectories(subject: Subject, files: RootFiles): Promise<readonly RootPath[]> {
  const named = await directoriesNamedIn(subject, files, (path) => basename(path) === 'git-core')
  if (named.length > 0) return named
  const prefix = parent(parent(subject.object.file.path))
  const places = ['libexec/git-core', 'lib/git-core'].map((name) => join(prefix, name))
  const found: RootPath[] = []
  for (const place of places) if ((await namesIn(files, place)).length > 0) found.push(place)
  return found
}
