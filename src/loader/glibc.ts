import { decodeText } from '../bytes.js'
import type { ElfFile } from '../elf/elf.js'
import { remembered } from '../rootfs/cached.js'
import type { Trail } from '../rootfs/follow.js'
import { join, parent, type RootPath } from '../rootfs/path.js'
import { type Candidate, glibcCandidate, glibcSkips } from './candidate.js'
import type { RootFiles } from './files.js'
import { glibcEnvironmentList, glibcLists } from './glibc-lists.js'
import { acceptsFlags, type CacheEntry, isExtension, type LdSoCache, parseLdSoCache } from './ld-so-cache.js'
import { loadedIn } from './loaded.js'
import type { Attempt, LinkMap, LoadedObject, Loader, LoaderSettings, Resolution } from './loader.js'
import { type Hit, type Opener, type SearchEnd, type SearchList, searchList, tryPath } from './search.js'
import { type GlibcBuild, readGlibcBuild } from './system-dirs.js'
import { expandTokens, tokensIn } from './tokens.js'

/** Everything a glibc loader reads besides libraries: fixed for one loader file in one root. */
export interface GlibcInstallation {
  readonly files: RootFiles
  readonly object: LoadedObject
  readonly build: GlibcBuild
  readonly cache: LdSoCache | undefined
  readonly preloadNames: readonly string[]
  readonly configuration: Loader['configuration']
  /** What lies at a path, judged for this loader; shared by all programs. */
  readonly opened: Map<string, Promise<{ trail: Trail; candidate: Candidate }>>
}

const PRELOAD_PATH = '/etc/ld.so.preload'
const DF_1_NODEFLIB = 0x800

/** Reads what the loader file has compiled in, its cache and its preload list. */
export async function readGlibcInstallation(
  files: RootFiles,
  object: LoadedObject,
): Promise<GlibcInstallation> {
  const { endian } = object.elf
  const wordSize = object.elf.class === 64 ? 8 : 4
  const content = await files.content(object.file)
  const build = parsedOnce(builds, content, `${wordSize} ${endian}`, () =>
    readGlibcBuild(content, wordSize, endian),
  )
  const cacheTrail = await files.trail(build.cachePath, '/')
  const preloadTrail = await files.trail(PRELOAD_PATH, '/')
  const table = cacheTrail.end?.kind === 'file' ? await files.content(cacheTrail.end) : undefined
  const cache =
    table === undefined ? undefined : parsedOnce(caches, table, endian, () => parseLdSoCache(table, endian))
  const preload = preloadTrail.end?.kind === 'file' ? await files.content(preloadTrail.end) : undefined
  return {
    files,
    object,
    build,
    cache,
    preloadNames: preload === undefined ? [] : parsePreloadFile(decodeText(preload)),
    configuration: [
      ...(cache === undefined ? [] : [{ role: 'cache' as const, trail: cacheTrail }]),
      ...(preload === undefined ? [] : [{ role: 'preload' as const, trail: preloadTrail }]),
    ],
    opened: new Map(),
  }
}

/** By what they are read as, since hostile links can make one file of two. */
const builds = new WeakMap<Uint8Array, Map<string, GlibcBuild>>()
const caches = new WeakMap<Uint8Array, Map<string, LdSoCache | undefined>>()

/** The same bytes mean the same: a lift is resolved a second time, in the planned tree, with the same files. */
function parsedOnce<T>(
  known: WeakMap<Uint8Array, Map<string, T>>,
  bytes: Uint8Array,
  manner: string,
  parse: () => T,
): T {
  const parsings = known.get(bytes) ?? new Map<string, T>()
  known.set(bytes, parsings)
  return remembered(parsings, manner, parse)
}

