import { type ByteReader, bufferReader } from '../../src/bytes.js'
import type { Role } from '../../src/lift/lift.js'
import type { TreeEntry } from '../../src/lift/tree.js'
import type { Packing } from '../../src/pack/packing.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { parent } from '../../src/rootfs/path.js'

interface Metadata {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  readonly xattrs?: Readonly<Record<string, Uint8Array>>
}

/** What a literal says of one path; a text is the content of a file. */
export type PackedNode =
  | string
  | ({ readonly file: string | Uint8Array; readonly role?: Role; readonly identity?: string } & Metadata)
  | ({ readonly generated: string } & Metadata)
  | ({ readonly link: string } & Metadata)
  | ({ readonly directory: true } & Metadata)
  | ({ readonly special: true } & Metadata)

/** A packing from a literal, with the directories that lead to what is in it (0755, root's). */
export function packingOf(tree: Readonly<Record<string, PackedNode>>, more: Partial<Packing> = {}): Packing {
  const contents = new Map<string, ByteReader>()
  const entries = new Map<string, TreeEntry>()
  for (const [path, node] of Object.entries(tree)) {
    for (let up = parent(path as RootPath); up !== '/'; up = parent(up))
      if (!entries.has(up)) entries.set(up, treeEntry(up, { directory: true }, contents))
    entries.set(path, treeEntry(path as RootPath, node, contents))
  }
  return {
    platform: { os: 'linux', architecture: 'amd64' },
    tree: [...entries.values()].sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1)),
    open: ({ path }) => contents.get(path)!,
    config: { env: [], entrypoint: [], cmd: [], exposedPorts: [], volumes: [], labels: {} },
    annotations: {},
    createdBy: 'liftbin',
    ...more,
  }
}

function treeEntry(path: RootPath, node: PackedNode, contents: Map<string, ByteReader>): TreeEntry {
  if (typeof node === 'string') return treeEntry(path, { file: node }, contents)
  const { uid = 0, gid = 0, mtime } = node
  const common = {
    path,
    uid,
    gid,
    ...(mtime === undefined ? {} : { mtime }),
    ...(node.xattrs === undefined ? {} : { xattrs: new Map(Object.entries(node.xattrs)) }),
  }
  const mode = node.mode ?? 0o755
  if ('directory' in node) return { entry: { kind: 'directory', mode, ...common }, role: 'directory' }
  if ('special' in node) return { entry: { kind: 'special', mode, ...common }, role: 'data' }
  if ('link' in node)
    return { entry: { kind: 'symlink', mode: 0o777, target: node.link, ...common }, role: 'symlink' }
  const generated = 'generated' in node ? Buffer.from(node.generated) : undefined
  const content = Buffer.from('file' in node ? node.file : '')
  contents.set(path, bufferReader(content))
  const { role = 'data', identity = path } = 'file' in node ? node : {}
  const size = generated?.length ?? content.length
  return {
    entry: { kind: 'file', mode, size, identity, ...common },
    role,
    ...(generated === undefined ? {} : { bytes: generated }),
  }
}

/** All pieces as one. */
export async function gathered(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(Buffer.from(piece))
  return Buffer.concat(all)
}
