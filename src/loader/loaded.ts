import type { LinkMap, LoadedObject } from './loader.js'

/** What is loaded already, found by name or by file without going through all objects for each request. */
export interface Loaded {
  /** The first object, in load order, that answers to a name; the loader's own last. */
  byName(name: string): LoadedObject | undefined
  /** The first object but the program that is this file, whatever it was asked for by. */
  byIdentity(identity: string): LoadedObject | undefined
  /** An object was found by this name and will answer to it from now on. */
  learn(name: string, object: LoadedObject): void
}

/**
 * The index of a link map, kept as long as the map and brought up to date at each look. An object answers to
 * each name it was asked for by, to its open path and to its DT_SONAME; the program to the last alone.
 */
export function loadedIn(map: LinkMap): Loaded {
  const { objects } = map
  let index = indexes.get(map)
  if (index === undefined || index.seen > objects.length || index.isReordered) {
    index = emptyIndex(map)
    indexes.set(map, index)
  }
  for (; index.seen < objects.length; index.seen++) add(index, objects[index.seen]!, map)
  return index
}

interface Index extends Loaded {
  /** How many objects of the map it holds. */
  seen: number
  readonly names: Map<string, LoadedObject>
  readonly files: Map<string, LoadedObject>
  /** Filters go before the object that names them, so with one of those the order may have changed. */
  isReordered: boolean
}

const indexes = new WeakMap<LinkMap, Index>()

function emptyIndex({ loader }: LinkMap): Index {
  const names = new Map<string, LoadedObject>()
  const files = new Map<string, LoadedObject>()
  return {
    seen: 0,
    names,
    files,
    isReordered: false,
    byName: (name) => names.get(name) ?? (loader !== undefined && answers(loader, name) ? loader : undefined),
    byIdentity: (identity) => files.get(identity),
    learn: (name, object) => void (object !== loader && put(names, name, object)),
  }
}

function add(index: Index, object: LoadedObject, map: LinkMap): void {
  const { names, files } = index
  const { soname, dependencies = [] } = object.elf.dynamic ?? {}
  if (soname !== undefined) put(names, soname, object)
  if (dependencies.some(({ kind }) => kind !== 'needed')) index.isReordered = true
  if (object === map.program) return
  for (const name of object.names) put(names, name, object)
  put(names, object.name, object)
  put(files, object.file.identity, object)
}

/** The first one stays: load order decides. */
function put(known: Map<string, LoadedObject>, key: string, object: LoadedObject): void {
  if (!known.has(key)) known.set(key, object)
}

function answers(loader: LoadedObject, name: string): boolean {
  return loader.elf.dynamic?.soname === name || loader.names.has(name) || loader.name === name
}
