import { components, type RootPath } from '../rootfs/path.js'
import { damaged, type TarEntry } from './tar-header.js'

/** What a name stands for; hard links share one. */
export interface Inode {
  /** A member that is not a hard link. */
  readonly member: TarEntry
  /** Which layer holds its content, counted from the lowest. */
  readonly layer: number
}

/** A name in a tree of layers. */
export interface Node {
  /** Undefined for a directory that is there only because something lies in it, and for what follows. */
  inode: Inode | undefined
  /** Of a directory. */
  children: Map<string, Node> | undefined
  /** Hides what lies below in lower layers. */
  opaque: boolean
  /** Stands for nothing: hides the name in lower layers. */
  readonly whiteout: boolean
  /** A hard link to what this layer does not hold, to be found in the layers below. */
  readonly linkTo: string | undefined
}

/** An empty directory that nothing describes. */
export function emptyDirectory(): Node {
  return { inode: undefined, children: new Map(), opaque: false, whiteout: false, linkTo: undefined }
}

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'
/** AUFS keeps notes of its own under such names; they are no files of the image. */
const AUFS_NOTES = '.wh..wh.'
/** PATH_MAX of linux/limits.h, in bytes. */
const MAX_PATH = 4096

/**
 * Puts a member of a layer's tar into the layer's tree, as unpacking it into an empty directory would (OCI
 * image-spec, "Filesystem Layers"). Links in the directory part are followed within this layer and stop at the
 * root. Throws LiftError 'unreadable' for names that leave the root.
 */
export function addMember(root: Node, member: TarEntry, layer: number): void {
  const parts = cleanComponents(member.path)
  const name = parts.pop()
  if (name === undefined) {
    if (member.kind === 'directory') root.inode = { member, layer }
    return
  }
  if (name !== OPAQUE && name.startsWith(AUFS_NOTES)) return
  if (parts.some((part) => part.startsWith(WHITEOUT))) return
  const directory = directoryAt(root, parts)
  if (name === OPAQUE) directory.opaque = true
  else if (name.startsWith(WHITEOUT)) addWhiteout(directory.children!, name.slice(WHITEOUT.length))
  else if (member.kind === 'hardlink') addHardLink(root, directory.children!, name, member)
  else addNode(directory.children!, name, { member, layer })
}

function cleanComponents(path: string): string[] {
  if (Buffer.byteLength(path) >= MAX_PATH) throw damaged('a name in it is too long')
  const out: string[] = []
  for (const part of components(path)) {
    if (part !== '..') out.push(part)
    else if (out.pop() === undefined) throw damaged(`a name in it leaves the root: ${path}`)
  }
  return out
}

function addWhiteout(children: Map<string, Node>, name: string): void {
  if (name === '' || name === '.' || name === '..') throw damaged('a whiteout in it names no file')
  const known = children.get(name)
  // A whiteout is about lower layers only, so what this layer has itself stays.
  if (known === undefined) {
    children.set(name, {
      inode: undefined,
      children: undefined,
      opaque: false,
      whiteout: true,
      linkTo: undefined,
    })
  } else if (known.children !== undefined) known.opaque = true
}

function addNode(children: Map<string, Node>, name: string, inode: Inode): void {
  const isDirectory = inode.member.kind === 'directory'
  const known = children.get(name)
  if (isDirectory && known?.children !== undefined) {
    known.inode = inode
    return
  }
  children.set(name, {
    inode,
    children: isDirectory ? new Map() : undefined,
    opaque: known?.whiteout === true,
    whiteout: false,
    linkTo: undefined,
  })
}

function addHardLink(root: Node, children: Map<string, Node>, name: string, member: TarEntry): void {
  const parts = cleanComponents(member.target)
  const last = parts.pop()
  const target = last === undefined ? undefined : existing(root, parts)?.children?.get(last)
  if (target?.children !== undefined)
    throw damaged(`a hard link in it leads to a directory: ${member.target}`)
  const inode = target?.inode
  const linkTo = inode === undefined ? (target?.linkTo ?? member.target) : undefined
  children.set(name, { inode, children: undefined, opaque: false, whiteout: false, linkTo })
}

/** Linux follows at most 40 links in one path (path_resolution(7)). */
const MAX_LINKS = 40

/** The directory at a path, made where there is none. */
function directoryAt(root: Node, parts: readonly string[]): Node {
  const chain = [root]
  walkInto(chain, parts, (children, name) => {
    const made = emptyDirectory()
    children.set(name, made)
    return made
  })
  return chain.at(-1)!
}

function existing(root: Node, parts: readonly string[]): Node | undefined {
  const chain = [root]
  return walkInto(chain, parts, () => undefined) ? chain.at(-1) : undefined
}

/** Walks from the last directory of the chain; gives false where `missing` does not help. */
function walkInto(
  chain: Node[],
  parts: readonly string[],
  missing: (children: Map<string, Node>, name: string) => Node | undefined,
): boolean {
  let pending = [...parts].reverse()
  let links = 0
  while (pending.length > 0) {
    const name = pending.pop()!
    if (name === '..') {
      if (chain.length > 1) chain.pop()
      continue
    }
    const { children } = chain.at(-1)!
    const known = children!.get(name)
    const target = known?.inode?.member
    if (target?.kind === 'symlink') {
      if (++links > MAX_LINKS) throw damaged('a name in it goes through a loop of links')
      if (target.target.startsWith('/')) chain.length = 1
      pending = [...pending, ...components(target.target).reverse()]
      continue
    }
    const next = known?.children === undefined ? missing(children!, name) : known
    if (next === undefined) return false
    chain.push(next)
  }
  return true
}

/**
 * Lays one layer over the tree of those below, as overlayfs shows it: a directory over a directory joins them
 * unless it is opaque, anything else replaces, a whiteout removes. The lower tree is changed and given back.
 * Throws LiftError 'unreadable' for a hard link to nothing.
 */
export function overlay(lower: Node, upper: Node): Node {
  linkAcross(lower, upper)
  return merge(lower, upper)
}

function merge(lower: Node | undefined, upper: Node): Node {
  if (upper.children === undefined) return upper
  const below = lower?.children === undefined ? undefined : lower
  const into = below === undefined || upper.opaque ? emptyDirectory() : below
  into.inode = upper.inode ?? below?.inode
  for (const [name, node] of upper.children) {
    if (node.whiteout) into.children!.delete(name)
    else into.children!.set(name, merge(into.children!.get(name), node))
  }
  return into
}

/** Hard links to files of lower layers: they are names of the same inode. */
function linkAcross(lower: Node, upper: Node): void {
  for (const [name, node] of upper.children ?? []) {
    if (node.children !== undefined) linkAcross(lower, node)
    if (node.linkTo === undefined) continue
    const parts = cleanComponents(node.linkTo)
    const last = parts.pop()!
    const target = existing(lower, parts)?.children?.get(last)
    if (target?.inode === undefined || target.children !== undefined)
      throw damaged(`a hard link in it leads nowhere: ${node.linkTo as RootPath}`)
    upper.children!.set(name, { ...node, inode: target.inode, linkTo: undefined })
  }
}
