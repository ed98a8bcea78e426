import { basename, type RootPath } from '../rootfs/path.js'
import { waitingFor } from '../rootfs/waiting.js'
import { glibcCandidate, type Port } from './candidate.js'
import type { RootFiles } from './files.js'
import type { LddAnswer } from './ldd.js'
import type { Attempt, LinkMap, LoadedObject, Loader, Resolution } from './loader.js'

/** An answer of `ldd` and the files it speaks of. */
export interface LddSource {
  readonly answer: LddAnswer
  readonly files: RootFiles
  readonly workingDir: RootPath
  readonly port: Port
}

/** A loader's rules, and where they find nothing the answer of `ldd`; `left` are names that stay as they are. */
export function withLdd(loader: Loader, source: LddSource, left: ReadonlySet<string>): Loader {
  return {
    ...loader,
    resolve: async (name, requester, map) => {
      const own = await loader.resolve(name, requester, map)
      if (own.found !== undefined || left.has(name)) return own
      return resolveByLdd(source, own, requester, map)
    },
  }
}

/** A loader whose rules are not known: everything is as `ldd` says. */
export function lddLoader(
  object: LoadedObject,
  source: LddSource,
  configuration: Loader['configuration'],
): Loader {
  const resolve: Loader['resolve'] = async (name, requester, map) => {
    const own = { name, attempts: [], found: undefined, rule: undefined }
    const loaded = findLoaded(name, map)
    if (loaded !== undefined) return { ...own, found: loaded, rule: 'already-loaded' }
    return resolveByLdd(source, own, requester, map)
  }
  return {
    dialect: 'glibc',
    object,
    defaultDirectories: [],
    hwcapLevels: [],
    filters: false,
    auditModules: false,
    environmentAudits: [],
    hasVariant: () => false,
    preloads: async () => [],
    resolve,
    resolvePreload: (name, map) => resolve(name, map.program, map),
    remembers: (name) => name,
    configuration,
  }
}

/** Takes the file that `ldd` names, if it is there and fits; an answer about a file that is not is no answer. */
export async function resolveByLdd(
  { answer, files, workingDir, port }: LddSource,
  own: Resolution,
  requester: LoadedObject,
  map: LinkMap,
): Promise<Resolution> {
  const { name } = own
  const told = toldOf(name, answer)
  if (told === undefined) {
    return { ...own, attempts: [...own.attempts, { rule: 'ldd', path: name, outcome: 'absent' }] }
  }
  const trail = await files.trail(told.path, workingDir)
  const candidate = await waitingFor(() => glibcCandidate(files.atHand, trail, port))
  const attempt: Attempt = { rule: 'ldd', path: told.path, outcome: candidate.outcome }
  if (candidate.outcome !== 'taken') return { ...own, attempts: [...own.attempts, attempt] }
  const { file, elf } = candidate
  const { blockedBy: _, ...rest } = own
  const answered = { ...rest, rule: 'ldd', opened: trail } as const
  const twin = sameFile(file.identity, map)
  if (twin !== undefined) {
    return { ...answered, attempts: [...own.attempts, { ...attempt, outcome: 'same-file' }], found: twin }
  }
  const names = new Set([name])
  const found: LoadedObject = {
    name: told.path,
    trail,
    file,
    elf,
    loadedBy: requester,
    rule: 'ldd',
    names,
  }
  return { ...answered, attempts: [...own.attempts, attempt], found }
}

/** Names with tokens are listed with their values in place; only the last component is sure to be the same. */
function toldOf(name: string, { libraries }: LddAnswer): LddAnswer['libraries'][number] | undefined {
  const told = libraries.find((library) => library.name === name)
  if (told !== undefined || !name.includes('$')) return told
  return libraries.find(({ path }) => basename(path) === basename(name))
}

function findLoaded(name: string, { program, objects, loader }: LinkMap): LoadedObject | undefined {
  const all = loader === undefined ? objects : [...objects, loader]
  return all.find(
    (object) =>
      object.elf.dynamic?.soname === name ||
      (object !== program && (object.names.has(name) || object.name === name)),
  )
}

function sameFile(identity: string, { program, objects, loader }: LinkMap): LoadedObject | undefined {
  const all = loader === undefined ? objects : [...objects, loader]
  return all.find((object) => object !== program && object.file.identity === identity)
}
