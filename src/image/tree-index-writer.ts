import { createHash } from 'node:crypto'
import { LiftError } from '../errors.js'
import type { Digest } from './digest.js'
import { optional } from './json-fields.js'
import type { Content, Tree } from './tree.js'
import {
  type Header,
  MOST,
  type More,
  type Place,
  POSITION,
  type Row,
  START,
  type TreeIndex,
} from './tree-index.js'

/** Writes an index piece by piece and gives its digest. Throws LiftError 'limit' when it becomes too large. */
export function writeIndex({ root, members }: TreeIndex, append: (bytes: Uint8Array) => void): Digest {
  const out = output(append)
  out.put(START)
  const header: Header = { root: rowOf('', root, writeDirectory(root, out)), members }
  const at = out.size()
  out.put(JSON.stringify(header))
  out.put(String(at).padStart(POSITION))
  out.put(out.digest())
  return `sha256:${out.digest()}`
}

interface Output {
  put(text: string | Buffer): void
  /** In bytes, of all that was put. */
  size(): number
  /** Of all that was put, in hexadecimal digits. */
  digest(): string
}

const PIECE = 256 << 10

function output(append: (bytes: Uint8Array) => void): Output {
  const hash = createHash('sha256')
  let held: Buffer[] = []
  let size = 0
  let total = 0
  const flush = () => {
    const piece = Buffer.concat(held)
    hash.update(piece)
    append(piece)
    held = []
    size = 0
  }
  return {
    put: (text) => {
      const bytes = typeof text === 'string' ? Buffer.from(text) : text
      held.push(bytes)
      size += bytes.length
      total += bytes.length
      if (total > MOST) throw new LiftError('limit', 'the image has too many files for an index')
      if (size >= PIECE) flush()
    },
    size: () => total,
    digest: () => {
      flush()
      return hash.copy().digest('hex')
    },
  }
}

/** A directory may be very large, so its rows are put into words some at a time. */
const ROWS = 1000

/** Writes what lies in a directory, after what lies in those below. */
function writeDirectory({ children }: Tree, out: Output): Place {
  const inside = [...(children ?? [])]
  const places = inside.map(([, tree]) =>
    tree.children === undefined ? undefined : writeDirectory(tree, out),
  )
  const start = out.size()
  out.put('[')
  for (let at = 0; at < inside.length; at += ROWS) {
    const rows = inside.slice(at, at + ROWS).map((one, index) => rowOf(one[0], one[1], places[at + index]))
    out.put(`${at === 0 ? '' : ','}${JSON.stringify(rows).slice(1, -1)}`)
  }
  out.put(']')
  return [start, out.size() - start]
}

function rowOf(name: string, { inode }: Tree, place: Place | undefined): Row {
  // A directory that nothing describes shows as this.
  if (inode === undefined) return [name, 'd', place![0], place![1], 0, 0o755, 0, 0]
  const { kind, offset, size, mode, uid, gid, mtime } = inode.member
  const letter = place !== undefined ? 'd' : kind === 'file' ? 'f' : kind === 'symlink' ? 'l' : 's'
  const at = place === undefined ? offset : place[0]
  const length = place === undefined ? size : place[1]
  const more = moreOf(inode.member)
  if (more === undefined) return [name, letter, at, length, inode.layer, mode, uid, gid, mtime]
  return [name, letter, at, length, inode.layer, mode, uid, gid, mtime, more]
}

function moreOf({ target, sparse, xattrs }: Content): More | undefined {
  if (target === '' && sparse === undefined && xattrs === undefined) return undefined
  const values =
    xattrs && Array.from(xattrs, ([key, value]) => [key, Buffer.from(value).toString('base64')] as const)
  return {
    ...optional('target', target || undefined),
    ...optional('sparse', sparse),
    ...optional('xattrs', values),
  }
}
