import { bufferOf, decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import { join, type RootPath } from '../rootfs/path.js'
import type { Entry, FileEntry } from '../rootfs/rootfs.js'
import { fileAt, MOST_PACKAGES, type PackageRoot, tooLarge } from './content.js'
import type { Ownership, Package, PackageDatabase } from './package.js'
import { type RpmHeader, rpmHeader, TAG } from './rpm-header.js'
import { blobsOf } from './sqlite.js'
import { wantedFiles } from './wanted.js'

/** Where rpm keeps its database, and where it did before. */
const HOMES: readonly RootPath[] = ['/usr/lib/sysimage/rpm', '/var/lib/rpm', '/usr/share/rpm']
/** Forms of the database that are not read here. */
const OTHERS = { 'Packages.db': 'ndb', Packages: 'Berkeley DB' } as const

/**
 * rpm's database as SQLite, its form since rpm 4.16; it is read and never written. Undefined when there is none.
 * Throws LiftError 'unsupported' for one of another form.
 */
export async function rpmDatabase(root: PackageRoot): Promise<PackageDatabase | undefined> {
  for (const home of HOMES) {
    const file = await fileAt(root, join(home, 'rpmdb.sqlite'))
    if (file !== undefined) return databaseIn(root, file)
  }
  for (const home of HOMES) await refuseOthers(root, home)
  return undefined
}

async function refuseOthers(root: PackageRoot, home: RootPath): Promise<void> {
  for (const [name, form] of Object.entries(OTHERS)) {
    if ((await fileAt(root, join(home, name))) === undefined) continue
    throw new LiftError(
      'unsupported',
      `${join(home, name)} is an rpm database in the form of ${form}, which is not read`,
    )
  }
}

/** The whole file is in memory for a while. */
const MOST_BYTES = 256 << 20

async function databaseIn(root: PackageRoot, file: FileEntry): Promise<PackageDatabase | undefined> {
  if (file.size > MOST_BYTES) throw tooLarge(`${file.path} has more than ${MOST_BYTES >> 20} MiB`)
  const log = await fileAt(root, `${file.path}-wal`)
  if (log !== undefined && log.size > 0)
    throw new LiftError('unsupported', `${log.path} holds changes to the rpm database that are not in it yet`)
  const bytes = bufferOf(await root.rootfs.open(file).read(0, file.size))
  const packages = packagesOf(headersIn(bytes))
  if (packages.length === 0) return undefined
  return { kind: 'rpm', owners: (entries) => ownersOf(root, packages, entries) }
}

function headersIn(bytes: Buffer): readonly RpmHeader[] {
  const headers: RpmHeader[] = []
  for (const blob of blobsOf(bytes, 'Packages') ?? []) {
    headers.push(rpmHeader(blob))
    if (headers.length > MOST_PACKAGES) throw tooLarge(`more than ${MOST_PACKAGES} packages`)
  }
  return headers
}

interface Installed {
  readonly package: Package
  readonly header: RpmHeader
}

/** Those that have a name alone are named by it, others as rpm prints them. */
function packagesOf(headers: readonly RpmHeader[]): readonly Installed[] {
  const names = headers.map((header) => header.text(TAG.name) ?? '')
  const known = new Set<string>()
  const twice = new Set(names.filter((name) => known.size === known.add(name).size))
  return headers.map((header, index) => {
    const name = names[index]!
    const architecture = header.text(TAG.architecture)
    const revision = `${header.text(TAG.version) ?? ''}-${header.text(TAG.release) ?? ''}`
    const [epoch] = header.numbers(TAG.epoch)
    const version = epoch === undefined ? revision : `${epoch}:${revision}`
    const label = twice.has(name) ? `${name}-${revision}.${architecture ?? 'noarch'}` : name
    const found = { name, version, label, ...(architecture === undefined ? {} : { architecture }) }
    return { package: found, header }
  })
}

async function ownersOf(
  root: PackageRoot,
  packages: readonly Installed[],
  entries: readonly Entry[],
): Promise<ReadonlyMap<RootPath, Ownership>> {
  const wanted = wantedFiles(root, entries)
  for (const { package: owner, header } of packages) {
    for (const path of pathsIn(header, wanted.names)) wanted.add(owner, path)
  }
  return wanted.owners()
}

const DIRECTORY = 0o040000
const KIND = 0o170000
/** Of the states of a file: it is there. */
const NORMAL = 0

/** The files and links of a package that have one of some names; not those that it was installed without. */
function* pathsIn(header: RpmHeader, names: ReadonlySet<string>): Generator<RootPath> {
  const directories = header.texts(TAG.directoryNames)
  const indexes = header.numbers(TAG.directoryIndexes)
  const modes = header.numbers(TAG.fileModes)
  const states = header.numbers(TAG.fileStates)
  for (const [index, name] of header.texts(TAG.baseNames).entries()) {
    if (!names.has(name) || ((modes[index] ?? 0) & KIND) === DIRECTORY) continue
    const directory = directories[indexes[index] ?? -1]
    if (directory === undefined || (states[index] ?? NORMAL) !== NORMAL) continue
    const path = decodeText(Buffer.from(`${directory}${name}`, 'latin1'))
    if (path.startsWith('/')) yield path as RootPath
  }
}
