import type { LoadedObject } from '../loader/loader.js'
import type { Trail } from '../rootfs/follow.js'
import { parent, type RootPath } from '../rootfs/path.js'
import type { DirectoryEntry, FileEntry } from '../rootfs/rootfs.js'
import { closuresOf, type Examination } from './examine.js'
import type { Finding } from './finding.js'
import type { Included } from './include.js'
import type { LiftEntry, Missing, Role, Why } from './lift.js'
import type { Opened } from './plan.js'
import type { Started } from './programs.js'
import { tellingRole } from './role.js'

/** What one entry is known to be so far. */
interface Row {
  readonly path: RootPath
  readonly realPath: RootPath
  readonly entry: LiftEntry['entry']
  role: Role
  soname: string | undefined
  /** Some of them more than once. */
  readonly why: Why[]
  /** The ways to it whose links have their rows already. */
  readonly trails: Set<Trail>
}

/** Why an object opens what no header names. */
type Opening = Pick<Why, 'rule' | 'confidence' | 'reason'>

/** Gathers entries and reasons program by program; the same file asked for twice gets a second reason. */
export class Gathering {
  readonly findings: Finding[] = []
  readonly missing: Missing[] = []
  /** By path; a path may be a link for one program and lead to a file for another. */
  readonly #files = new Map<RootPath, Row>()
  readonly #links = new Map<RootPath, Row>()
  readonly #opened: Opened[] = []
  readonly #lastOpened = new Map<RootPath, Opened>()
  readonly #cache: { readonly item: Opened; readonly trail: Trail; readonly neededBy: string }[] = []
  readonly #examinations: Examination[] = []
  readonly #listed: Trail[] = []
  readonly directories: Included[] = []
  /** Scripts that are started. */
  readonly scripts: FileEntry[] = []

  /** One by one, as a call takes some hundred thousand arguments at most. */
  addFindings(findings: readonly Finding[]): void {
    for (const found of findings) this.findings.push(found)
  }

  addMissing(missing: readonly Missing[]): void {
    for (const row of missing) this.missing.push(row)
  }

  /** A program or script at its place, and everything it loads. */
  addStarted(started: Started, at: RootPath, examination: Examination | undefined): void {
    const { trail, file, elf, why } = started
    const role: Role = elf === undefined ? 'script' : examination?.kind === 'library' ? 'library' : 'program'
    this.#addFile(at === file.path ? file.path : trail.asked, trail, file, role, why, elf?.dynamic?.soname)
    this.#open(at, file, role)
    if (elf === undefined) this.scripts.push(file)
    if (examination !== undefined) this.addClosures(examination)
  }

  /** A file or directory that is wanted along. */
  addIncluded(included: Included, why: Why, role: Role = 'data'): void {
    const { path, trail, end } = included
    if (end.kind === 'file') {
      this.#addFile(path, trail, end, role, why)
      this.#open(path, end, role)
    } else {
      this.#addRow(this.#files, path, end, 'directory', why)
      this.#addDirectory(included)
    }
  }

