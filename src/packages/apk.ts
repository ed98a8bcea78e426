import { decodeText } from '../bytes.js'
import { join, type RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'
import { fileAt, MOST_PACKAGES, type PackageRoot, textOf, tooLarge } from './content.js'
import type { GeneratedFile, Ownership, Package, PackageDatabase } from './package.js'
import { wantedFiles } from './wanted.js'

/** Where apk keeps its database, and where it is going to. */
const PLACES: readonly RootPath[] = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed']

/** apk's database, one file of text. Undefined when there is none, or when it is empty. */
export async function apkDatabase(root: PackageRoot): Promise<PackageDatabase | undefined> {
  for (const place of PLACES) {
    const file = await fileAt(root, place)
    const packages = file === undefined ? [] : packagesIn(await textOf(root, file))
    if (file === undefined || packages.length === 0) continue
    return {
      kind: 'apk',
      owners: (entries) => ownersOf(root, packages, entries),
      // In the new root the directory need not be a link.
      reduced: async (owned) => reducedApk(file.path, packages, owned),
    }
  }
  return undefined
}

/** A package and its lines, each byte one character: a letter, a colon, a value. */
interface Installed {
  readonly package: Package
  readonly lines: readonly string[]
}

function packagesIn(text: string): readonly Installed[] {
  const paragraphs = text.split(/\n\n+/)
  if (paragraphs.length > MOST_PACKAGES) throw tooLarge(`${paragraphs.length} packages`)
  return paragraphs.map(installedOf).filter((one) => one !== undefined)
}

function installedOf(text: string): Installed | undefined {
  const lines = text.split('\n').filter((line) => line !== '')
  const field = (letter: string) => lines.find((line) => line.startsWith(`${letter}:`))?.slice(2)
  const name = field('P')
  const version = field('V')
  const architecture = field('A')
  if (name === undefined || version === undefined) return undefined
  const found = { name, version, label: name, ...(architecture === undefined ? {} : { architecture }) }
  return { package: found, lines }
}

/** What a line belongs to: the package, a directory of it, or a file in that directory. */
interface Scope {
  readonly directory?: string
  readonly file?: string
}

/** Lines with what they belong to, which the lines before them say (apk-tools, "Installed database"). */
function* scoped(lines: readonly string[]): Generator<readonly [line: string, Scope]> {
  let scope: Scope = {}
  for (const line of lines) {
    if (line.startsWith('F:')) scope = { directory: line.slice(2) }
    else if (line.startsWith('R:')) scope = { ...scope, file: line.slice(2) }
    yield [line, scope]
  }
}

function pathOf({ directory, file }: Scope): RootPath | undefined {
  if (directory === undefined || file === undefined) return undefined
  return decodeText(Buffer.from(join(`/${directory}`, file), 'latin1')) as RootPath
}

async function ownersOf(
  root: PackageRoot,
  packages: readonly Installed[],
  entries: readonly Entry[],
): Promise<ReadonlyMap<RootPath, Ownership>> {
  const wanted = wantedFiles(root, entries)
  for (const { package: owner, lines } of packages) {
    for (const [line, scope] of scoped(lines)) {
      if (!line.startsWith('R:') || !wanted.names.has(line.slice(2))) continue
      const path = pathOf(scope)
      if (path !== undefined) wanted.add(owner, path)
    }
  }
  return wanted.owners()
}

function reducedApk(
  path: RootPath,
  packages: readonly Installed[],
  owned: readonly Ownership[],
): readonly GeneratedFile[] {
  const listed = new Map<Package, Set<RootPath>>()
  for (const { package: owner, listed: path } of owned) {
    const paths = listed.get(owner)
    if (paths === undefined) listed.set(owner, new Set([path]))
    else paths.add(path)
  }
  const kept = packages.filter((one) => listed.has(one.package))
  if (kept.length === 0) return []
  const text = kept.map((one) => `${reducedLines(one, listed.get(one.package)!).join('\n')}\n\n`).join('')
  return [{ path, bytes: Buffer.from(text, 'latin1'), mode: 0o644 }]
}

/** What is said of the package itself, and of its directories and files as far as they are there. */
function reducedLines({ lines }: Installed, listed: ReadonlySet<RootPath>): readonly string[] {
  const directories = new Set<string>()
  for (const [, scope] of scoped(lines)) {
    const path = pathOf(scope)
    if (path !== undefined && listed.has(path)) directories.add(scope.directory!)
  }
  const isKept = (scope: Scope) => {
    if (scope.directory === undefined) return true
    return scope.file === undefined ? directories.has(scope.directory) : listed.has(pathOf(scope)!)
  }
  return [...scoped(lines)].filter(([, scope]) => isKept(scope)).map(([line]) => line)
}
