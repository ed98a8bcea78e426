import type { ByteReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import { parent, type RootPath } from '../rootfs/path.js'
import type { DirectoryEntry, Entry, RootFs } from '../rootfs/rootfs.js'
import { type Arrival, closedImage, type Order, receiveTar } from './arrival.js'
import type { ContainerArchive, PathStat } from './container-archive.js'
import { contentReader } from './content-reader.js'
import { exactEntries } from './exact-entries.js'
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
 * says when that pays. The first fetch, under way when this returns, is the beginning of the root.
 * A directory that was only passed through has the owner 0:0, since no stat tells the real one, until it is asked
 * for exactly.
 */
export function engineRootFs(archive: ContainerArchive, imageSize: number | undefined): EngineRootFs {
  const tree = knownTree()
  const plan = fetchPlan(imageSize)
  const arrivals = new Set<Arrival>()
  const asking = new Map<RootPath, Promise<Entry | undefined>>()
  const whole = new Map<RootPath, Arrival>()
  let isClosed = false
  /** Podman packs what a link leads to under the link's name, unless the link is one of many in a directory. */
  let followsLinks = false

  const order = (
    of: RootPath,
    expected: 'one' | 'many',
    took: (bytes: number, ms: number) => void,
    limits: Partial<Order> = {},
  ): Arrival => {
    if (isClosed) throw closedImage()
    const began = performance.now()
    const arrival = receiveTar({ of, answer: archive.fetch(of, expected), ...limits }, tree)
    arrivals.add(arrival)
    arrival.over.then(
      (bytes) => took(bytes, performance.now() - began),
      () => {},
    )
    return arrival
  }
  const orderOne = (path: RootPath, limits: Partial<Order> = {}): Arrival => {
    const took = (bytes: number, ms: number) => {
      if (bytes < FIRST_BYTES) plan.tookOne(ms)
    }
    return order(path, 'one', took, limits)
  }
  const orderWhole = (directory: RootPath): Arrival => {
    const arrival = whole.get(directory) ?? order(directory, 'many', plan.tookDirectory)
    whole.set(directory, arrival)
    return arrival
  }
  const bringing = (path: RootPath): Arrival | undefined => {
    for (const arrival of arrivals) if (arrival.brings(path)) return arrival
    return undefined
  }

  /** Waits for what may bring the path; then it is known, or nobody is bringing it. */
  const arrived = async (path: RootPath): Promise<Known | undefined> => {
    for (;;) {
      const known = tree.lookUp(path)
      const arrival = known === undefined ? bringing(path) : undefined
      if (arrival === undefined) return known
      await arrival.progress()
    }
  }
  /** A stat is quick and may say that there is nothing to wait for; what is arriving may be quicker still. */
  const statUnlessArrived = async (path: RootPath): Promise<PathStat | undefined> => {
    const stat = archive.stat(path)
    const arrival = arrived(path).then((known) => (known === undefined ? stat : undefined))
    const first = await Promise.race([stat, arrival])
    stat.catch(() => {})
    arrival.catch(() => {})
    if (tree.lookUp(path) !== undefined) return undefined
    if (first === undefined) tree.addAbsent(path)
    else if (first.kind === 'directory') tree.addDirectory(path, first)
    return first
  }
  /** For a link, the place where it leads is what matters next, so that is ordered along with it. */
  const orderFor = (path: RootPath, { kind, leadsTo }: PathStat): void => {
    const file = kind === 'symlink' && leadsTo?.startsWith('/') ? (leadsTo as RootPath) : path
    const isWhole = kind !== 'special' && plan.choose(file) === 'directory'
    if (isWhole) orderWhole(parent(file))
    if (bringing(path) !== undefined) return
    if (kind !== 'symlink') orderOne(path)
    else if (followsLinks) orderWhole(parent(path))
    else orderOne(path, { only: 'symlink' })
  }
  const explore = async (path: RootPath): Promise<Known | undefined> => {
    const stat = await statUnlessArrived(path)
    const known = await arrived(path)
    if (known !== undefined || stat === undefined) return known
    orderFor(path, stat)
    const found = await arrived(path)
    if (found !== undefined || stat.kind !== 'symlink') return found
    followsLinks = true
    orderWhole(parent(path))
    return arrived(path)
  }
  const ask = async (path: RootPath): Promise<Entry | undefined> => {
    if (path !== '/' && (await lstat(parent(path)))?.kind !== 'directory') return undefined
    let known = tree.lookUp(path) ?? (await explore(path))
    if (known === undefined) {
      orderOne(path)
      known = await arrived(path)
    }
    if (known === undefined) throw new LiftError('engine-failed', `the engine sends a tar without ${path}`)
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
    for (let one = bringing(directory); one !== undefined; one = bringing(directory)) await one.over
    if (tree.children(directory) === undefined) await orderWhole(directory).over
    const found = await Promise.all((tree.children(directory) ?? []).map(lstat))
    return found.filter((entry) => entry !== undefined)
  }
  const contentOf = async (path: RootPath): Promise<ByteReader> => {
    await lstat(path)
    if (tree.content(path) === undefined) await orderOne(path).over
    const content = tree.content(path)
    if (content === undefined) throw new LiftError('unreadable', `${path} is no file in the image any more`)
    return content
  }
  /** Its own header comes first, and no more is taken, unless it is on its way. */
  const exactDirectory = async (directory: DirectoryEntry): Promise<Entry> => {
    const { path } = directory
    for (const arrival of [beginning, whole.get(path)])
      while (!tree.isExact(path) && arrival?.brings(path)) await arrival.progress()
    if (!tree.isExact(path)) await orderOne(path, ONE_HEADER).over
    const known = tree.lookUp(path)
    return known === undefined || known === 'absent' ? directory : known
  }
  const isSmall = imageSize !== undefined && imageSize <= SMALL_IMAGE
  const beginning = order('/', 'many', () => {}, isSmall ? {} : BEGINNING)
  return {
    lstat,
    list,
    open: (file) => contentReader(file, tree.content, contentOf),
    exact: exactEntries(archive, exactDirectory),
    close: () => {
      isClosed = true
      for (const arrival of arrivals) arrival.close()
    },
  }
}

type Known = Entry | 'absent'

/** The root up to /usr, which engines send last but for /var: all of /etc, and the links at the top. */
const BEGINNING = {
  isEnough: (path, bytes) => path === '/usr' || bytes > FIRST_BYTES,
  leavesOut: (path) => path.startsWith('/usr/'),
} satisfies Partial<Order>

const ONE_HEADER = {
  isEnough: (path) => path !== undefined,
  leavesOut: () => true,
} satisfies Partial<Order>
