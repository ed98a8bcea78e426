import type { GeneratedFile } from '../packages/package.js'
import { follow, type Trail } from '../rootfs/follow.js'
import { join, parent, type RootPath } from '../rootfs/path.js'
import type { DirectoryEntry, Entry, RootFs } from '../rootfs/rootfs.js'
import type { TreeEntry } from './tree.js'

/**
 * The tree with files that the image does not have, in directories as the image has them, and with the links on the
 * way to these. What the tree has already stays as it is.
 */
export async function withGenerated(
  rootfs: RootFs,
  tree: readonly TreeEntry[],
  generated: readonly GeneratedFile[],
): Promise<readonly TreeEntry[]> {
  if (generated.length === 0) return tree
  const all = new Map(tree.map((one) => [one.entry.path, one]))
  const add = async (one: TreeEntry) => {
    const missing = missingAbove(all, one.entry.path)
    if (missing === undefined || all.has(one.entry.path)) return
    for (const path of missing) all.set(path, { entry: await directoryAt(rootfs, path), role: 'directory' })
    all.set(one.entry.path, one)
  }
  for (const file of generated) {
    const { links, place } = await placeOf(rootfs, file.path)
    for (const link of links) await add({ entry: link, role: 'symlink' })
    await add(entryOf(file, place))
  }
  return [...all.values()].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
}

/** Where a path leads, some of whose last directories the image may not have. */
async function placeOf(
  rootfs: RootFs,
  path: RootPath,
): Promise<Pick<Trail, 'links'> & { readonly place: RootPath }> {
  for (let up = parent(path); up !== '/'; up = parent(up)) {
    const { links, end } = await follow(rootfs, up)
    if (end?.kind === 'directory') return { links, place: join(end.path, path.slice(up.length + 1)) }
  }
  return { links: [], place: path }
}

/** The directories above a path that are not there yet; undefined where something else is in their place. */
function missingAbove(
  tree: ReadonlyMap<RootPath, TreeEntry>,
  path: RootPath,
): readonly RootPath[] | undefined {
  const missing: RootPath[] = []
  for (let up = parent(path); ; up = parent(up)) {
    const known: Entry | undefined = tree.get(up)?.entry
    if (known !== undefined) return known.kind === 'directory' ? missing : undefined
    missing.push(up)
    if (up === '/') return missing
  }
}

function entryOf({ path, bytes, mode }: GeneratedFile, place: RootPath): TreeEntry {
  const identity = `generated:${path}`
  return {
    entry: { kind: 'file', path: place, mode, uid: 0, gid: 0, size: bytes.length, identity },
    role: 'data',
    bytes,
  }
}

/** It holds other names than it did, so the time of its last change is not taken over. */
async function directoryAt(rootfs: RootFs, path: RootPath): Promise<DirectoryEntry> {
  const entry = await rootfs.lstat(path)
  const { mode, uid, gid } = entry?.kind === 'directory' ? entry : { mode: 0o755, uid: 0, gid: 0 }
  return { kind: 'directory', path, mode, uid, gid }
}
