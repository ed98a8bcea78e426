import { LiftError } from '../errors.js'
import type { TreeEntry } from '../lift/tree.js'
import { normalise, parent } from '../rootfs/path.js'

/**
 * The tree sorted by path, each directory before what lies in it. Throws LiftError 'unreadable' for a path that leaves
 * the root, that comes twice or that lies in no directory of the tree: unpacked, it would land elsewhere.
 */
export function orderedTree(tree: readonly TreeEntry[]): readonly TreeEntry[] {
  const sorted = tree.toSorted((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
  const directories = new Set<string>(['/'])
  let last: string | undefined
  for (const { entry } of sorted) {
    const { path } = entry
    if (path === last) throw misplaced(path, 'is there twice')
    if (path.includes('\0') || normalise(path) !== path) throw misplaced(path, 'is no clean path')
    if (path !== '/' && !directories.has(parent(path)))
      throw misplaced(path, 'lies in no directory of the tree')
    if (entry.kind === 'directory') directories.add(path)
    last = path
  }
  return sorted
}

function misplaced(path: string, why: string): LiftError {
  return new LiftError('unreadable', `${JSON.stringify(path)} ${why}`)
}
