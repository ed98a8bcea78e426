import { decodeText } from '../bytes.js'
import { basename, join, type RootPath } from '../rootfs/path.js'
import type { Entry, FileEntry } from '../rootfs/rootfs.js'
import { contentOf, type PackageRoot, textOf, tooLarge } from './content.js'
import { type Diversion, diversionsIn, diverting, withDiverted } from './dpkg-diversions.js'
import { reducedDpkg } from './dpkg-reduced.js'
import { installedIn, nativeArchitecture, type Paragraph } from './dpkg-status.js'
import { linesEndingIn } from './lines.js'
import type { Ownership, Package, PackageDatabase } from './package.js'
import { wantedFiles } from './wanted.js'

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
    owners: (entries) => ownersOf(state, entries),
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
  const status = await text('status')
  const native = nativeArchitecture(status) ?? (await text('arch')).split('\n')[0]
  const info = filesIn(await root.rootfs.list(join(home, 'info')))
  const packages = installedIn(status, native || undefined).map((one) => ({ ...one, ...listsOf(one, info) }))
  return {
    root,
    packages: [...packages, ...(await distroless(root, join(home, 'status.d')))],
    diversions: diversionsIn(await text('diversions')),
  }
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
  for (const [name, file] of files) {
    if (/\.(md5sums|list|preinst|postinst|prerm|postrm|conffiles)$/.test(name)) continue
    const sums = files.get(`${name}.md5sums`)
    const lists = sums === undefined ? {} : { sums }
    for (const one of installedIn(await textOf(root, file), undefined)) found.push({ ...one, ...lists })
  }
  return found
}

/** All lists together; those of the whole of Debian have less. */
const MOST_BYTES = 1 << 30

async function ownersOf(
  state: DpkgState,
  entries: readonly Entry[],
): Promise<ReadonlyMap<RootPath, Ownership>> {
  const { root, packages, diversions } = state
  const wanted = wantedFiles<Package>(root, entries)
  const divert = diverting(diversions)
  const scan = linesEndingIn(withDiverted(wanted.names, diversions))
  let bytes = 0
  for (const { package: owner, list, sums } of packages) {
    const file = list ?? sums
    if (file === undefined) continue
    bytes += file.size
    if (bytes > MOST_BYTES) throw tooLarge(`its lists have more than ${MOST_BYTES >> 30} GiB`)
    const content = await contentOf(root, file)
    scan(content, (line) => {
      if (wanted.links.has(basename(line)) && isDirectory(content, line)) return
      const listed = listedPath(list === undefined ? `/${line.slice(SUM)}` : line)
      if (listed !== undefined) wanted.add(owner, listed, divert(listed, owner.name))
    })
  }
  const found = await wanted.found()
  return new Map([...found].map(([path, { listed, owner }]) => [path, { package: owner, listed }]))
}

/** A package has `/lib` as a directory when it has anything in it, though a link may lie there in the image. */
function isDirectory(list: Buffer, line: string): boolean {
  return list.includes(`\n${line}/`, 0, 'latin1')
}

/** An MD5 sum and two blanks stand before each path, which has no slash at its beginning. */
const SUM = 34

function listedPath(line: string): RootPath | undefined {
  return line.startsWith('/') ? (decodeText(Buffer.from(line, 'latin1')) as RootPath) : undefined
}
