import { definesSymbols } from '../elf/elf.js'
import { remembered } from '../rootfs/cached.js'
import { basename, parent } from '../rootfs/path.js'
import { type Answers, atHand, waitingFor } from '../rootfs/waiting.js'
import { muslCandidate } from './candidate.js'
import type { RootFiles } from './files.js'
import { type MuslSystemPath, readMuslSystemPath, splitMuslList } from './ld-musl-path.js'
import type { Attempt, LinkMap, LoadedObject, Loader, LoaderSettings, Resolution } from './loader.js'
import {
  type Hit,
  notFound,
  type Opened,
  type Opener,
  type SearchEnd,
  type SearchList,
  searchList,
  tryPath,
} from './search.js'

/** Everything a musl loader reads besides libraries: fixed for one loader file in one root. */
export interface MuslInstallation {
  readonly files: RootFiles
  readonly object: LoadedObject
  readonly systemPath: MuslSystemPath
  readonly opened: Map<string, Opened>
  /** Whether a file is a C library, by identity. */
  readonly libcs: Answers<string, boolean>
}

/** Reads the loader's path file. */
export async function readMuslInstallation(
  files: RootFiles,
  object: LoadedObject,
): Promise<MuslInstallation> {
  const systemPath = await readMuslSystemPath(files, await files.content(object.file), object.name)
  return { files, object, systemPath, opened: new Map(), libcs: new Map() }
}

/** The rules of musl's dynamic loader (ldso/dynlink.c, load_library), top to bottom. */
export function muslLoader(installation: MuslInstallation, settings: LoaderSettings): Loader {
  const { object, systemPath } = installation
  const rules: Rules = { installation, settings, opener: muslOpener(installation, settings) }
  return {
    dialect: 'musl',
    object,
    defaultDirectories: systemPath.directories,
    hwcapLevels: [],
    filters: false,
    auditModules: false,
    environmentAudits: [],
    hasVariant: () => false,
    configuration: systemPath.file === undefined ? [] : [{ role: 'path', trail: systemPath.file }],
    // Only a search gives an object its one short name, the last component of its path.
    remembers: (name, found) => (name.includes('/') ? undefined : basename(found.name)),
    preloads: async () =>
      settings.secure || settings.preload === undefined
        ? []
        : settings.preload
            .split(/[\s:]+/)
            .filter((name) => name !== '')
            .map((name) => ({ name, from: 'LD_PRELOAD' })),
    resolve: (name, requester, map) => waitingFor(() => resolve(rules, name, requester, map)),
    resolvePreload: (name, map) => waitingFor(() => resolve(rules, name, undefined, map)),
  }
}

interface Rules {
  readonly installation: MuslInstallation
  readonly settings: LoaderSettings
  readonly opener: Opener
}

/** Names of the C library's own parts: they are the loader, whatever lies in the file system. */
const RESERVED = /^lib(c|pthread|rt|m|dl|util|xnet)\./
const NAME_MAX = 255

function resolve(rules: Rules, name: string, requester: LoadedObject | undefined, map: LinkMap): Resolution {
  const attempts: Attempt[] = []
  const { object } = rules.installation
  if (name === '') return notFound(name, attempts)
  if (RESERVED.test(name) || name === object.name) return { name, attempts, found: object, rule: 'builtin' }
  if (name.includes('/')) {
    const end = tryPath(name, { rule: 'path' }, rules.opener, attempts)
    const answer = settle(rules, name, requester, map, attempts, end)
    return name.startsWith('/') ? answer : { ...answer, cautions: ['relative'] }
  }
  const loaded = map.objects.find((candidate) => candidate !== map.program && candidate.names.has(name))
  if (loaded !== undefined) return { name, attempts, found: loaded, rule: 'already-loaded' }
  if (Buffer.byteLength(name) > NAME_MAX) return notFound(name, attempts)
  for (const list of searchLists(rules, requester)) {
    const end = searchList(fitting(list, name), name, rules.opener, attempts)
    if (end.hit !== undefined || end.blockedBy !== undefined)
      return settle(rules, name, requester, map, attempts, end)
    if (attempts.at(-1)?.outcome === 'link loop') break
  }
  return notFound(name, attempts)
}

/** The buffer that musl puts together a path in, with its NUL (ldso/dynlink.c, load_library: 2*NAME_MAX+2). */
const MAX_SEARCHED = 512

/** What does not fit is not opened. */
function fitting(list: SearchList, name: string): SearchList {
  const fits = (directory: string) => Buffer.byteLength(directory) + Buffer.byteLength(name) < MAX_SEARCHED
  return { ...list, directories: list.directories.filter(fits) }
}

