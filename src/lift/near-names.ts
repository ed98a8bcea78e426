import { follow } from '../rootfs/follow.js'
import { components, parent, type RootPath } from '../rootfs/path.js'
import type { RootFs } from '../rootfs/rootfs.js'

const MOST = 3

/** Up to three paths of files whose names are close to a name that was not found. */
export async function nearNames(
  rootfs: RootFs,
  asked: string,
  searchPath: readonly string[],
): Promise<RootPath[]> {
  const wanted = components(asked).at(-1) ?? asked
  const directories = asked.includes('/') ? [parent(asked as RootPath), ...searchPath] : searchPath
  const found = new Map<string, { path: RootPath; distance: number }>()
  for (const directory of new Set(directories)) {
    const end = (await follow(rootfs, directory)).end
    if (end?.kind !== 'directory') continue
    for (const entry of await rootfs.list(end.path)) {
      if (entry.kind === 'directory' || entry.kind === 'special') continue
      const name = entry.path.slice(entry.path.lastIndexOf('/') + 1)
      const distance = editDistance(name, wanted)
      if (distance <= Math.max(1, Math.floor(wanted.length / 3)) && !found.has(name)) {
        found.set(name, { path: entry.path, distance })
      }
    }
  }
  return [...found.values()]
    .sort((a, b) => a.distance - b.distance || (a.path < b.path ? -1 : 1))
    .slice(0, MOST)
    .map(({ path }) => path)
}

/** Levenshtein's distance with two swapped letters as one slip, and with a cheap way out for names of very different length. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3 || a.length > 64 || b.length > 64) return 99
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  let before = row
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = isSwap ? before[j - 2]! + 1 : change
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change, swap))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
