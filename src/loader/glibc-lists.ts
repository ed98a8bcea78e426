import { LiftError } from '../errors.js'
import { remembered } from '../rootfs/cached.js'
import { normalise } from '../rootfs/path.js'
import type { GlibcInstallation } from './glibc-installation.js'
import { originOf, platformsOf } from './glibc-tokens.js'
import type { LoadedObject, LoaderSettings } from './loader.js'
import type { SearchList } from './search.js'
import { expandTokens, tokensIn } from './tokens.js'

/**
 * The lists that belong to objects. RPATH counts only for a requester without RUNPATH: its own, that of
 * whoever loaded it, and so on, the program's in any case; an object with RUNPATH has no RPATH (gABI; ld.so(8)).
 * An object's list is made once and kept in `known`.
 */
export function glibcLists(
  installation: GlibcInstallation,
  settings: LoaderSettings,
  requester: LoadedObject,
  program: LoadedObject,
  known: Map<LoadedObject, SearchList>,
): { readonly rpath: readonly SearchList[]; readonly runpath: readonly SearchList[] } {
  const runpath = requester.elf.dynamic?.runpath
  if (runpath !== undefined) {
    return {
      rpath: NO_LISTS,
      runpath: [
        remembered(known, requester, () =>
          objectList('runpath', runpath, requester, program, installation, settings),
        ),
      ],
    }
  }
  const rpath: SearchList[] = []
  const add = (object: LoadedObject) => {
    const { rpath: text, runpath: shadow } = object.elf.dynamic ?? {}
    if (text === undefined || shadow !== undefined) return
    rpath.push(
      remembered(known, object, () => objectList('rpath', text, object, program, installation, settings)),
    )
  }
  let last = requester
  for (let object: LoadedObject | undefined = requester; object !== undefined; object = object.loadedBy) {
    add(object)
    last = object
  }
  if (last !== program) add(program)
  return { rpath, runpath: NO_LISTS }
}

const NO_LISTS: readonly SearchList[] = []

/** LD_LIBRARY_PATH as a list: none in secure mode or when empty; split at `:` and `;`, `$ORIGIN` is the program's. */
export function glibcEnvironmentList(
  installation: GlibcInstallation,
  settings: LoaderSettings,
  program: LoadedObject,
): readonly SearchList[] {
  if (settings.secure || settings.libraryPath === undefined || settings.libraryPath === '') return []
  const elements = settings.libraryPath.split(/[:;]/)
  const directories = elements.flatMap((element) => expandElement(element, program, installation, settings))
  return [{ rule: 'ld-library-path', directories: unique(directories) }]
}

function objectList(
  rule: 'rpath' | 'runpath',
  text: string,
  object: LoadedObject,
  program: LoadedObject,
  installation: GlibcInstallation,
  settings: LoaderSettings,
): SearchList {
  const elements = text === '' ? [] : text.split(':')
  const directories = elements
    .filter(
      (element) => !settings.secure || mayExpandSecurely(element, object, program, installation, settings),
    )
    .flatMap((element) => expandElement(element, object, installation, settings))
  const length = directories.reduce((sum, directory) => sum + directory.length, 0)
  if (length > MAX_LIST) {
    throw new LiftError(
      'limit',
      `${object.name}: its ${rule.toUpperCase()} is longer than ${MAX_LIST} characters`,
    )
  }
  return { rule, listOf: object.name, directories: unique(directories) }
}

/** Far longer than any real list; a short text becomes a long one where it repeats `$ORIGIN`. */
const MAX_LIST = 0x10_0000

function unique(directories: readonly string[]): string[] {
  return [...new Set(directories)]
}

/** The directories one element stands for: none when a token has no value, several for `$PLATFORM`. */
function expandElement(
  element: string,
  object: LoadedObject,
  installation: GlibcInstallation,
  settings: LoaderSettings,
): string[] {
  if (!element.includes('$')) return [asDirectory(element)]
  const platforms = tokensIn(element).some(({ token }) => token === 'PLATFORM')
    ? platformsOf(installation.object.elf)
    : ['']
  return platforms.flatMap((PLATFORM) => {
    const expanded = expandTokens(element, {
      ORIGIN: originOf(object, settings.workingDir),
      LIB: installation.build.lib,
      PLATFORM,
    })
    return expanded === undefined || expanded === '' ? [] : [asDirectory(expanded)]
  })
}

/** Trailing slashes are dropped and one added; an empty element is the working directory. */
function asDirectory(element: string): string {
  if (element === '') return ''
  let end = element.length
  while (element[end - 1] === '/') end--
  return `${element.slice(0, end)}/`
}

/**
 * In secure mode `$ORIGIN` must be the first thing of its element, and in the program's own list the result
 * must lie below a default directory (elf/dl-load.c, _dl_dst_substitute and is_trusted_path_normalize).
 */
function mayExpandSecurely(
  element: string,
  object: LoadedObject,
  program: LoadedObject,
  installation: GlibcInstallation,
  settings: LoaderSettings,
): boolean {
  const origin = tokensIn(element).find(({ token }) => token === 'ORIGIN')
  if (origin === undefined) return true
  const after = element[origin.end]
  if (origin.start !== 0 || (after !== undefined && after !== '/')) return false
  if (object !== program) return true
  return expandElement(element, object, installation, settings).every((directory) =>
    installation.build.directories.some((trusted) => `${normalise(directory)}/`.startsWith(trusted)),
  )
}
