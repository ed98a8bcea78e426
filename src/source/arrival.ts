import { LiftError } from '../errors.js'
import { createSpool } from '../image/spool.js'
import { type TarEntry, tarScanner } from '../image/tar-index.js'
import { components, isInside, join, type RootPath } from '../rootfs/path.js'
import type { EngineAnswer } from './engine-client.js'
import type { KnownTree } from './known-tree.js'

/** A tar that is on its way into a tree; entries and content can be used as they come. */
export interface Arrival {
  /** What it brings: this path and all below. */
  readonly of: RootPath
  /** Resolves when something new has come, or it is over; rejects when it broke. */
  progress(): Promise<void>
  /** Resolves with the bytes it took when it is over; rejects when it broke. */
  readonly over: Promise<number>
  /** Cuts it off if it still runs, and gives back its content. */
  close(): void
}

/** Where to cut a tar off: asked with each member, and with undefined after each piece. */
export type IsEnough = (path: RootPath | undefined, bytes: number) => boolean

/** Reads the engine's tar of a path into the tree, to its end or until it is enough. */
export function receiveTar(of: RootPath, answer: EngineAnswer, tree: KnownTree, isEnough: IsEnough): Arrival {
  const spool = createSpool()
  const news = announcer()
  let isClosed = false
  const run = async (): Promise<number> => {
    const scanner = tarScanner()
    const entered = directoriesLeft(tree)
    let bytes = 0
    let last: { readonly path: RootPath; readonly end: number } | undefined
    const take = (member: TarEntry): boolean => {
      const path = rebased(of, member.path)
      if (path === undefined) return false
      const target = member.kind === 'hardlink' ? rebased(of, member.target) : undefined
      tree.add(path, member, target, () => spool.slice(member.offset, member.size))
      entered(path)
      last = { path, end: member.offset + member.size }
      return isEnough(path, bytes)
    }
    for await (const chunk of answer.body) {
      bytes += chunk.length
      spool.append(chunk)
      const members = scanner.push(chunk)
      if (members.some(take) || isEnough(undefined, bytes)) {
        if (last !== undefined && last.end > bytes) tree.forgetContent(last.path)
        spool.fail(new LiftError('unreadable', 'the file was cut off'))
        answer.drop()
        return bytes
      }
      if (members.length > 0) news.announce()
    }
    scanner.finish()
    tree.complete(of)
    spool.end()
    return bytes
  }
  const over = run().catch((error) => {
    spool.fail(error)
    answer.drop()
    throw error
  })
  over.then(news.announce, news.announce)
  return {
    of,
    over,
    progress: () => Promise.race([news.next(), over.then(() => {})]),
    close: () => {
      if (isClosed) return
      isClosed = true
      spool.close()
      answer.drop()
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
