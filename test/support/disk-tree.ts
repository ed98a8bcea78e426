import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeText } from '../../src/bytes.js'
import type { MemoryNode } from '../../src/rootfs/memory.js'
import { parent, type RootPath } from '../../src/rootfs/path.js'

/** A tree literal written to a temporary folder. */
export interface DiskTree {
  readonly directory: string
  remove(): void
}

/** Writes files, links and directories of a literal; modes and times are kept, owners are the caller's. */
export function diskTree(tree: Readonly<Record<string, MemoryNode>>): DiskTree {
  const directory = mkdtempSync(join(tmpdir(), 'liftbin-tree-'))
  const first = new Map<string, Buffer>()
  for (const [path, node] of Object.entries(tree)) {
    mkdirSync(hostPath(directory, parent(path as RootPath)), { recursive: true })
    write(hostPath(directory, path), node, first)
  }
  for (const [path, node] of Object.entries(tree)) setTime(hostPath(directory, path), node)
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

function hostPath(directory: string, path: string): Buffer {
  return encodeText(`${directory}${path}`)
}

function write(path: Buffer, node: MemoryNode, first: Map<string, Buffer>): void {
  if (typeof node === 'string' || node instanceof Uint8Array) writeFileSync(path, node)
  else if ('link' in node) symlinkSync(encodeText(node.link), path)
  else if ('directory' in node) mkdirSync(path, { recursive: true })
  else if ('file' in node && (typeof node.file === 'string' || node.file instanceof Uint8Array)) {
    const other = node.identity === undefined ? undefined : first.get(node.identity)
    if (other === undefined) writeFileSync(path, node.file)
    else linkSync(other, path)
    if (node.identity !== undefined) first.set(node.identity, path)
  } else throw new Error(`cannot be written to disk: ${path}`)
  if (typeof node === 'object' && 'mode' in node && node.mode !== undefined) chmodSync(path, node.mode)
}

/** Last of all, since making a name changes the time of its directory. */
function setTime(path: Buffer, node: MemoryNode): void {
  if (typeof node === 'object' && 'mtime' in node && node.mtime !== undefined)
    lutimesSync(path, node.mtime, node.mtime)
}
