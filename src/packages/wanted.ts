import { encodeText } from '../bytes.js'
import { basename, join, parent, type RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'
import { type PackageRoot, tooLarge } from './content.js'
import type { Ownership, Package } from './package.js'

/** Files whose packages are looked for, and what was found so far. */
export interface Wanted {
  /** The last components of the paths that may lead to a wanted file, as `bytesOf` gives them. */
  readonly names: ReadonlySet<string>
  /** Those of them that are names of links, which may lie where a package has a directory. */
  readonly links: ReadonlySet<string>
  /** Takes down who lists a path; `place` is where the file of that path was put, where that is not the path. */
  add(owner: Package, listed: RootPath, place?: RootPath): void
  /** Who has each wanted file and lists it how, by the place where that lies. */
  owners(): Promise<ReadonlyMap<RootPath, Ownership>>
}

/** As many as lists name the files of the largest images; each takes memory. */
export const MOST_PATHS = 2_000_000

/**
 * Databases list `/lib/libc.so.6` where the file lies in `/usr/lib`, because `/lib` is a link. A path that is listed
 * as it really is takes no look at the image; only for what is left are the directories of other paths walked.
 */
export function wantedFiles(root: PackageRoot, entries: readonly Entry[]): Wanted {
  const wanted = new Map<RootPath, Entry>()
  for (const entry of entries) if (entry.kind !== 'directory') wanted.set(entry.path, entry)
  const found = new Map<RootPath, Ownership>()
  const others = new Map<string, Detour[]>()
  let count = 0
  return {
    names: namesOf([...wanted.values()]),
    links: namesOf([...wanted.values()].filter(({ kind }) => kind === 'symlink')),
    add: (owner, listed, place = listed) => {
      if (++count > MOST_PATHS) throw tooLarge(`more than ${MOST_PATHS} paths`)
      if (!wanted.has(place)) pushTo(others, basename(place), { place, owned: { package: owner, listed } })
      else if (!found.has(place)) found.set(place, { package: owner, listed })
    },
    owners: async () => {
      const left = new Set([...wanted.keys()].filter((path) => !found.has(path)))
      for (const name of new Set([...left].map(basename))) {
        for (const other of others.get(name) ?? []) {
          const path = await leadsTo(root, other.place)
          if (path !== undefined && left.delete(path)) found.set(path, other.owned)
        }
      }
      return withHardLinks(wanted, found)
    },
  }
}

function namesOf(entries: readonly Entry[]): ReadonlySet<string> {
  return new Set(entries.map(({ path }) => bytesOf(basename(path))))
}

/** The bytes of a name, each as one character, as databases are read. */
export function bytesOf(name: string): string {
  return encodeText(name).toString('latin1')
}

/** A path that may lead to a wanted file through links. */
interface Detour {
  readonly place: RootPath
  readonly owned: Ownership
}

function pushTo<V>(rows: Map<string, V[]>, key: string, value: V): void {
  const row = rows.get(key)
  if (row === undefined) rows.set(key, [value])
  else row.push(value)
}

/** The last component is never followed: a package that has a link does not have what the link leads to. */
async function leadsTo({ directory }: PackageRoot, place: RootPath): Promise<RootPath | undefined> {
  const found = await directory(parent(place))
  return found === undefined ? undefined : join(found, basename(place))
}

/** Another name of an inode that a package has is the package's too. */
function withHardLinks(wanted: ReadonlyMap<RootPath, Entry>, found: Map<RootPath, Ownership>) {
  const owned = new Map<string, Ownership>()
  for (const [path, entry] of wanted) {
    const one = found.get(path)
    if (one !== undefined && entry.kind === 'file') owned.set(entry.identity, one)
  }
  for (const [path, entry] of wanted) {
    const one = entry.kind === 'file' ? owned.get(entry.identity) : undefined
    if (one !== undefined && !found.has(path)) found.set(path, one)
  }
  return found
}
