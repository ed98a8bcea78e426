import { LiftError } from '../errors.js'
import type { TreeEntry } from '../lift/tree.js'
import { basename, join, normalise, parent } from '../rootfs/path.js'
import { orderedTree } from './ordered.js'

/** One layer of the new image. */
export interface NewLayer {
  /** What is in it, for the image's history. */
  readonly comment: string
  /** Sorted by path, with the directories that lead to what is in it. */
  readonly entries: readonly TreeEntry[]
}

/** Lowest first: what changes least, and is shared most, lies deepest. */
const COMMENTS = ['loader and libraries', 'configuration and data', 'programs'] as const
type Level = 0 | 1 | 2

const LEVELS: Readonly<Record<TreeEntry['role'], Level>> = {
  loader: 0,
  library: 0,
  data: 1,
  directory: 1,
  symlink: 0,
  program: 2,
  script: 2,
}

/**
 * The tree in at most three layers, none of them empty: another build of one library makes one other layer. All names
 * of one inode lie in one layer, since a hard link cannot lead to another one. Throws LiftError 'unreadable' for a
 * tree that is none, and 'unsupported' for a name that engines take for the mark of something removed.
 */
export function layersOf(tree: readonly TreeEntry[]): readonly NewLayer[] {
  const ordered = orderedTree(tree)
  const byPath = new Map(ordered.map((one) => [one.entry.path as string, one]))
  const shared = sharedLevels(ordered)
  const layers = COMMENTS.map((comment) => ({ comment, paths: new Set<string>() }))
  const leading = new Set(ordered.map(({ entry }) => parent(entry.path)))
  for (const one of ordered) {
    const { entry } = one
    refuseWhiteout(entry.path)
    if (entry.kind === 'directory' && leading.has(entry.path)) continue
    const { paths } = layers[levelOf(one, byPath, shared)]!
    for (let up = entry.path; !paths.has(up); up = parent(up)) paths.add(up)
  }
  return layers
    .map(({ comment, paths }) => ({ comment, entries: ordered.filter(({ entry }) => paths.has(entry.path)) }))
    .filter(({ entries }) => entries.some(({ entry }) => entry.path !== '/'))
}

/** The lowest level of each inode's names. */
function sharedLevels(tree: readonly TreeEntry[]): ReadonlyMap<string, Level> {
  const levels = new Map<string, Level>()
  for (const { entry, role } of tree) {
    if (entry.kind !== 'file') continue
    const level = LEVELS[role]
    levels.set(entry.identity, Math.min(level, levels.get(entry.identity) ?? level) as Level)
  }
  return levels
}

function levelOf(
  one: TreeEntry,
  byPath: ReadonlyMap<string, TreeEntry>,
  shared: ReadonlyMap<string, Level>,
): Level {
  const { entry, role } = endOf(one, byPath)
  if (entry.kind === 'file') return shared.get(entry.identity) ?? LEVELS[role]
  return entry.kind === 'directory' && one.entry.kind === 'directory' ? LEVELS.directory : LEVELS.library
}

/** As many as the kernel follows (MAXSYMLINKS of linux/namei.h). */
const MOST_LINKS = 40

/** What a link leads to, as far as that shows without walking through other links. */
function endOf(one: TreeEntry, byPath: ReadonlyMap<string, TreeEntry>): TreeEntry {
  let end = one
  for (let links = 0; end.entry.kind === 'symlink' && links < MOST_LINKS; links++) {
    const next = byPath.get(normalise(join(parent(end.entry.path), end.entry.target)))
    if (next === undefined) return end
    end = next
  }
  return end
}

function refuseWhiteout(path: string): void {
  if (!basename(path).startsWith('.wh.')) return
  throw new LiftError('unsupported', `no image can hold a file called ${JSON.stringify(path)}`, {
    hint: 'In a layer such a name says that another file is removed; tar:FILE and dir:DIR take it.',
  })
}
