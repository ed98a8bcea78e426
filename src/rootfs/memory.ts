import { type ByteReader, bufferReader } from '../bytes.js'
import { normalise, parent, type RootPath } from './path.js'
import type { Entry, RootFs } from './rootfs.js'

interface Metadata {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
}

/** What a literal says of one path. */
export type MemoryNode =
  /** File content. */
  | string
  | Uint8Array
  | ({ readonly file: string | Uint8Array | ByteReader; readonly identity?: string } & Metadata)
  | ({ readonly link: string } & Metadata)
  | ({ readonly directory: true } & Metadata)
  | ({ readonly special: true } & Metadata)

interface Held {
  readonly entry: Entry
  readonly content: ByteReader | undefined
}

/**
 * A root from an object literal: `{ '/usr/bin/x': bytes, '/lib': { link: 'usr/lib' } }`. Directories on the way
 * are made (0755, 0:0). Two files of the same `identity` are hard links of one inode. For tests and for trees
 * that exist only as a plan.
 */
export function memoryRootFs(tree: Readonly<Record<string, MemoryNode>>): RootFs {
  const held = new Map<RootPath, Held>([['/', { entry: directoryEntry('/', {}), content: undefined }]])
  for (const [path, node] of Object.entries(tree)) addNode(held, normalise(path), node)
  let children: ReadonlyMap<RootPath, readonly Entry[]> | undefined
  return {
    lstat: (path) => held.get(path)?.entry,
    list: async (directory) => {
      children ??= childrenIn(held)
      return children.get(directory) ?? []
    },
    open: (file) => held.get(file.path)?.content ?? bufferReader(new Uint8Array(0)),
  }
}

function childrenIn(held: ReadonlyMap<RootPath, Held>): ReadonlyMap<RootPath, readonly Entry[]> {
  const children = new Map<RootPath, Entry[]>()
  for (const { entry } of held.values()) {
    if (entry.path === '/') continue
    const siblings = children.get(parent(entry.path))
    if (siblings === undefined) children.set(parent(entry.path), [entry])
    else siblings.push(entry)
  }
  for (const entries of children.values()) entries.sort((a, b) => (a.path < b.path ? -1 : 1))
  return children
}

function addNode(held: Map<RootPath, Held>, path: RootPath, node: MemoryNode): void {
  for (let up = parent(path); !held.has(up); up = parent(up)) {
    held.set(up, { entry: directoryEntry(up, {}), content: undefined })
  }
  held.set(path, hold(path, node))
}

function hold(path: RootPath, node: MemoryNode): Held {
  if (typeof node === 'string' || node instanceof Uint8Array) return hold(path, { file: node })
  if ('directory' in node) return { entry: directoryEntry(path, node), content: undefined }
  if ('link' in node) {
    const entry: Entry = { kind: 'symlink', path, ...metadata(node, 0o777), mode: 0o777, target: node.link }
    return { entry, content: undefined }
  }
  if ('special' in node) {
    return { entry: { kind: 'special', path, ...metadata(node, 0o644) }, content: undefined }
  }
  const content = readerOf(node.file)
  const identity = node.identity ?? `memory:${path}`
  const entry: Entry = { kind: 'file', path, ...metadata(node, 0o755), size: content.size, identity }
  return { entry, content }
}

function directoryEntry(path: RootPath, node: Metadata): Entry {
  return { kind: 'directory', path, ...metadata(node, 0o755) }
}

function metadata({ mode, uid = 0, gid = 0, mtime, xattrs }: Metadata, usual: number) {
  return {
    mode: mode ?? usual,
    uid,
    gid,
    ...(mtime === undefined ? {} : { mtime }),
    ...(xattrs === undefined ? {} : { xattrs }),
  }
}

function readerOf(content: string | Uint8Array | ByteReader): ByteReader {
  if (typeof content === 'string') return bufferReader(Buffer.from(content))
  return content instanceof Uint8Array ? bufferReader(content) : content
}
