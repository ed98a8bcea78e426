import { encodeText } from '../bytes.js'
import { components } from '../rootfs/path.js'
import { damaged, MAX_PATH } from './tar-fields.js'
import type { TarEntry } from './tar-header.js'
import type { Effort } from './tree-effort.js'

/** What a name stands for; hard links share one. */
export interface Inode {
  /** A member that is not a hard link. */
  member: TarEntry
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
/** NAME_MAX of linux/limits.h, in bytes. */
const MAX_NAME = 255

/**
 * Puts a member of a layer's tar into the layer's tree, as an engine that unpacks it into an empty directory does
 * (OCI image-spec, "Filesystem Layers"). Links in the directory part are followed within this layer and stop at the
 * root. Throws LiftError 'unreadable' for what cannot be unpacked and for names that leave the root, 'limit' where
 * the effort ends.
 */
export function addMember(root: Node, member: TarEntry, layer: number, effort: Effort): void {
  const parts = cleanComponents(member.path)
  const name = parts.pop()
  // Every container has a root directory of its own, whatever the layers say of it.
  if (name === undefined) return
  if (name !== OPAQUE && name.startsWith(AUFS_NOTES)) return
  if (parts.some((part) => part.startsWith(WHITEOUT))) return
  const directory = directoryAt(root, parts, effort)
  const children = directory.children!
  if (name === OPAQUE) directory.opaque = true
  else if (name.startsWith(WHITEOUT)) addWhiteout(children, name.slice(WHITEOUT.length))
  else if (member.kind === 'hardlink') addHardLink(root, children, name, member, effort)
  else addNode(children, name, { member, layer })
}

function cleanComponents(path: string): string[] {
  if (Buffer.byteLength(path) >= MAX_PATH) throw damaged('a name in it is too long')
  const out: string[] = []
  for (const part of components(path)) {
    if (part.length * 3 > MAX_NAME && encodeText(part).length > MAX_NAME)
      throw damaged('a name in it is too long')
    if (part !== '..') out.push(part)
    else if (out.pop() === undefined) throw damaged(`a name in it leaves the root: ${path}`)
  }
  return out
}

function addWhiteout(children: Map<string, Node>, name: string): void {
  if (name === '' || name === '.' || name === '..') throw damaged('a whiteout in it names no file')
  const known = children.get(name)
  // A whiteout is about lower layers only, so what this layer has itself stays.
  if (known === undefined) children.set(name, whiteout())
  else if (known.children !== undefined) known.opaque = true
}

function whiteout(): Node {
  return { inode: undefined, children: undefined, opaque: false, whiteout: true, linkTo: undefined }
}

function addNode(children: Map<string, Node>, name: string, inode: Inode): void {
  const { member } = inode
  if (member.isZeroDevice) return void children.set(name, whiteout())
  if (member.kind === 'symlink') checkTarget(member.target)
  const isDirectory = member.kind === 'directory'
  const known = children.get(name)
  const opaque = isDirectory && isMarkedOpaque(member)
  if (isDirectory && known?.children !== undefined) {
    known.inode = inode
    known.opaque ||= opaque
    return
  }
  // A directory in place of a whiteout of this layer does not hide the lower one: overlayfs joins them.
  const inside = isDirectory ? new Map<string, Node>() : undefined
  children.set(name, { inode, children: inside, opaque, whiteout: false, linkTo: undefined })
}

function checkTarget(target: string): void {
  if (target === '') throw damaged('a link in it leads nowhere')
  if (Buffer.byteLength(target) >= MAX_PATH) throw damaged('a link in it is too long')
}

/** Overlayfs' own mark, which layers that were not made by an engine may carry. */
function isMarkedOpaque({ xattrs }: TarEntry): boolean {
  const value = xattrs?.get('trusted.overlay.opaque')
  return value?.length === 1 && value[0] === 0x79
}

function addHardLink(
  root: Node,
  children: Map<string, Node>,
  name: string,
  member: TarEntry,
  effort: Effort,
): void {
  const parts = cleanComponents(member.target)
  const last = parts.pop()
  // The name is free before the link is made, so a link to itself leads to lower layers or nowhere.
  children.delete(name)
  const target = last === undefined ? undefined : existing(root, parts, effort)?.children?.get(last)
  if (target?.children !== undefined)
    throw damaged(`a hard link in it leads to a directory: ${member.target}`)
  // An engine's whiteout is a device, and a hard link to it is a whiteout too.
  if (target?.whiteout) return void children.set(name, whiteout())
  const inode = target?.inode
  if (inode !== undefined) describeAgain(inode, member)
  const linkTo = inode === undefined ? (target?.linkTo ?? member.target) : undefined
  children.set(name, { inode, children: undefined, opaque: false, whiteout: false, linkTo })
}

/** What a hard link's header says of owner, mode and time counts for all names. */
function describeAgain(inode: Inode, { mode, uid, gid, mtime }: TarEntry): void {
  const { member } = inode
  if (member.mode !== mode || member.uid !== uid || member.gid !== gid || member.mtime !== mtime)
    inode.member = { ...member, mode, uid, gid, mtime }
}

/** Linux follows at most 40 links in one path (path_resolution(7)). */
const MAX_LINKS = 40

interface Walk {
  /** The directories from the root on. */
  readonly chain: Node[]
  links: number
  readonly effort: Effort
}

/** The directory at a path, made where there is none. */
function directoryAt(root: Node, parts: readonly string[], effort: Effort): Node {
  const walk: Walk = { chain: [root], links: 0, effort }
  for (const name of parts) {
    const { children } = walk.chain.at(-1)!
    if (stepInto(walk, name)) continue
    // A file, or a link that leads nowhere, stays in the way.
    if (children!.has(name)) throw damaged('a name in it lies below what is no directory')
    effort.addDirectory()
    const made = emptyDirectory()
    children!.set(name, made)
    goInto(walk, made)
  }
  return walk.chain.at(-1)!
}

/** Links could lead ever deeper; what has a path of its own is not as deep. */
function goInto({ chain }: Walk, directory: Node): void {
  if (chain.length > MAX_PATH / 2) throw damaged('a name in it is too long')
  chain.push(directory)
}

function existing(root: Node, parts: readonly string[], effort: Effort): Node | undefined {
  const walk: Walk = { chain: [root], links: 0, effort }
  return parts.every((name) => stepInto(walk, name)) ? walk.chain.at(-1) : undefined
}

/** Goes into a directory of this name, through links; gives false when there is none. */
function stepInto(walk: Walk, name: string): boolean {
  const { chain } = walk
  if (name === '..') {
    if (chain.length > 1) chain.pop()
    return true
  }
  const known = chain.at(-1)!.children!.get(name)
  const member = known?.inode?.member
  if (member?.kind === 'symlink') {
    if (++walk.links > MAX_LINKS) throw damaged('a name in it goes through a loop of links')
    if (member.target.startsWith('/')) chain.length = 1
    walk.effort.addFollowed(member.target)
    return components(member.target).every((part) => stepInto(walk, part))
  }
  if (known?.children === undefined) return false
  goInto(walk, known)
  return true
}

/**
 * Lays one layer over the tree of those below, as overlayfs shows it: a directory over a directory joins them
 * unless it is opaque, anything else replaces, a whiteout removes; the root is never opaque. The lower tree is
 * changed and given back.
 * Throws LiftError 'unreadable' for a hard link to nothing, 'limit' where the effort ends.
 */
export function overlay(lower: Node, upper: Node, effort: Effort): Node {
  linkAcross(lower, upper, effort)
  return merge(lower, { ...upper, opaque: false })
}

function merge(lower: Node | undefined, upper: Node): Node {
  if (upper.children === undefined) return upper
  const isOver = lower?.children !== undefined && !upper.opaque
  // Where nothing lies below, what is there already need not be held twice.
  const into = isOver ? lower : upper
  // Overlayfs shows the upper directory's owner and mode, also of one that was made on the way to a child.
  into.inode = upper.inode
  for (const [name, node] of upper.children) {
    if (node.whiteout) into.children!.delete(name)
    else into.children!.set(name, merge(isOver ? into.children!.get(name) : undefined, node))
  }
  return into
}

/** Hard links to files of lower layers: they are names of the same inode. */
function linkAcross(lower: Node, upper: Node, effort: Effort): void {
  for (const [name, node] of upper.children ?? []) {
    if (node.children !== undefined) linkAcross(lower, node, effort)
    if (node.linkTo === undefined) continue
    const parts = cleanComponents(node.linkTo)
    const last = parts.pop()!
    const target = existing(lower, parts, effort)?.children?.get(last)
    if (target?.inode === undefined || target.children !== undefined)
      throw damaged(`a hard link in it leads nowhere: ${node.linkTo}`)
    upper.children!.set(name, { ...node, inode: target.inode, linkTo: undefined })
  }
}
