import { LiftError } from '../errors.js'
import { follow } from '../rootfs/follow.js'
import { components, join, parent, type RootPath } from '../rootfs/path.js'
import type { Entry, RootFs } from '../rootfs/rootfs.js'

const MOST = 3

/** Up to three paths of files whose names are close to a name that was not found. */
export async function nearNames(
  rootfs: RootFs,
  asked: string,
  searchPath: readonly string[],
  kinds: readonly Entry['kind'][] = ['file', 'symlink'],
): Promise<RootPath[]> {
  const wanted = components(asked).at(-1) ?? asked
  const directories = asked.includes('/') ? [parent(asked as RootPath), ...searchPath] : searchPath
  const found = new Map<string, { path: RootPath; distance: number }>()
  for (const directory of new Set(directories)) {
    for (const entry of await entriesIn(rootfs, directory, kinds).catch(unlessUnreadable)) {
      if (entry.path === asked) continue
      const name = entry.path.slice(entry.path.lastIndexOf('/') + 1)
      const distance = editDistance(name, wanted)
      if (distance <= mostChanges(wanted) && !found.has(name)) {
        found.set(name, { path: entry.path, distance })
      }
    }
  }
  return [...found.values()]
    .sort((a, b) => a.distance - b.distance || (a.path < b.path ? -1 : 1))
    .slice(0, MOST)
    .map(({ path }) => path)
}

/**
 * Up to three paths that differ from one that is not there in the first name that is wrong; what follows is kept
 * where it is there too.
 */
export async function nearPaths(rootfs: RootFs, asked: RootPath): Promise<readonly RootPath[]> {
  const parts = components(asked)
  for (let index = 0; index < parts.length; index++) {
    const path: RootPath = `/${parts.slice(0, index + 1).join('/')}`
    if ((await follow(rootfs, path)).end !== undefined) continue
    const near = await nearNames(rootfs, path, [], ['file', 'symlink', 'directory'])
    const whole = near.map((one) => parts.slice(index + 1).reduce(join, one))
    const there = await Promise.all(whole.map(async (one) => (await follow(rootfs, one)).end !== undefined))
    return near.map((one, at) => (there[at] ? whole[at]! : one))
  }
  return []
}

async function entriesIn(
  rootfs: RootFs,
  directory: string,
  kinds: readonly Entry['kind'][],
): Promise<readonly Entry[]> {
  const end = (await follow(rootfs, directory)).end
  const entries = end?.kind === 'directory' ? await rootfs.list(end.path) : []
  return entries.filter(({ kind }) => kinds.includes(kind))
}

/** A suggestion is no answer: what may not be looked at is left out. */
function unlessUnreadable(error: unknown): readonly Entry[] {
  if (error instanceof LiftError && error.code === 'unreadable') return []
  throw error
}

/** Of a name of one letter nothing would be left. */
function mostChanges({ length }: string): number {
  return length < 2 ? 0 : Math.max(1, Math.floor(length / 3))
}

/** Levenshtein's distance, two letters that changed places counting once; 99 for names of very different length. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3 || a.length > 64 || b.length > 64) return 99
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = isSwapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change, swap))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
