import type { Copy, Role } from '../lift/lift.js'
import { basename, parent } from '../rootfs/path.js'
import { destinationWord, needsWildcardEscape, sourceWord } from './dockerfile-words.js'

/** The files of one COPY instruction. */
export interface CopyGroup {
  /** The directory they are put in. */
  readonly directory: string
  readonly copies: readonly Copy[]
  /** The instruction's arguments, each written out: sources, then the destination. */
  readonly words: readonly string[]
}

/** What the sources are looked up in: an image, where COPY follows links, or a build context. */
export type CopyOrigin = 'image' | 'context'

/**
 * BuildKit of Docker 20.10 hashes all sources of a COPY at once and gives up ("exceeded retry timeout") when they
 * are too many: above some 45 in one COPY, and on two cores at 20 each when ten such COPYs run side by side.
 * 50 COPYs of ten were built there every time.
 */
const MOST_SOURCES = 10

/**
 * The fewest COPY instructions that put each file where it belongs: one for each directory, split where it gets
 * too long. A file that would change its name, or whose source needs wildcard escaping, has one of its own.
 * Whole directories come first (one could replace a directory by a link), then what changes least often.
 */
export function groupCopies(copies: readonly Copy[], origin: CopyOrigin): readonly CopyGroup[] {
  const shared = new Map<string, Copy[]>()
  const groups: Copy[][] = []
  for (const copy of withoutRepeats(copies)) {
    const directory = isGroupable(copy, origin) ? parent(copy.to) : undefined
    const known = directory === undefined ? undefined : shared.get(directory)
    if (known !== undefined) {
      known.push(copy)
      continue
    }
    const group = [copy]
    groups.push(group)
    if (directory !== undefined) shared.set(directory, group)
  }
  return groups
    .sort((a, b) => compare(sortKey(a), sortKey(b)))
    .flatMap(split)
    .map((group) => ({ directory: parent(group[0]!.to), copies: group, words: wordsOf(group, origin) }))
}

/** A file is written to one place once; of two different files for one place the first stays. */
function withoutRepeats(copies: readonly Copy[]): readonly Copy[] {
  const sorted = [...copies].sort((a, b) => compare(a.to, b.to))
  return sorted.filter((copy, index) => copy.to !== sorted[index - 1]?.to)
}

function isGroupable(copy: Copy, origin: CopyOrigin): boolean {
  const source = sourceOf(copy, origin)
  return copy.kind === 'file' && !needsWildcardEscape(source) && basename(source) === basename(copy.to)
}

/**
 * The physical path where links are no help: the legacy builder does not follow links in the directory part of a
 * pattern, and a build context is read by its real names.
 */
function sourceOf(copy: Copy, origin: CopyOrigin): string {
  return origin === 'context' || needsWildcardEscape(copy.from) ? copy.realPath : copy.from
}

const RANK: Readonly<Record<Role, string>> = {
  directory: '0',
  loader: '1',
  library: '2',
  symlink: '3',
  data: '3',
  script: '4',
  program: '5',
}

/** A group is as volatile as the most volatile file in it. */
function sortKey(group: readonly Copy[]): string {
  if (group[0]!.kind === 'directory') return `0${group[0]!.to}`
  const ranks = group.map((copy) => RANK[copy.role]).sort()
  return `${ranks.at(-1)}${ranks[0]}${group[0]!.to}`
}

function split(group: readonly Copy[]): readonly (readonly Copy[])[] {
  const parts: (readonly Copy[])[] = []
  for (let start = 0; start < group.length; start += MOST_SOURCES) {
    parts.push(group.slice(start, start + MOST_SOURCES))
  }
  return parts
}

function wordsOf(group: readonly Copy[], origin: CopyOrigin): readonly string[] {
  const [first] = group
  const single = group.length === 1 && first!.kind === 'file'
  const directory = first!.kind === 'directory' ? first!.to : parent(first!.to)
  const destination = single ? first!.to : directory.replace(/\/?$/, '/')
  return [...group.map((copy) => sourceWord(sourceOf(copy, origin))), destinationWord(destination)]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
