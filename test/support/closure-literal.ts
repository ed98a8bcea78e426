import type { Dynamic, ElfFile } from '../../src/elf/elf.js'
import type { LoadedObject, Loader, Rule } from '../../src/loader/loader.js'
import type { RootPath } from '../../src/rootfs/path.js'

/** What an object says in its dynamic section; only what a test is about. */
export type Says = Partial<Dynamic>

/** Libraries by the name they are found by. */
export type Graph = Readonly<Record<string, Says>>

/** What a loader of a graph does besides finding names. */
export interface GraphOptions {
  readonly filters?: boolean
  readonly auditModules?: boolean
  readonly preloads?: readonly string[]
  /** The name the loader itself answers to. */
  readonly loaderName?: string
}

/** The program of every graph. */
export const PROGRAM = 'program'

/** An object at `/NAME`. */
export function objectOf(name: string, says: Says = {}, rule: Rule = 'default'): LoadedObject {
  const path: RootPath = `/${name}`
  const file = { kind: 'file', path, mode: 0o755, uid: 0, gid: 0, size: 1, identity: path } as const
  return {
    name: path,
    trail: { asked: path, links: [], stones: [], end: file },
    file,
    elf: elfOf(says),
    rule,
    names: new Set(),
  }
}

function elfOf(says: Says): ElfFile {
  const needed = says.needed ?? []
  const dependencies = says.dependencies ?? needed.map((name) => ({ kind: 'needed' as const, name }))
  return {
    class: 64,
    endian: 'little',
    identVersion: 1,
    osabi: 0,
    abiVersion: 0,
    paddingZero: true,
    type: 3,
    machineNumber: 62,
    version: 1,
    flags: 0,
    phentsize: 56,
    phnum: 0,
    segments: [],
    machine: 'amd64',
    kind: 'library',
    dynamic: { flags: 0, flags1: 0, versionsNeeded: [], ...says, needed, dependencies },
  }
}

/** A loader that finds the libraries of a graph by name alone, for whoever asks, and remembers each name. */
export function graphLoader(graph: Graph, options: GraphOptions = {}): Loader {
  const { loaderName = 'ld.so', filters = true, auditModules = true, preloads = [] } = options
  const object = objectOf(loaderName, graph[loaderName] ?? {}, 'interpreter')
  const resolve: Loader['resolve'] = async (name, requester, map) => {
    if (name === loaderName) return { name, attempts: [], found: object, rule: 'already-loaded' }
    const loaded = map.objects.find(({ names, elf }) => names.has(name) || elf.dynamic?.soname === name)
    if (loaded !== undefined) return { name, attempts: [], found: loaded, rule: 'already-loaded' }
    const says = graph[name]
    const attempt = { rule: 'default', path: `/${name}` } as const
    if (says === undefined) {
      return { name, attempts: [{ ...attempt, outcome: 'absent' }], found: undefined, rule: undefined }
    }
    const found = { ...objectOf(name, says), loadedBy: requester }
    return { name, attempts: [{ ...attempt, outcome: 'taken' }], found, rule: 'default', opened: found.trail }
  }
  return {
    dialect: 'glibc',
    object,
    defaultDirectories: ['/'],
    hwcapLevels: [],
    filters,
    auditModules,
    environmentAudits: [],
    hasVariant: () => false,
    preloads: async () => preloads.map((name) => ({ name, from: 'LD_PRELOAD' })),
    resolve,
    resolvePreload: (name, map) => resolve(name, map.program, map),
    remembers: (name) => name,
    configuration: [],
  }
}
