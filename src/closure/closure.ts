import type { Dynamic } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import type { LinkMap, LoadedObject, Loader, Resolution } from '../loader/loader.js'

/** Everything a loader maps for one program, and why. */
export interface Closure {
  readonly program: LoadedObject
  readonly loader: LoadedObject
  /** In load order, the program first; the loader only where something asks for it by name. */
  readonly objects: readonly LoadedObject[]
  /** Each request in the order the loader makes it. */
  readonly edges: readonly Edge[]
}

/** One object's request for a name. */
export interface Edge {
  readonly from: LoadedObject
  readonly kind: 'needed' | 'auxiliary' | 'filter' | 'preload' | 'audit' | 'dlopen'
  readonly name: string
  /** For preloads: where the name was written. */
  readonly origin?: string
  readonly resolution: Resolution
}

/**
 * Loads breadth first as the loader does: preloaded objects after the program, then each object's requests in
 * array order; filters and auxiliaries come before the object that names them (glibc elf/dl-deps.c). Names
 * that are not found are edges without an object. Audit modules live in namespaces of their own and follow last.
 * Throws LiftError 'limit' for a program whose requests have no end in sight.
 */
export async function closure(program: LoadedObject, loader: Loader): Promise<Closure> {
  const edges: Edge[] = []
  const record = recorder(edges, program)
  const walk = startWalk({ program, objects: [program], loader: loader.object }, loader, record)
  for (const { name, from } of await loader.preloads(program)) await walk.preload(name, from)
  await walk.run()
  const objects = [...walk.objects]
  const own = loader.auditModules ? auditNames(program) : []
  for (const name of [...loader.environmentAudits, ...own]) {
    objects.push(...(await loadAuditModule(name, program, loader, record)))
  }
  return { program, loader: loader.object, objects, edges }
}

/**
 * What a program's `dlopen` adds to what it has loaded: the first of some names that is found, asked for by one of its
 * objects and by that object's rules, with all that it needs. The edges are the new requests alone.
 */
export async function dlopened(
  loaded: Closure,
  loader: Loader,
  names: readonly string[],
  from: LoadedObject,
): Promise<Closure> {
  const edges: Edge[] = []
  const map = { program: loaded.program, objects: [...loaded.objects], loader: loader.object }
  const walk = startWalk(map, loader, recorder(edges, loaded.program), loaded.objects)
  for (const name of names) if (await walk.open(name, from)) break
  await walk.run()
  return { ...loaded, objects: [...walk.objects], edges }
}

type Recorder = (edge: Edge) => void

/** In characters, each request and attempt with something for itself: far more than any real program takes. */
const MAX_RECORD = 0x100_0000
const OVERHEAD = 100

/** Keeps requests with their attempts; a hostile program could fill the memory with them. */
function recorder(edges: Edge[], program: LoadedObject): Recorder {
  let length = 0
  return (edge) => {
    length += OVERHEAD + edge.name.length
    const { attempts } = edge.resolution
    for (let index = 0; index < attempts.length; index++) length += OVERHEAD + attempts[index]!.path.length
    if (length > MAX_RECORD)
      throw new LiftError('limit', `${program.name} has too many requests for libraries to be followed`)
    edges.push(edge)
  }
}

interface MutableMap extends LinkMap {
  readonly objects: LoadedObject[]
}

interface Walk {
  readonly objects: readonly LoadedObject[]
  preload(name: string, origin: string): Promise<void>
  /** Gives whether the name is found. */
  open(name: string, from: LoadedObject): Promise<boolean>
  run(): Promise<void>
}

function startWalk(
  map: MutableMap,
  loader: Loader,
  record: Recorder,
  done: readonly LoadedObject[] = [],
): Walk {
  /** The search list: what is still to be walked, and before which object a filter goes. */
  const list = [...map.objects]
  const walked = new Set(done)
  /** Everything in front of this place in the list is walked. */
  let place = 0
  const next = (): LoadedObject | undefined => {
    while (place < list.length && walked.has(list[place]!)) place++
    return list[place]
  }

  const take = (resolution: Resolution): LoadedObject | undefined => {
    const { found, name } = resolution
    if (found === undefined) return undefined
    // The loader's object is shared by all programs, and always answers to the same names.
    const remembered = found === map.loader ? undefined : loader.remembers(name, found)
    if (remembered !== undefined) found.names.add(remembered)
    if (map.objects.includes(found)) return undefined
    map.objects.push(found)
    return found
  }

  const settle = (from: LoadedObject, kind: Edge['kind'], name: string, resolution: Resolution): void => {
    record({ from, kind, name, resolution })
    const added = take(resolution)
    const { found } = resolution
    if (kind === 'needed') {
      if (added !== undefined) list.push(added)
    } else if (found !== undefined && found !== map.loader) {
      putBefore(list, found, from)
      place = 0
      // The program stays the first object, whatever is searched before it.
      if (from !== map.program) putBefore(map.objects, found, from)
    }
  }

  return {
    objects: map.objects,
    preload: async (name, origin) => {
      const resolution = await loader.resolvePreload(name, map)
      record({ from: map.program, kind: 'preload', name, origin, resolution })
      const added = take(resolution)
      if (added !== undefined) list.push(added)
    },
    open: async (name, from) => {
      const resolution = await loader.resolve(name, from, map)
      record({ from, kind: 'dlopen', name, resolution })
      const added = take(resolution)
      if (added !== undefined) list.push(added)
      return resolution.found !== undefined
    },
    run: async () => {
      for (let object = next(); object !== undefined; object = next()) {
        walked.add(object)
        if (object === map.loader) continue
        const { dependencies = NONE } = object.elf.dynamic ?? {}
        // By number, since these are most of the steps of a short run, and each would make objects for its iterator.
        for (let index = 0; index < dependencies.length; index++) {
          const { kind, name } = dependencies[index]!
          if (kind !== 'needed' && !loader.filters) continue
          const answer = loader.resolve(name, object, map)
          settle(object, kind, name, answer instanceof Promise ? await answer : answer)
        }
      }
    },
  }
}

const NONE: Dynamic['dependencies'] = []

function auditNames(program: LoadedObject): string[] {
  const { audit, depaudit } = program.elf.dynamic ?? {}
  return `${audit ?? ''}:${depaudit ?? ''}`.split(':').filter((name) => name !== '')
}

async function loadAuditModule(
  name: string,
  program: LoadedObject,
  loader: Loader,
  record: Recorder,
): Promise<readonly LoadedObject[]> {
  const resolution = await loader.resolve(name, program, { program, objects: [], loader: loader.object })
  record({ from: program, kind: 'audit', name, resolution })
  if (resolution.found === undefined) return []
  // Opened as dlmopen would: nobody is its loader, so no RPATH chain leads up from it.
  const { loadedBy: _, ...module } = resolution.found
  const walk = startWalk({ program, objects: [module], loader: loader.object }, loader, record)
  await walk.run()
  return walk.objects
}

function putBefore<T>(order: T[], moved: T, anchor: T): void {
  const at = order.indexOf(moved)
  const to = order.indexOf(anchor)
  if (at >= 0 && at < to) return
  if (at >= 0) order.splice(at, 1)
  order.splice(order.indexOf(anchor), 0, moved)
}
