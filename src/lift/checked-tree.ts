import type { Trail } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import { checkPlan, type Placed } from './check.js'
import type { Finding } from './finding.js'
import type { Lifting } from './lifting.js'
import { type PlannedTree, plannedFiles } from './plan.js'
import { reducedCaches } from './reduced-cache.js'
import type { TreeEntry } from './tree.js'
import { gatherTree } from './tree-layout.js'

/** What an image without a Dockerfile is packed from, and what is wrong with it. */
export interface CheckedTree {
  readonly tree: readonly TreeEntry[]
  readonly findings: readonly Finding[]
}

/** Lays out the tree as the image has it and resolves the programs in it alone. */
export async function treeAndCheck(lifting: Lifting, placed: readonly Placed[]): Promise<CheckedTree> {
  const { files, environment } = lifting.examiner
  const caches = lifting.gathering.cachesInUse()
  const { tree, findings } = await gatherTree(lifting, caches)
  const whole = await withReducedCaches(lifting, tree, caches)
  return {
    tree: whole,
    findings: [
      ...findings,
      ...(await checkPlan(plannedTree(whole), files, environment, placed, lifting.gathering.openings())),
    ],
  }
}

/** Puts in place of each loader's cache one that names only libraries of the tree. */
async function withReducedCaches(
  lifting: Lifting,
  tree: readonly TreeEntry[],
  caches: readonly Trail[],
): Promise<readonly TreeEntry[]> {
  if (caches.length === 0) return tree
  const { files } = lifting.examiner
  const reduced = await reducedCaches(files, plannedFiles(plannedTree(tree), files), caches)
  lifting.gathering.carryCache(reduced)
  return tree.map((one) => {
    const bytes = reduced.get(one.entry.path)
    if (bytes === undefined || one.entry.kind !== 'file') return one
    const { mtime: _, ...entry } = one.entry
    return { ...one, entry: { ...entry, size: bytes.length }, bytes }
  })
}

/** The tree as far as programs can be resolved in it. */
function plannedTree(tree: readonly TreeEntry[]): PlannedTree {
  const sources = new Map<RootPath, FileEntry>()
  const links = new Map<RootPath, string>()
  const generated = new Map<RootPath, Uint8Array>()
  const directories: RootPath[] = []
  for (const { entry, bytes } of tree) {
    if (bytes !== undefined) generated.set(entry.path, bytes)
    else if (entry.kind === 'file') sources.set(entry.path, entry)
    else if (entry.kind === 'symlink') links.set(entry.path, entry.target)
    else directories.push(entry.path)
  }
  return { directories, sources, links, generated, hardLinks: 'kept' }
}
