import assert from 'node:assert/strict'
import { bufferReader } from '../../src/bytes.js'
import { type Layer, layeredTree } from '../../src/image/layered.js'
import { treeRootFs } from '../../src/image/tree.js'
import { readIndex, type TreeIndex } from '../../src/image/tree-index.js'
import { writeIndex } from '../../src/image/tree-index-writer.js'
import type { RootPath } from '../../src/rootfs/path.js'
import type { Entry, RootFs } from '../../src/rootfs/rootfs.js'

/** Layers as one root file system, the lowest first. */
export function layeredRootFs(layers: readonly Layer[]): RootFs {
  return treeRootFs(layeredTree(layers), contentsOf(layers))
}

/** The same by way of an index of the tree, as a later run has it. */
export async function indexedRootFs(layers: readonly Layer[]): Promise<RootFs> {
  const bytes = indexOf({ root: layeredTree(layers), members: layers.map(({ members }) => members.length) })
  const index = await readIndex(bufferReader(bytes))
  assert.ok(index)
  return treeRootFs(index.root, contentsOf(layers))
}

/** An index as a whole. */
export function indexOf(tree: TreeIndex): Buffer {
  const pieces: Uint8Array[] = []
  writeIndex(tree, (bytes) => void pieces.push(bytes))
  return Buffer.concat(pieces)
}

function contentsOf(layers: readonly Layer[]) {
  return layers.map(({ content }) => content)
}

/** Everything that a root says of every path in it, and of a path below each that is no directory. */
export async function answersOf(rootfs: RootFs, path: RootPath = '/'): Promise<unknown[]> {
  const entry = await rootfs.lstat(path)
  const out: unknown[] = [plain(entry)]
  if (entry?.kind === 'file') out.push(await contentOf(rootfs, entry))
  const below = path === '/' ? '/' : (`${path}/` as const)
  if (entry?.kind !== 'directory') out.push(await rootfs.lstat(`${below}x`))
  const listed = await rootfs.list(path)
  out.push(listed.map(plain))
  for (const one of listed) out.push(...(await answersOf(rootfs, one.path)))
  return out
}

/** Whatever kind of array the values of attributes are in. */
function plain(entry: Entry | undefined) {
  if (entry?.xattrs === undefined) return entry
  return { ...entry, xattrs: [...entry.xattrs].map(([name, value]) => [name, Buffer.from(value).toString()]) }
}

async function contentOf(rootfs: RootFs, file: Entry & { kind: 'file' }): Promise<string> {
  try {
    return Buffer.from(await rootfs.open(file).read(0, file.size)).toString('latin1')
  } catch (error) {
    return String(error)
  }
}
