import { createHash } from 'node:crypto'
import { type ByteReader, bufferOf } from '../bytes.js'
import { BLOCK } from './tar-fields.js'
import type { Sparse } from './tar-header.js'
import type { Children, Content, Tree } from './tree.js'

/**
 * A tree in a form of which only what is asked for has to be parsed: first a text for each directory, which holds a
 * row for each of its children, then the header, then where that begins and the digest of all before.
 */
export interface TreeIndex {
  readonly root: Tree
  /** How many members each layer has. */
  readonly members: readonly number[]
}

/** Changes with everything that would make another tree or other bytes of the same layers. */
export const VERSION = 'liftbin tree 3'
/** What comes ahead of all else: no header of a tar, so that an index cannot be taken for a layer. */
export const START = Buffer.from(`${VERSION}\n`.padEnd(BLOCK))
/** More than that is neither written nor read: about a million files. */
export const MOST = 64 << 20
/** Digits that say where the header begins. */
export const POSITION = 12
/** Digits of the digest. */
const HASH = 64

/** Where a text lies in an index. */
export type Place = readonly [at: number, length: number]

/** What is parsed when an index is opened. */
export interface Header {
  readonly root: Row
  readonly members: readonly number[]
}

/** One name; a directory is placed where the text of its children lies, all else where its content lies in its layer. */
export type Row = readonly [
  name: string,
  kind: keyof typeof KINDS,
  ...place: Place,
  layer: number,
  mode: number,
  uid: number,
  gid: number,
  /** Left out for a directory that nothing describes. */
  mtime?: number | undefined,
  more?: More,
]

/** What few names have. */
export interface More {
  readonly target?: string
  readonly sparse?: Sparse
  /** Values in base64. */
  readonly xattrs?: readonly (readonly [string, string])[]
}

const KINDS = { f: 'file', d: 'directory', l: 'symlink', s: 'special' } as const

/** Opens an index; gives undefined for what is none, or is damaged. */
export async function readIndex(reader: ByteReader): Promise<TreeIndex | undefined> {
  const { size } = reader
  if (size > MOST || size < START.length + POSITION + HASH) return undefined
  const read = await reader.read(0, size)
  const bytes = bufferOf(read)
  const end = size - HASH
  const hash = createHash('sha256').update(bytes.subarray(0, end)).digest('hex')
  if (hash !== bytes.toString('latin1', end) || !bytes.subarray(0, START.length).equals(START))
    return undefined
  const at = Number(bytes.toString('latin1', end - POSITION, end))
  const { root, members } = parsed<Header>(bytes, at, end - POSITION - at)
  return { root: treeOf(root, bytes), members }
}

/** The digest has shown that it is what was written. */
function parsed<T>(bytes: Buffer, at: number, length: number): T {
  return JSON.parse(bytes.toString('utf8', at, at + length)) as T
}

function treeOf([, kind, at, length, layer, mode, uid, gid, mtime, more]: Row, bytes: Buffer): Tree {
  const isDirectory = kind === 'd'
  const member: Content = {
    kind: KINDS[kind],
    mode,
    uid,
    gid,
    mtime,
    size: isDirectory ? 0 : length,
    offset: isDirectory ? 0 : at,
    target: more?.target ?? '',
    sparse: more?.sparse,
    xattrs: attributesOf(more?.xattrs),
  }
  let children: Children | undefined
  return {
    inode: { member, layer },
    get children() {
      if (isDirectory) children ??= childrenOf(parsed<Row[]>(bytes, at, length), bytes)
      return children
    },
  }
}

/** Most of what lies in a directory nobody asks for, so it stays a row until somebody does. */
function childrenOf(rows: readonly Row[], bytes: Buffer): Children {
  const known = new Map<string, Row | Tree>(rows.map((row) => [row[0], row]))
  const get = (name: string): Tree | undefined => {
    const found = known.get(name)
    if (found === undefined || 'inode' in found) return found
    const tree = treeOf(found, bytes)
    known.set(name, tree)
    return tree
  }
  return {
    get,
    *[Symbol.iterator]() {
      for (const [name] of rows) yield [name, get(name)!] as const
    },
  }
}

function attributesOf(values: More['xattrs']): ReadonlyMap<string, Uint8Array> | undefined {
  return values && new Map(values.map(([key, value]) => [key, Buffer.from(value, 'base64')]))
}
