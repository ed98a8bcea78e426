import { remembered } from './cached.js'
import { basename, components, join, parent, type RootPath } from './path.js'
import type { Entry, RootFs, SymlinkEntry } from './rootfs.js'
import { type Answers, atHand, waitingFor } from './waiting.js'

/** Why a path leads nowhere. */
export type TrailFault = 'absent' | 'not-a-directory' | 'link-loop' | 'name-too-long'

/** All that makes a path work: what was asked, each link on the way, and where it ends. */
export interface Trail {
  /** The path as asked, text unchanged, absolute. */
  readonly asked: RootPath
  /** The links walked through, in order, each once. */
  readonly links: readonly SymlinkEntry[]
  /** Real directories that the path enters only to leave them by `..`; they must exist for it to work. */
  readonly stones: readonly RootPath[]
  /** The entry at the end, never a symlink; undefined when the path leads nowhere. */
  readonly end: Entry | undefined
  readonly fault?: TrailFault
}

/** The trail of an entry that is asked for by the very place where it lies. */
export function trailOf(end: Entry): Trail {
  return { asked: end.path, links: [], stones: [], end }
}

/** Linux follows at most 40 links in one path (path_resolution(7), MAXSYMLINKS). */
const MAX_LINKS = 40
/** PATH_MAX and NAME_MAX of linux/limits.h, in bytes. */
const MAX_PATH = 4096
const MAX_NAME = 255

/**
 * Walks a path as the kernel would inside this root: absolute link targets are taken from the root, `..` is
 * taken while walking (so it means the parent of a link's target) and stops at the root.
 * A relative path starts at `from`. Never throws for the path itself; see `fault`.
 */
export async function follow(rootfs: RootFs, path: string, from: RootPath = '/'): Promise<Trail> {
  const asked = (path.startsWith('/') ? path : `${from === '/' ? '' : from}/${path}`) as RootPath
  const look = looker(rootfs)
  return waitingFor(() => walkAll(look, asked).trail)
}

/**
 * Follows many absolute paths in a root that does not change: the way to a directory is walked once. It never
 * waits; see `waitingFor`.
 */
export function follower(rootfs: RootFs): (path: RootPath) => Trail {
  const look = looker(rootfs)
  const directories = new Map<RootPath, Walked>()
  const walkTo = (path: RootPath) => walkAll(look, path)
  return (path) => {
    const name = basename(path)
    if (path.length - name.length < 2 || !isPlain(name) || isTooLong(path) || isTooLongName(name))
      return walkAll(look, path).trail
    const above = remembered(directories, parent(path), walkTo)
    // Where the directory is none, the whole walk says what is wrong.
    const { links, stones, end: directory } = above.trail
    if (directory?.kind !== 'directory') return walkAll(look, path).trail
    const end = look(join(directory.path, name))
    if (end?.kind === 'symlink')
      return trailOfNeighbour(look, path, above, end) ?? walk(look, path, above, [name]).trail
    return end === undefined
      ? { asked: path, links, stones, end, fault: 'absent' }
      : { asked: path, links, stones, end }
  }
}

/** The trail by a link to a file next to it, as nearly all links of libraries are; undefined for any other link. */
function trailOfNeighbour(look: Look, asked: RootPath, above: Walked, link: SymlinkEntry): Trail | undefined {
  const { target } = link
  if (target.includes('/') || !isPlain(target) || isTooLongName(target) || above.followed === MAX_LINKS)
    return undefined
  const end = look(join(parent(link.path), target))
  if (end?.kind !== 'file') return undefined
  return { asked, links: [...above.trail.links, link], stones: above.trail.stones, end }
}

/** Looks at one path; throws Lacking where that has to be waited for. */
type Look = (path: RootPath) => Entry | undefined

function looker(rootfs: RootFs): Look {
  const entries: Answers<RootPath, Entry | undefined> = new Map()
  const ask = (path: RootPath) => rootfs.lstat(path)
  return (path) => atHand(entries, path, ask)
}

/** A trail, and the number of links followed for it, one that was followed twice counted twice. */
interface Walked {
  readonly trail: Trail
  readonly followed: number
}

function isPlain(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..'
}

function isTooLong(path: string): boolean {
  return path.length * 3 >= MAX_PATH && Buffer.byteLength(path) >= MAX_PATH
}

function isTooLongName(name: string): boolean {
  return name.length * 3 > MAX_NAME && Buffer.byteLength(name) > MAX_NAME
}

const START: Walked = { trail: { asked: '/', links: [], stones: [], end: undefined }, followed: 0 }

function walkAll(look: Look, asked: RootPath): Walked {
  return walk(look, asked, START, components(asked).reverse())
}

/** Goes on from the directory at the end of a trail, or from the root; the last component comes first. */
function walk(look: Look, asked: RootPath, start: Walked, parts: string[]): Walked {
  const links = [...start.trail.links]
  const stones = [...start.trail.stones]
  let followed = start.followed
  const done = (end: Entry | undefined, fault?: TrailFault): Walked => ({
    trail:
      fault === undefined ? { asked, links, stones, end } : { asked, links, stones, end: undefined, fault },
    followed,
  })

  if (isTooLong(asked)) return done(undefined, 'name-too-long')
  let pending = parts
  let here: RootPath = start.trail.end?.path ?? '/'
  let entry: Entry | undefined
  let mustBeDirectory = endsAsDirectory(asked)
  while (pending.length > 0) {
    const part = pending.pop()!
    if (part === '..') {
      if (here !== '/') stones.push(here)
      here = parent(here)
      entry = undefined
      continue
    }
    if (isTooLongName(part)) return done(undefined, 'name-too-long')
    const path: RootPath = here === '/' ? `/${part}` : `${here}/${part}`
    entry = look(path)
    if (entry === undefined) return done(undefined, 'absent')
    if (entry.kind === 'symlink') {
      if (++followed > MAX_LINKS) return done(undefined, 'link-loop')
      if (entry.target === '') return done(undefined, 'absent')
      if (isTooLong(entry.target)) return done(undefined, 'name-too-long')
      if (!links.some(({ path: known }) => known === path)) links.push(entry)
      if (entry.target.startsWith('/')) here = '/'
      if (pending.length === 0 && endsAsDirectory(entry.target)) mustBeDirectory = true
      pending = [...pending, ...components(entry.target).reverse()]
      entry = undefined
    } else if (entry.kind === 'directory') {
      here = entry.path
    } else if (pending.length > 0) {
      return done(undefined, 'not-a-directory')
    }
  }
  entry ??= look(here)
  if (mustBeDirectory && entry?.kind !== 'directory') return done(undefined, 'not-a-directory')
  return entry === undefined ? done(undefined, 'absent') : done(entry)
}

/** `x/`, `x/.` and `x/..` name a directory or nothing. */
function endsAsDirectory(path: string): boolean {
  return path.endsWith('/') || path.endsWith('/.')
}
