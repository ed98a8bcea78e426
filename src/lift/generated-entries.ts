import type { GeneratedFile } from '../packages/package.js'
import { parent, type RootPath } from '../rootfs/path.js'
import type { DirectoryEntry, RootFs } from '../rootfs/rootfs.js'
import type { TreeEntry } from './tree.js'

/** The tree with files that the image does not have, in directories as the image has them. */
export async function withGenerated(
  rootfs: RootFs,
  tree: readonly TreeEntry[],
  generated: readonly GeneratedFile[],
): Promise<readonly TreeEntry[]> {
  if (generated.length === 0) return tree
  const all = new Map(tree.map((one) => [one.entry.path, one]))
  for (const file of generated) {
    all.set(file.path, entryOf(file))
    for (let up = parent(file.path); !all.has(up); up = parent(up))
      all.set(up, { entry: await directoryAt(rootfs, up), role: 'directory' })
  }
  return [...all.values()].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
}

function entryOf({ path, bytes, mode }: GeneratedFile): TreeEntry {
  const identity = `generated:${path}`
  return {
    entry: { kind: 'file', path, mode, uid: 0, gid: 0, size: bytes.length, identity },
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
