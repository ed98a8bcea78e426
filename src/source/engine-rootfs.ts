import type { ByteReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import { isInside, parent, type RootPath } from '../rootfs/path.js'
import type { Entry, FileEntry, RootFs } from '../rootfs/rootfs.js'
import { type Arrival, closedImage, type IsEnough, receiveTar } from './arrival.js'
import type { ContainerArchive } from './container-archive.js'
import { fetchPlan } from './fetch-plan.js'
import { knownTree } from './known-tree.js'

/** The root file system of a helper container; `close` stops what is still arriving and forgets the content. */
export interface EngineRootFs extends RootFs {
  close(): void
}

/** Up to here an image is fetched whole at once: that costs about as much as three files one by one. */
const SMALL_IMAGE = 32 << 20
/** What the first fetch may bring of a larger one, and what no longer counts as the price of one small file. */
const FIRST_BYTES = 8 << 20

/**
 * The files of a container by three kinds of requests. A stat is cheap but knows neither owner nor a link's
 * text. A fetch of one path brings those and the content. A fetch of a directory brings all below; `fetch-plan`
 * says when that pays. The very first fetch is the beginning of the root, up to /usr: for the price of one file
 * it brings /etc and the links at the top.
 * A directory that was only passed through has the owner 0:0, since no stat tells the real one.
 */
export function engineRootFs(archive: ContainerArchive, imageSize: number | undefined): EngineRootFs {
  const tree = knownTree()
  const plan = fetchPlan(imageSize)
  const arrivals = new Set<Arrival>()
  const running = new Set<Arrival>()
  const asking = new Map<RootPath, Promise<Entry | undefined>>()
  const whole = new Map<RootPath, Promise<Arrival | undefined>>()
  let beginning: Promise<unknown> | undefined
  let isClosed = false

  const fetch = async (path: RootPath, isEnough: IsEnough, took: (bytes: number, ms: number) => void) => {
    if (isClosed) throw closedImage()
    const began = performance.now()
    const answer = await archive.fetch(path)
    if (answer === undefined) return undefined
    const arrival = receiveTar(path, answer, tree, isEnough)
    arrivals.add(arrival)
    running.add(arrival)
    arrival.over.then(
      (bytes) => {
        running.delete(arrival)
        took(bytes, performance.now() - began)
      },
      () => running.delete(arrival),
    )
    if (isClosed) arrival.close()
    return arrival
  }
  const begin = (): Promise<unknown> => {
    const isSmall = imageSize !== undefined && imageSize <= SMALL_IMAGE
    return fetch('/', isSmall ? never : (path, bytes) => path === '/usr' || bytes > FIRST_BYTES, () => {})
  }
  const fetchOne = async (path: RootPath): Promise<void> => {
    const one = await fetch(path, never, (bytes, ms) => bytes < FIRST_BYTES && plan.tookOne(ms))
    if (one === undefined) tree.addAbsent(path)
  }
  const fetchWhole = (directory: RootPath): Promise<Arrival | undefined> => {
    const known = whole.get(directory)
    if (known !== undefined) return known
    const started = fetch(directory, never, plan.tookDirectory)
    whole.set(directory, started)
    return started
  }

  /** Waits for arrivals that may bring the path; then it is known, or nobody is bringing it. */
  const awaitArrival = async (path: RootPath): Promise<Entry | 'absent' | undefined> => {
    for (;;) {
      const known = tree.lookUp(path)
      if (known !== undefined) return known
      const bringing = [...running].find(({ of }) => isInside(path, of))
      if (bringing === undefined) return undefined
      await bringing.progress()
    }
  }
  const explore = async (path: RootPath): Promise<void> => {
    const stat = await archive.stat(path)
    if (stat === undefined) tree.addAbsent(path)
    else if (stat.kind === 'directory') tree.addDirectory(path, stat.mode)
    else if (stat.kind === 'file' && plan.choose(path) === 'directory') await fetchWhole(parent(path))
    else await fetchOne(path)
  }
  const ask = async (path: RootPath): Promise<Entry | undefined> => {
    if (path !== '/' && (await lstat(parent(path)))?.kind !== 'directory') return undefined
    beginning ??= begin()
    await beginning
    let known = await awaitArrival(path)
    if (known === undefined) {
      await explore(path)
      known = await awaitArrival(path)
    }
    if (known === undefined) {
      await fetchOne(path)
      known = await awaitArrival(path)
    }
    return known === 'absent' ? undefined : known
  }
  const lstat = (path: RootPath): Promise<Entry | undefined> => {
    const known = tree.lookUp(path)
    if (known !== undefined) return Promise.resolve(known === 'absent' ? undefined : known)
    let answer = asking.get(path)
    if (answer === undefined) {
      answer = ask(path).finally(() => asking.delete(path))
      asking.set(path, answer)
    }
    return answer
  }
  const list = async (directory: RootPath): Promise<readonly Entry[]> => {
    if ((await lstat(directory))?.kind !== 'directory') return []
    for (const { of, over } of running) if (isInside(directory, of)) await over
    if (tree.children(directory) === undefined) await (await fetchWhole(directory))?.over
    const found = await Promise.all((tree.children(directory) ?? []).map(lstat))
    return found.filter((entry) => entry !== undefined)
  }
  const contentOf = async (path: RootPath): Promise<ByteReader> => {
    await lstat(path)
    if (tree.content(path) === undefined) {
      await fetchOne(path)
      for (const { of, over } of running) if (of === path) await over
    }
    const content = tree.content(path)
    if (content === undefined) throw new LiftError('unreadable', `${path} is no file in the image any more`)
    return content
  }
  return {
    lstat,
    list,
    open: (file) => contentReader(file, tree.content, contentOf),
    close: () => {
      isClosed = true
      for (const arrival of arrivals) arrival.close()
    },
  }
}

function never(): boolean {
  return false
}

/** Reads what has come or is coming; where the arrival was cut off in the middle of this file, it comes again. */
function contentReader(
  file: FileEntry,
  known: (path: RootPath) => ByteReader | undefined,
  fetched: (path: RootPath) => Promise<ByteReader>,
): ByteReader {
  return {
    size: file.size,
    read: async (offset, length) => {
      const content = known(file.path)
      if (content !== undefined) {
        try {
          return await content.read(offset, length)
        } catch (error) {
          if (known(file.path) === content) throw error
        }
      }
      return (await fetched(file.path)).read(offset, length)
    },
  }
}
