import { decodeText } from '../bytes.js'
import { remembered } from '../rootfs/cached.js'
import type { RootFiles } from './files.js'
import { type LdSoCache, parseLdSoCache } from './ld-so-cache.js'
import type { LoadedObject, Loader } from './loader.js'
import type { Opened } from './search.js'
import { constantsOf, type GlibcBuild, readGlibcBuild } from './system-dirs.js'

/** Everything a glibc loader reads besides libraries: fixed for one loader file in one root. */
export interface GlibcInstallation {
  readonly files: RootFiles
  readonly object: LoadedObject
  readonly build: GlibcBuild
  readonly cache: LdSoCache | undefined
  readonly preloadNames: readonly string[]
  readonly configuration: Loader['configuration']
  /** What lies at a path, judged for this loader; shared by all programs. */
  readonly opened: Map<string, Opened>
}

/** The file with names of libraries that are loaded before all others, whatever the environment says. */
export const PRELOAD_PATH = '/etc/ld.so.preload'

/** Reads what the loader file has compiled in, its cache and its preload list. */
export async function readGlibcInstallation(
  files: RootFiles,
  object: LoadedObject,
): Promise<GlibcInstallation> {
  const { endian } = object.elf
  const wordSize = object.elf.class === 64 ? 8 : 4
  const content = await files.content(object.file)
  const build = parsedOnce(builds, content, `${wordSize} ${endian}`, () =>
    readGlibcBuild(content, wordSize, endian, constantsOf(content, object.elf)),
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