  /** What one reason leaves out another may want. */
  #addDirectory(included: Included): void {
    const { path, except = [] } = included
    const at = this.directories.findIndex((known) => known.path === path)
    if (at < 0) this.directories.push(included)
    else {
      const { except: known = [], ...whole } = this.directories[at]!
      const both = known.filter((name) => except.includes(name))
      this.directories[at] = both.length === 0 ? whole : { ...whole, except: both }
    }
  }

  /** A directory without what lies in it. */
  addBareDirectory(trail: Trail, directory: DirectoryEntry, why: Why): void {
    this.#addTrail(this.#addRow(this.#files, trail.asked, directory, 'directory', why), trail)
  }

  has(path: RootPath): boolean {
    return this.#files.has(path)
  }

  /** Whether a file is there, or a directory with all that lies in it but for some names. */
  hasWhole(path: RootPath, except: readonly string[] = []): boolean {
    if (this.#files.get(path)?.entry.kind !== 'directory') return this.has(path)
    const known = this.directories.find((one) => one.path === path)
    return known !== undefined && (known.except ?? []).every((name) => except.includes(name))
  }

  /** A file that says which distribution the packages are of. */
  addRelease(trail: Trail, file: FileEntry): void {
    const path = trail.asked
    this.#addFile(path, trail, file, 'data', { neededBy: '', name: path, rule: 'packages' })
    this.#open(path, file, 'data')
  }

  /** The links to a directory in which packages list their files, as it is called there. */
  addListed(trail: Trail): void {
    const { asked, links } = trail
    this.#listed.push(trail)
    for (const link of links)
      this.#addRow(this.#links, link.path, link, 'symlink', { neededBy: '', name: asked, rule: 'packages' })
  }

  /** Everything that is loaded with an object; `opened` is why it opens what no header names. */
  addClosures(examination: Examination, opened: Opening = { rule: 'default' }): void {
    const { interpreter, elf, file, loader, baseline } = examination
    this.#examinations.push(examination)
    if (interpreter?.end?.kind === 'file') {
      const why: Why = { neededBy: file.path, name: elf.interpreter ?? '', rule: 'interpreter' }
      this.#addFile(interpreter.asked, interpreter, interpreter.end, 'loader', why)
      this.#open(interpreter.asked, interpreter.end, 'loader')
    } else if (loader !== undefined && baseline !== undefined) {
      const why: Why = { neededBy: file.path, name: loader.object.name, rule: 'interpreter' }
      this.#addFile(loader.object.trail.asked, loader.object.trail, loader.object.file, 'loader', why)
      this.#open(loader.object.trail.asked, loader.object.file, 'loader')
    }
    for (const closure of closuresOf(examination)) {
      for (const { from, name, kind, origin, resolution } of closure.edges) {
        const { found, rule, opened: trail } = resolution
        if (found === undefined || rule === undefined) continue
        const neededBy = kind === 'preload' ? (origin ?? from.name) : from.name
        const special = kind === 'preload' || kind === 'audit' ? kind : rule
        const why: Why = kind === 'dlopen' ? { neededBy, name, ...opened } : { neededBy, name, rule: special }
        this.#addObject(found, found === closure.loader, trail, why)
      }
    }
    for (const { role, trail } of loader?.configuration ?? []) {
      if (trail.end?.kind !== 'file') continue
      const item: Opened = { path: trail.asked, file: trail.end, role: 'data' }
      const neededBy = loader?.object.name ?? ''
      if (role === 'cache') this.#cache.push({ item, trail, neededBy })
      else this.#addConfiguration(item, trail, neededBy)
    }
  }

  #addObject(found: LoadedObject, isLoader: boolean, opened: Trail | undefined, why: Why): void {
    const role: Role = isLoader ? 'loader' : found.rule === 'program' ? 'program' : 'library'
    if (role === 'program') return
    this.#addFile(found.trail.asked, found.trail, found.file, role, why, found.elf.dynamic?.soname)
    this.#open(found.trail.asked, found.file, role)
    if (opened === undefined || opened.asked === found.trail.asked || opened.end?.kind !== 'file') return
    this.#addFile(opened.asked, opened, opened.end, role, why, found.elf.dynamic?.soname)
    this.#open(opened.asked, opened.end, role)
  }

  #addConfiguration(item: Opened, trail: Trail, neededBy: string): void {
    this.#addConfigurationRow(item, trail, neededBy)
    this.#open(item.path, item.file, item.role)
  }

  #addConfigurationRow({ path, file }: Opened, trail: Trail, neededBy: string): void {
    this.#addFile(path, trail, file, 'data', { neededBy, name: path, rule: 'configuration' })
  }

  #addFile(path: RootPath, trail: Trail, file: FileEntry, role: Role, why: Why, soname?: string): void {
    const row = this.#addRow(this.#files, path, file, role, why)
    row.soname ??= soname
    this.#addTrail(row, trail)
  }

  #addTrail(row: Row, trail: Trail): void {
    if (row.trails.has(trail)) return
    row.trails.add(trail)
    for (const link of trail.links) {
      const reason: Why = { neededBy: row.path, name: link.path, rule: 'link' }
      this.#addRow(this.#links, link.path, link, 'symlink', reason)
    }
  }

  #addRow(rows: Map<RootPath, Row>, path: RootPath, entry: LiftEntry['entry'], role: Role, why: Why): Row {
    let row = rows.get(path)
    if (row === undefined) {
      row = { path, realPath: entry.path, entry, role, soname: undefined, why: [], trails: new Set() }
      rows.set(path, row)
    } else row.role = tellingRole(row.role, role)
    row.why.push(why)
    return row
  }

  /** Most files are asked for many times, by the same path. */
  #open(path: RootPath, file: FileEntry, role: Role): void {
    const last = this.#lastOpened.get(path)
    if (last?.file === file && last.role === role) return
    const opened = { path, file, role }
    this.#lastOpened.set(path, opened)
    this.#opened.push(opened)
  }

  /** Sorted by path; reasons sorted too, so that the order of the arguments does not show. */
  entries(): LiftEntry[] {
    return [...this.#files.values(), ...this.#links.values()]
      .sort((a, b) => compare(a.path, b.path) || compare(a.role, b.role))
      .map(({ path, realPath, entry, role, soname, why: all }) => {
        const why = onceEach(all.sort(compareReasons))
        return soname === undefined
          ? { path, realPath, entry, role, why }
          : { path, realPath, entry, role, soname, why }
      })
  }

  opened(withCache: boolean): readonly Opened[] {
    return withCache ? [...this.#opened, ...this.#cache.map(({ item }) => item)] : this.#opened
  }

  /** The ways to everything that is needed, each once. */
  trails(): readonly Trail[] {
    const rows = [...this.#files.values()].flatMap(({ trails }) => [...trails])
    return [...new Set([...rows, ...this.directories.map(({ trail }) => trail), ...this.#listed])]
  }

  /** What is opened for needs, in the order in which one may open the next. */
  openings(): readonly Examination[] {
    return this.#examinations.filter(({ opening }) => opening !== undefined)
  }

  /** The loaders' caches, if any library was found by one. */
  cachesInUse(): readonly Trail[] {
    const isUsed = this.#examinations.some((examination) =>
      closuresOf(examination).some(({ objects }) => objects.some(({ rule }) => rule === 'ld.so.cache')),
    )
    return isUsed ? this.#cache.map(({ trail }) => trail) : []
  }

  hasCache(): boolean {
    return this.#cache.length > 0
  }

  /** Makes the cache part of the answer, with the content that it has in the new root if that is another one. */
  carryCache(contents: ReadonlyMap<RootPath, Uint8Array> = new Map()): void {
    for (const { item, trail, neededBy } of this.#cache) {
      const { path, file } = item
      const size = contents.get(file.path)?.length ?? file.size
      this.#addConfigurationRow({ path, file: { ...file, size }, role: 'data' }, trail, neededBy)
    }
  }

  /** Open paths that only the cache leads to: they lie outside of the default directories. */
  cacheOnly(): string[] {
    const paths = new Set<string>()
    for (const examination of this.#examinations) {
      const { loader } = examination
      if (loader === undefined) continue
      for (const object of closuresOf(examination).flatMap(({ objects }) => objects)) {
        if (object.rule !== 'ld.so.cache') continue
        const directory = `${parent(object.name as RootPath)}/`
        if (!loader.defaultDirectories.includes(directory)) paths.add(object.name)
      }
    }
    return [...paths].sort()
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function onceEach(sorted: readonly Why[]): readonly Why[] {
  return sorted.filter((one, index) => index === 0 || compareReasons(one, sorted[index - 1]!) !== 0)
}

function compareReasons(a: Why, b: Why): number {
  return (
    compare(a.neededBy, b.neededBy) ||
    compare(a.name, b.name) ||
    compare(a.rule, b.rule) ||
    compare(a.reason ?? '', b.reason ?? '')
  )
}