/** `/etc/ld.so.preload`: names between blanks, line ends and colons; `#` starts a comment (elf/rtld.c, dl_main). */
function parsePreloadFile(text: string): string[] {
  return text
    .replace(/#[^\n]*/g, '')
    .split(/[ \t\n:]+/)
    .filter((name) => name !== '')
}

/** The rules of glibc's dynamic loader (elf/dl-load.c, _dl_map_object), top to bottom. */
export function glibcLoader(installation: GlibcInstallation, settings: LoaderSettings): Loader {
  const { build, object, cache } = installation
  const opener = glibcOpener(installation, settings)
  const rules: Rules = { installation, settings, opener, environments: new Map(), lists: new Map() }
  const modern = build.version !== undefined
  return {
    dialect: 'glibc',
    object,
    defaultDirectories: build.directories,
    hwcapLevels: build.hwcapLevels,
    filters: true,
    // DT_AUDIT came with 2.32; loaders name their version from 2.33 on.
    auditModules: modern,
    hasVariant: (name) => cache?.entries.get(name)?.some(isExtension) === true && cache.hwcapNames.length > 0,
    configuration: installation.configuration,
    remembers: (name) => name,
    preloads: async () => [
      ...(settings.secure ? [] : splitNames(settings.preload, /[ :]+/)).map((name) => ({
        name,
        from: 'LD_PRELOAD',
      })),
      ...installation.preloadNames.map((name) => ({ name, from: PRELOAD_PATH })),
    ],
    resolve: (name, requester, map) => resolve(rules, name, requester, map),
    resolvePreload: (name, map) => resolve(rules, name, map.program, map),
  }
}

function splitNames(text: string | undefined, separator: RegExp): string[] {
  return text === undefined ? [] : text.split(separator).filter((name) => name !== '')
}

interface Rules {
  readonly installation: GlibcInstallation
  readonly settings: LoaderSettings
  readonly opener: Opener
  /** LD_LIBRARY_PATH as each program reads it. */
  readonly environments: Map<LoadedObject, readonly SearchList[]>
  /** The RPATH or RUNPATH of each object that was searched for. */
  readonly lists: Map<LoadedObject, SearchList>
}

async function resolve(
  rules: Rules,
  asked: string,
  requester: LoadedObject,
  map: LinkMap,
): Promise<Resolution> {
  // Most requests are for what is loaded already, by a plain name.
  const known = asked.includes('$') ? undefined : loadedIn(map).byName(asked)
  if (known !== undefined) return { name: asked, attempts: [], found: known, rule: 'already-loaded' }
  const tokens = tokensIn(asked)
  const name = expandTokens(asked, tokenValues(rules, requester))
  const attempts: Attempt[] = []
  if (name === undefined || (rules.settings.secure && tokens.length > 0)) return notFound(asked, attempts)
  const loaded = asked.includes('$') ? loadedIn(map).byName(name) : undefined
  if (loaded !== undefined) return { name: asked, attempts, found: loaded, rule: 'already-loaded' }
  const end = name.includes('/')
    ? await tryPath(name, { rule: 'path' }, rules.opener, attempts)
    : await search(rules, name, requester, map, attempts)
  const answer =
    end.hit === undefined
      ? notFound(asked, attempts, end)
      : taken(asked, name, end.hit, requester, map, attempts)
  const cautions = [
    ...(tokens.some(({ token }) => token === 'PLATFORM') || usesPlatform(attempts, requester)
      ? ['platform' as const]
      : []),
    ...(isRelative(end.hit?.path ?? (name.includes('/') ? name : '/')) ? ['relative' as const] : []),
  ]
  return cautions.length === 0 ? answer : { ...answer, cautions }
}

function isRelative(path: string): boolean {
  return !path.startsWith('/')
}

/** Whether the list that gave the answer holds `$PLATFORM`, whose value depends on the CPU. */
function usesPlatform(attempts: readonly Attempt[], requester: LoadedObject): boolean {
  const { rpath = '', runpath = '' } = requester.elf.dynamic ?? {}
  if (!rpath.includes('$') && !runpath.includes('$')) return false
  return attempts.length > 0 && tokensIn(`${rpath}:${runpath}`).some(({ token }) => token === 'PLATFORM')
}

function notFound(name: string, attempts: readonly Attempt[], end: SearchEnd = {}): Resolution {
  const { blockedBy } = end
  return {
    name,
    attempts,
    found: undefined,
    rule: undefined,
    ...(blockedBy === undefined ? {} : { blockedBy }),
  }
}

/** A file that is loaded already under another name is not loaded twice; the program is not compared. */
function taken(
  asked: string,
  name: string,
  hit: Hit,
  requester: LoadedObject,
  map: LinkMap,
  attempts: Attempt[],
): Resolution {
  const { file, elf } = hit.candidate
  const last = attempts[attempts.length - 1]!
  const loaded = loadedIn(map)
  const twin = loaded.byIdentity(file.identity)
  if (twin !== undefined) {
    attempts[attempts.length - 1] = { ...last, outcome: 'same-file' }
    if (asked === name) loaded.learn(name, twin)
    return { name: asked, attempts, found: twin, rule: last.rule, opened: hit.trail }
  }
  const found: LoadedObject = {
    name: hit.path,
    trail: hit.trail,
    file,
    elf,
    loadedBy: requester,
    rule: last.rule,
    names: new Set([name]),
  }
  return { name: asked, attempts, found, rule: last.rule, opened: hit.trail }
}

/** The sources in glibc's order: RPATH chain, LD_LIBRARY_PATH, RUNPATH, cache, default directories. */
async function search(
  rules: Rules,
  name: string,
  requester: LoadedObject,
  map: LinkMap,
  attempts: Attempt[],
): Promise<SearchEnd> {
  const { installation, settings } = rules
  const lists = glibcLists(installation, settings, requester, map.program, rules.lists)
  const environment = remembered(rules.environments, map.program, () =>
    glibcEnvironmentList(installation, settings, map.program),
  )
  for (const list of [...lists.rpath, ...environment, ...lists.runpath]) {
    const end = await searchList(list, name, rules.opener, attempts)
    if (end.hit !== undefined || end.blockedBy !== undefined) return end
  }
  const cached = await searchCache(rules, name, requester.elf, attempts)
  if (cached.hit !== undefined || cached.blockedBy !== undefined) return cached
  if (hasNoDefaultLib(requester.elf)) return {}
  return searchList(
    { rule: 'default', directories: installation.build.directories },
    name,
    rules.opener,
    attempts,
  )
}

function hasNoDefaultLib(elf: ElfFile): boolean {
  return ((elf.dynamic?.flags1 ?? 0) & DF_1_NODEFLIB) !== 0
}

async function searchCache(
  rules: Rules,
  name: string,
  requester: ElfFile,
  attempts: Attempt[],
): Promise<SearchEnd> {
  const { cache, build } = rules.installation
  const entry = cache === undefined ? undefined : cachedEntry(rules, cache, name)
  if (entry === undefined) return {}
  if (hasNoDefaultLib(requester) && build.directories.some((directory) => entry.path.startsWith(directory)))
    return {}
  const end = await tryPath(entry.path, { rule: 'ld.so.cache' }, rules.opener, attempts)
  return end.blockedBy?.outcome === 'link loop' ? {} : end
}

/** The entry a loader picks among those of one name (sysdeps/…/dl-cache.c, search_cache). */
function cachedEntry(rules: Rules, cache: LdSoCache, name: string): CacheEntry | undefined {
  const usable = (cache.entries.get(name) ?? []).filter((entry) =>
    acceptsFlags(entry.flags, rules.installation.object.elf),
  )
  const ranked = rules.settings.hwcaps
    .map((level) => usable.find((entry) => isExtension(entry) && cache.hwcapNames[entry.hwcapLow] === level))
    .find((entry) => entry !== undefined)
  return ranked ?? usable.find((entry) => isPlain(entry) || isLegacy(entry, rules.installation))
}

function isPlain(entry: CacheEntry): boolean {
  return entry.hwcapHigh === 0 && entry.hwcapLow === 0
}

const LEGACY_TLS = 0x80000000
const LEGACY_X86_64 = 2

/** Entries of `tls` and `x86_64` subdirectories fit every x86-64 CPU; loaders up to 2.36 take them. */
function isLegacy(entry: CacheEntry, installation: GlibcInstallation): boolean {
  if (!searchesLegacyDirectories(installation.build)) return false
  const { machineNumber } = installation.object.elf
  const platform = machineNumber === 62 ? LEGACY_X86_64 : 0
  return (entry.hwcapHigh & ~LEGACY_TLS) === 0 && (entry.hwcapLow & ~platform) === 0
}

/** The subdirectories that came before glibc-hwcaps were removed in 2.37. */
function searchesLegacyDirectories(build: GlibcBuild): boolean {
  if (build.version === undefined) return true
  const [major = 0, minor = 0] = build.version.split('.').map(Number)
  return major === 2 && minor <= 36
}

const LEGACY_DIRECTORIES: Readonly<Record<number, readonly string[]>> = {
  62: ['tls/x86_64/x86_64/', 'tls/x86_64/', 'tls/', 'x86_64/x86_64/', 'x86_64/'],
  183: ['tls/aarch64/', 'tls/', 'aarch64/'],
}

function glibcOpener(installation: GlibcInstallation, settings: LoaderSettings): Opener {
  const { files, build, object, opened } = installation
  const legacy = searchesLegacyDirectories(build)
    ? (LEGACY_DIRECTORIES[object.elf.machineNumber] ?? ['tls/'])
    : []
  const subdirectories = [...settings.hwcaps.map((level) => `glibc-hwcaps/${level}/`), ...legacy]
  const exists = async (directory: string) =>
    (await files.trail(directory === '' ? '.' : directory, settings.workingDir)).end?.kind === 'directory'
  const existing = new Map<string, Promise<readonly string[]>>()
  const findExisting = async (directory: string): Promise<readonly string[]> => {
    const found: string[] = []
    for (const name of subdirectories) {
      if (await exists(`${directory}${name}`)) found.push(`${directory}${name}`)
    }
    return found
  }
  return {
    exists,
    skips: glibcSkips,
    subdirectories: (directory) => remembered(existing, directory, () => findExisting(directory)),
    open: (path) =>
      remembered(opened, path.startsWith('/') ? path : `${settings.workingDir}\0${path}`, async () => {
        const trail = await files.trail(path, settings.workingDir)
        return { trail, candidate: await glibcCandidate(files, trail, object.elf) }
      }),
  }
}

function tokenValues(rules: Rules, object: LoadedObject) {
  return {
    ORIGIN: originOf(object, rules.settings.workingDir),
    LIB: rules.installation.build.lib,
    PLATFORM: platformsOf(rules.installation.object.elf)[0],
  }
}

/** The directory of an object's open path as text; links in it are kept (elf/dl-origin.c, dl-object.c). */
export function originOf(object: LoadedObject, workingDir: RootPath): string {
  return parent(join(workingDir, object.name))
}

/** The values `$PLATFORM` may have, the usual one first; glibc replaces it on some Intel CPUs. */
export function platformsOf(elf: ElfFile): readonly string[] {
  return PLATFORMS[elf.machineNumber] ?? []
}

const PLATFORMS: Readonly<Record<number, readonly string[]>> = {
  3: ['i686', 'i586', 'i486', 'i386'],
  62: ['x86_64', 'haswell', 'xeon_phi'],
  40: ['v7l', 'v8l', 'v6l'],
  183: ['aarch64'],
}
