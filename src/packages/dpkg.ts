import { join, type RootPath } from '../rootfs/path.js'
import type { Entry, FileEntry } from '../rootfs/rootfs.js'
import { MOST_BYTES, type PackageRoot, textOf, tooLarge } from './content.js'
import { type Diversion, diversionsIn } from './dpkg-diversions.js'
import { dpkgOwners } from './dpkg-owners.js'
import { reducedDpkg } from './dpkg-reduced.js'
import { installedIn, type Paragraph } from './dpkg-status.js'
import type { PackageDatabase } from './package.js'

/** A package with the files that list what it has. */
export interface Installed extends Paragraph {
  readonly list?: FileEntry
  readonly sums?: FileEntry
}

/** What dpkg's directory says. */
export interface DpkgState {
  readonly root: PackageRoot
  readonly packages: readonly Installed[]
  readonly diversions: readonly Diversion[]
}

/**
 * dpkg's database: `status` with lists in `info`, and the files that distroless images have in `status.d` instead.
 * Undefined when there is none, or when it is empty.
 */
export async function dpkgDatabase(root: PackageRoot): Promise<PackageDatabase | undefined> {
  const state = await stateOf(root)
  if (state === undefined || state.packages.length === 0) return undefined
  return {
    kind: 'dpkg',
    owners: (entries) => dpkgOwners(state, entries),
    reduced: (owned) => reducedDpkg(state, owned),
  }
}

async function stateOf(root: PackageRoot): Promise<DpkgState | undefined> {
  const home = await root.directory('/var/lib/dpkg')
  if (home === undefined) return undefined
  // Asked for as a whole first: an engine then sends everything at once.
  const entries = await root.rootfs.list(home)
  const file = (name: string) => entries.find((one) => one.kind === 'file' && one.path === join(home, name))
  const text = async (name: string) => {
    const found = file(name)
    return found?.kind === 'file' ? textOf(root, found) : ''
  }
  const installed = installedIn(await text('status'), await text('arch'))
  const info = installed.length === 0 ? new Map() : filesIn(await root.rootfs.list(join(home, 'info')))
  const packages = installed.map((one) => ({ ...one, ...listsOf(one, info) }))
  return {
    root,
    packages: onceEach([...packages, ...(await distroless(root, join(home, 'status.d')))]),
    diversions: diversionsIn(await text('diversions')),
  }
}

/** Of two of one name the first that lists its files, since there can be one list of that name. */
function onceEach(packages: readonly Installed[]): readonly Installed[] {
  const found = new Map<string, Installed>()
  for (const one of packages) {
    const known = found.get(one.stem)
    if (known === undefined || (known.list === undefined && known.sums === undefined))
      found.set(one.stem, one)
  }
  return [...found.values()]
}

function filesIn(entries: readonly Entry[]): ReadonlyMap<string, FileEntry> {
  const files = entries.filter((entry) => entry.kind === 'file')
  return new Map(files.map((file) => [file.path.slice(file.path.lastIndexOf('/') + 1), file]))
}

function listsOf({ package: { name, architecture } }: Paragraph, info: ReadonlyMap<string, FileEntry>) {
  const find = (kind: string) => info.get(`${name}:${architecture}${kind}`) ?? info.get(`${name}${kind}`)
  const list = find('.list')
  const sums = find('.md5sums')
  return { ...(list === undefined ? {} : { list }), ...(sums === undefined ? {} : { sums }) }
}

/** One file for each package, and beside it the sums of what it has. */
async function distroless(root: PackageRoot, directory: RootPath): Promise<readonly Installed[]> {
  const files = filesIn(await root.rootfs.list(directory))
  const found: Installed[] = []
  let bytes = 0
  for (const [name, file] of files) {
    if (/\.(md5sums|list|preinst|postinst|prerm|postrm|conffiles)$/.test(name)) continue
    const sums = files.get(`${name}.md5sums`)
    const lists = sums === undefined ? {} : { sums }
    bytes += file.size
    if (bytes > MOST_BYTES) throw tooLarge(`${directory} has more than ${MOST_BYTES >> 20} MiB`)
    for (const one of installedIn(await textOf(root, file), '')) found.push({ ...one, ...lists })
  }
  return found
}
