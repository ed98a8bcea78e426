import type { Soon } from '../bytes.js'
import type { ElfFile } from '../elf/elf.js'
import { remembered } from '../rootfs/cached.js'
import { waitingFor } from '../rootfs/waiting.js'
import { entriesFor } from './cache-search.js'
import { cachedEntry } from './glibc-cache.js'
import { type GlibcInstallation, PRELOAD_PATH } from './glibc-installation.js'
import { glibcEnvironmentList, glibcLists } from './glibc-lists.js'
import { glibcOpener } from './glibc-opener.js'
import { tokenValues } from './glibc-tokens.js'
import { isExtension } from './ld-so-cache.js'
import { loadedIn } from './loaded.js'
import type { Attempt, LinkMap, LoadedObject, Loader, LoaderSettings, Resolution } from './loader.js'
import {
  type Hit,
  notFound,
  type Opener,
  type SearchEnd,
  type SearchList,
  searchList,
  tryPath,
} from './search.js'
import { expandTokens, tokensIn } from './tokens.js'

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
    environmentAudits: settings.secure ? [] : splitNames(settings.audit, /:/),
    hasVariant: (name) =>
      cache !== undefined && cache.hwcapNames.length > 0 && entriesFor(cache, name).some(isExtension),
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

function resolve(rules: Rules, asked: string, requester: LoadedObject, map: LinkMap): Soon<Resolution> {
  const known = asked.includes('$') ? undefined : loadedIn(map).byName(asked)
  if (known !== undefined) return { name: asked, attempts: NONE, found: known, rule: 'already-loaded' }
  // The program is called by no name, and so answers to the empty one (elf/rtld.c, dl_main).
  if (asked === '') return { name: asked, attempts: NONE, found: map.program, rule: 'already-loaded' }
  return waitingFor(() => look(rules, asked, requester, map))
}

/** Shared by most answers, since making a list in each costs more than finding them. */
const NONE: readonly Attempt[] = []

function look(rules: Rules, asked: string, requester: LoadedObject, map: LinkMap): Resolution {
  const tokens = tokensIn(asked)
  const name =
    tokens.length === 0
      ? asked
      : expandTokens(asked, tokenValues(rules.installation, requester, rules.settings.workingDir))
  const attempts: Attempt[] = []
  if (name === undefined || (rules.settings.secure && tokens.length > 0)) return notFound(asked, attempts)
  const loaded = asked.includes('$') ? loadedIn(map).byName(name) : undefined
  if (loaded !== undefined) return { name: asked, attempts, found: loaded, rule: 'already-loaded' }
  const end = name.includes('/')
    ? tryPath(name, { rule: 'path' }, rules.opener, attempts)
    : search(rules, name, requester, map, attempts)
  const answer =
    end.hit === undefined
      ? notFound(asked, attempts, end)
      : taken(asked, name, end.hit, requester, map, attempts)
  const isByPlatform = tokens.some(({ token }) => token === 'PLATFORM') || usesPlatform(attempts, requester)
  const isByDirectory = isRelative(end.hit?.path ?? (name.includes('/') ? name : '/'))
  if (!isByPlatform && !isByDirectory) return answer
  const cautions = [
    ...(isByPlatform ? ['platform' as const] : []),
    ...(isByDirectory ? ['relative' as const] : []),
  ]
  return { ...answer, cautions }
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
function search(
  rules: Rules,
  name: string,
  requester: LoadedObject,
  map: LinkMap,
  attempts: Attempt[],
): SearchEnd {
  const { installation, settings } = rules
  const lists = glibcLists(installation, settings, requester, map.program, rules.lists)
  const environment = remembered(rules.environments, map.program, () =>
    glibcEnvironmentList(installation, settings, map.program),
  )
  for (const list of [...lists.rpath, ...environment, ...lists.runpath]) {
    const end = searchList(list, name, rules.opener, attempts)
    if (end.hit !== undefined || end.blockedBy !== undefined) return end
  }
  const cached = searchCache(rules, name, requester.elf, attempts)
  if (cached.hit !== undefined || cached.blockedBy !== undefined) return cached
  if (hasNoDefaultLib(requester.elf)) return {}
  return searchList(
    { rule: 'default', directories: installation.build.directories },
    name,
    rules.opener,
    attempts,
  )
}

function searchCache(rules: Rules, name: string, requester: ElfFile, attempts: Attempt[]): SearchEnd {
  const { build } = rules.installation
  const entry = cachedEntry(rules.installation, rules.settings.hwcaps, name)
  if (entry === undefined) return {}
  if (hasNoDefaultLib(requester) && build.directories.some((directory) => entry.path.startsWith(directory)))
    return {}
  const end = tryPath(entry.path, { rule: 'ld.so.cache' }, rules.opener, attempts)
  return end.blockedBy?.outcome === 'link loop' ? {} : end
}

const DF_1_NODEFLIB = 0x800

function hasNoDefaultLib(elf: ElfFile): boolean {
  return ((elf.dynamic?.flags1 ?? 0) & DF_1_NODEFLIB) !== 0
}
