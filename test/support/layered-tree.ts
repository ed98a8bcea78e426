import { bufferReader } from '../../src/bytes.js'
import type { Layer } from '../../src/image/layered.js'
import { readTar, type TarEntry } from '../../src/image/tar-index.js'
import type { MemoryNode } from '../../src/rootfs/memory.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { layeredRootFs } from './layered-rootfs.js'
import { paxOf, type TarMember, tarOf } from './tar-builder.js'

/** A tree literal as a root of layers that share its entries out among them. */
export async function layeredTree(
  tree: Readonly<Record<string, MemoryNode>>,
  count: number,
): Promise<RootFs> {
  return layeredRootFs(await layersOf(tree, count))
}

/** A tree literal as layers that share its entries out among them; names of one inode stay in one layer. */
export async function layersOf(
  tree: Readonly<Record<string, MemoryNode>>,
  count: number,
): Promise<readonly Layer[]> {
  const first = new Map<string, { readonly path: string; readonly layer: number }>()
  const layers = Array.from({ length: count }, (): TarMember[] => [])
  for (const [index, [path, node]] of Object.entries(tree).entries()) {
    const identity = typeof node === 'object' && 'identity' in node ? node.identity : undefined
    const known = identity === undefined ? undefined : first.get(identity)
    const layer = known?.layer ?? index % count
    if (identity !== undefined && known === undefined) first.set(identity, { path, layer })
    layers[layer]!.push(paxOf({ path: `.${path}` }), memberOf(node, known?.path))
  }
  return Promise.all(layers.map(layerOf))
}

/** A layer of these members. */
export async function layerOf(members: readonly TarMember[]): Promise<Layer> {
  return tarLayer(tarOf(members))
}

/** An uncompressed tar as a layer. */
export async function tarLayer(tar: Uint8Array): Promise<Layer> {
  const content = bufferReader(tar)
  const entries: TarEntry[] = []
  for await (const entry of readTar(content)) entries.push(entry)
  return { content, members: entries }
}

function memberOf(node: MemoryNode, linkTo: string | undefined): TarMember {
  if (typeof node === 'string' || node instanceof Uint8Array) return { path: 'x', content: node }
  const { mode, mtime } = node
  const common = {
    path: 'x',
    ...(mode === undefined ? {} : { mode }),
    ...(mtime === undefined ? {} : { mtime }),
  }
  if (linkTo !== undefined) return { ...common, type: '1', target: `.${linkTo}` }
  if ('link' in node) return { ...common, type: '2', target: node.link }
  if ('directory' in node) return { ...common, type: '5' }
  if ('file' in node && (typeof node.file === 'string' || node.file instanceof Uint8Array))
    return { ...common, content: node.file }
  throw new Error('cannot be put into a layer')
}
