import { LiftError } from '../errors.js'
import { createSpool } from '../image/spool.js'
import { type TarEntry, tarScanner } from '../image/tar-index.js'
import { components, isInside, join, type RootPath } from '../rootfs/path.js'
import type { EngineAnswer } from './engine-client.js'
import type { KnownTree } from './known-tree.js'

/** A tar that is on its way into a tree; entries and content can be used as they come. */
export interface Arrival {
  /** Whether it may still bring what the tree does not know of this path. */
  brings(path: RootPath): boolean
  /** Resolves when something new has come, or it is over; rejects when it broke. */
  progress(): Promise<void>
  /** Resolves with the bytes it took when it is over; rejects when it broke. */
  readonly over: Promise<number>
  /** Cuts it off if it still runs, and gives back its content. */
  close(): void
}

/** A tar to come: of a path with all below it, or of its beginning. */
export interface Order {
  readonly of: RootPath
  readonly answer: Promise<EngineAnswer | undefined>
  /** Whether to cut it off here: asked with each member, and with undefined after each piece. */
  readonly isEnough?: (path: RootPath | undefined, bytes: number) => boolean
  /** What the path itself must be: anything else is not taken. */
  readonly only?: TarEntry['kind']
  /** What it surely does not bring. */
  readonly leavesOut?: (path: RootPath) => boolean
}

/** Reads the engine's tar of a path into the tree, to its end or until it is enough. */
export function receiveTar(order: Order, tree: KnownTree): Arrival {
  const { of, only, isEnough = () => false, leavesOut = () => false } = order
  const spool = createSpool()
  const news = announcer()
  let answer: EngineAnswer | undefined
  let isClosed = false
  let isOver = false
  let bytes = 0
  const run = async (): Promise<number> => {
    answer = await order.answer
    if (isClosed) answer?.drop()
    if (isClosed) throw closedImage()
    if (answer === undefined) tree.addAbsent(of)
    else if (await takeAll(answer)) tree.complete(of)
    spool.end()
    return bytes
  }
  /** Gives false when it was cut off. */
  const takeAll = async ({ body }: EngineAnswer): Promise<boolean> => {
    const scanner = tarScanner()
    const entered = directoriesLeft(tree)
    let last: { readonly path: RootPath; readonly end: number } | undefined
    const take = (member: TarEntry): boolean => {
      const path = rebased(of, member.path)
      if (path === undefined) return false
      if (path === of && only !== undefined && member.kind !== only) return true
      const target = member.kind === 'hardlink' ? rebased(of, member.target) : undefined
      tree.add(path, member, target, () => spool.slice(member.offset, member.size))
      entered(path)
      last = { path, end: member.offset + member.size }
      return isEnough(path, bytes)
    }
    for await (const chunk of body) {
      bytes += chunk.length
      spool.append(chunk)
      const members = scanner.push(chunk)
      if (members.some(take) || isEnough(undefined, bytes)) {
        if (last !== undefined && last.end > bytes) tree.forgetContent(last.path)
        spool.fail(new LiftError('unreadable', 'the file was cut off'))
        return false
      }
      if (members.length > 0) news.announce()
    }
    scanner.finish()
    return true
  }
  const over = run()
    .catch((error) => {
      spool.fail(error)
      throw error
    })
    .finally(() => {
      isOver = true
      answer?.drop()
    })
  over.catch(() => {})
  return {
    over,
    brings: (path) => !isOver && isInside(path, of) && !leavesOut(path),
    progress: () => Promise.race([news.next(), over.then(() => {})]),
    close: () => {
      isClosed = true
      spool.close()
      answer?.drop()
    },
  }
}

/**
 * Members of one directory follow each other in the tar (engines walk depth first), so a directory is complete
 * as soon as a member outside of it comes. Told of each member; only of those are directories remembered.
 */
function directoriesLeft(tree: KnownTree): (path: RootPath) => void {
  const inside: RootPath[] = []
  return (path) => {
    while (inside.length > 0 && !isInside(path, inside.at(-1)!)) tree.complete(inside.pop()!)
    const entry = tree.lookUp(path)
    if (entry !== undefined && entry !== 'absent' && entry.kind === 'directory') inside.push(path)
  }
}

/** The tar of `/usr/lib` calls its members `lib/…`, that of `/` calls them `/…` or `./…`. */
function rebased(of: RootPath, name: string): RootPath | undefined {
  const parts = components(name)
  if (parts.includes('..')) return undefined
  const below = of === '/' ? parts : parts.slice(1)
  return below.length === 0 ? of : join(of, below.join('/'))
}

function announcer(): { next(): Promise<void>; announce(): void } {
  let waiting: (() => void)[] = []
  return {
    next: () => new Promise((done) => waiting.push(done)),
    announce: () => {
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
  }
}

/** What a closed image answers. */
export function closedImage(): LiftError {
  return new LiftError('unreadable', 'the image is closed')
}