function settle(
  { installation }: Rules,
  name: string,
  requester: LoadedObject | undefined,
  map: LinkMap,
  attempts: Attempt[],
  end: SearchEnd,
): Resolution {
  if (end.hit === undefined) return notFound(name, attempts, end)
  const { file, elf } = end.hit.candidate
  const last = attempts[attempts.length - 1]!
  const twin = map.objects.find(
    (object) => object !== map.program && object !== map.loader && object.file.identity === file.identity,
  )
  if (twin !== undefined) {
    attempts[attempts.length - 1] = { ...last, outcome: 'same-file' }
    return { name, attempts, found: twin, rule: last.rule, opened: end.hit.trail }
  }
  if (isLibc(installation, end.hit.candidate)) {
    attempts[attempts.length - 1] = { ...last, outcome: 'second libc' }
    return { name, attempts, found: installation.object, rule: last.rule, opened: end.hit.trail }
  }
  // Only a search gives an object its short name; one opened by path answers to no name.
  const names = new Set(name.includes('/') ? [] : [basename(end.hit.path)])
  const found = {
    name: end.hit.path,
    trail: end.hit.trail,
    file,
    elf,
    ...(requester === undefined ? {} : { loadedBy: requester }),
    rule: last.rule,
    names,
  }
  return { name, attempts, found, rule: last.rule, opened: end.hit.trail }
}

/** What every C library defines, musl's loader among them, and nothing else does, so musl trusts. */
const LIBC_SYMBOLS = ['__libc_start_main', 'stdin']

function isLibc({ files, libcs }: MuslInstallation, { file, elf }: Hit['candidate']): boolean {
  return atHand(libcs, file.identity, () => definesSymbols(files.rootfs.open(file), elf, LIBC_SYMBOLS))
}

/** LD_LIBRARY_PATH, then the rpath of the requester and of each object above it, then the system path. */
function* searchLists(
  { installation, settings }: Rules,
  requester: LoadedObject | undefined,
): Generator<SearchList> {
  if (!settings.secure && settings.libraryPath !== undefined) {
    yield { rule: 'ld-library-path', directories: splitMuslList(settings.libraryPath).map(asPrefix) }
  }
  for (let object: LoadedObject | undefined = requester; object !== undefined; object = object.loadedBy) {
    const list = rpathList(object, settings)
    if (list !== undefined) yield list
  }
  yield { rule: 'default', directories: installation.systemPath.directories.map(asPrefix) }
}

function asPrefix(directory: string): string {
  return `${directory}/`
}

/** RUNPATH if present, else RPATH: both mean the same and are inherited (fixup_rpath). */
function rpathList(object: LoadedObject, settings: LoaderSettings): SearchList | undefined {
  const { runpath, rpath } = object.elf.dynamic ?? {}
  const text = runpath ?? rpath
  if (text === undefined) return undefined
  const expanded = expandOrigin(text, object, settings)
  if (expanded === undefined) return undefined
  return {
    rule: runpath === undefined ? 'rpath' : 'runpath',
    listOf: object.name,
    directories: splitMuslList(expanded).map(asPrefix),
  }
}

/** Any `$` that does not begin `$ORIGIN` or `${ORIGIN}` makes the whole text void. */
function expandOrigin(text: string, object: LoadedObject, settings: LoaderSettings): string | undefined {
  if (!text.includes('$')) return text
  if (/\$(?!ORIGIN|\{ORIGIN\})/.test(text)) return undefined
  const isProgram = object.loadedBy === undefined && object.rule === 'program'
  if (settings.secure && (isProgram || !object.name.startsWith('/'))) return undefined
  const origin = object.name.includes('/') ? originText(object.name) : '.'
  return text.replace(/\$(ORIGIN|\{ORIGIN\})/g, () => origin)
}

/** Everything before the last slash, which is empty for a file in `/`. */
function originText(name: string): string {
  return name.startsWith('/') && parent(name as `/${string}`) === '/'
    ? ''
    : name.slice(0, name.lastIndexOf('/'))
}

function muslOpener({ files, object, opened }: MuslInstallation, settings: LoaderSettings): Opener {
  const open = (path: string): Opened => {
    const trail = files.atHand.trail(path, settings.workingDir)
    return { trail, candidate: muslCandidate(files.atHand, trail, object.elf) }
  }
  return {
    subdirectories: () => [],
    // A path that cannot be opened for an odd reason ends the whole search, whichever directory it was in.
    exists: () => true,
    skips: (outcome) => outcome === 'absent',
    open: (path) =>
      remembered(opened, path.startsWith('/') ? path : `${settings.workingDir}\0${path}`, () => open(path)),
  }
}
