import { applyName, attributes, checkPieces, type Overrides } from './tar-attributes.js'
import { BLOCK, checkSum, damaged, MAX_PATH, number, text, time } from './tar-fields.js'

/** One member of a tar archive. */
export interface TarEntry {
  /** The name, text unchanged; bytes that are not UTF-8 as in `decodeText`. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'special'
  /** The twelve permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** When the content was last changed, in whole seconds since 1970. */
  readonly mtime: number
  /** Of the content as it is stored, in bytes; 0 for all but files. */
  readonly size: number
  /** Where the stored bytes of a sparse file belong, and how large it is when unpacked. */
  readonly sparse?: Sparse
  /** Extended attributes, by full name: `security.capability`. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
  /** A character device of number 0:0, which is how overlayfs itself writes a whiteout. */
  readonly isZeroDevice?: true
  /** Where the content begins in the archive. */
  readonly offset: number
  /** The text of a symbolic link, or the earlier member that a hard link is another name of. */
  readonly target: string
}

/** How a sparse file is stored: pieces one after the other, holes left out (GNU tar, "Storing Sparse Files"). */
export interface Sparse {
  /** In bytes, holes included. */
  readonly size: number
  /** In ascending order; undefined where the list itself stands at the beginning of the content (PAX 1.0). */
  readonly pieces: readonly Piece[] | undefined
}

/** Some bytes of a sparse file that are stored. */
export interface Piece {
  readonly offset: number
  readonly length: number
}

/** More than any name or attribute list that a file system holds; what is longer is hostile. */
const MAX_EXTENSION = 1 << 20

/** `length` bytes follow: content to jump over, or an extension to hand to `extend`. */
export type Step =
  | 'end'
  | { readonly entry: TarEntry | undefined; readonly extension: boolean; readonly length: number }

/** Types whose content is no name for what follows: GNU long names, and POSIX attributes for one or for all. */
const EXTENSIONS = 'LKxXg'

/** The state that one header hands to the next: names and attributes that were announced ahead. */
export function headerSequence(most: number): {
  next(block: Uint8Array, contentAt: number): Step
  /** Takes the bytes of an extension; gives the step of the member where that was the end of its header. */
  extend(bytes: Uint8Array, contentAt: number): Step | undefined
} {
  let local: Overrides = {}
  let announced = ''
  let count = 0
  /** An old GNU header whose list of pieces goes on in further blocks. */
  let unfinished: { readonly block: Uint8Array; readonly given: Overrides } | undefined
  return {
    next: (block, contentAt) => {
      if (block.every((byte) => byte === 0)) return 'end'
      checkSum(block)
      const type = String.fromCharCode(block[156]!)
      if (EXTENSIONS.includes(type)) {
        announced = type
        const length = number(block, 124, 12)
        if (length > (type === 'L' || type === 'K' ? MAX_PATH : MAX_EXTENSION))
          throw damaged('a name or attribute list in it is too long')
        return { entry: undefined, extension: true, length }
      }
      if (++count > most) throw damaged('it has too many members')
      const given = local
      local = {}
      if (type !== 'S') return member(block, type, given, contentAt)
      given.sparseSize = number(block, 483, 12)
      given.sparseMap = oldSparseMap(block, 386, 4)
      if (block[482] === 0) return member(block, type, given, contentAt)
      unfinished = { block: Uint8Array.from(block), given }
      return { entry: undefined, extension: true, length: BLOCK }
    },
    extend: (bytes, contentAt) => {
      if (unfinished !== undefined) {
        const { block, given } = unfinished
        given.sparseMap!.push(...oldSparseMap(bytes, 0, 21))
        checkPieces(given.sparseMap!.length / 2)
        if (bytes[504] !== 0) return { entry: undefined, extension: true, length: BLOCK }
        unfinished = undefined
        return member(block, 'S', given, contentAt)
      }
      if (announced === 'L') applyName(local, 'path', bytes)
      else if (announced === 'K') applyName(local, 'target', bytes)
      // No engine heeds attributes for all members that follow, so neither do we.
      else if (announced === 'g') attributes(bytes)
      else local = { ...local, ...attributes(bytes) }
      return undefined
    },
  }
}

const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
  D: 'directory',
}
/** Types that never have content, whatever their size field says (as GNU tar and Go's archive/tar read them). */
const WITHOUT_CONTENT = '123456'

function member(block: Uint8Array, type: string, given: Overrides, offset: number): Step {
  const path = given.path ?? headerName(block)
  const length = WITHOUT_CONTENT.includes(type) ? 0 : (given.size ?? number(block, 124, 12))
  if (!Number.isSafeInteger(offset + length)) throw damaged('a size in it is impossible')
  if (type === 'V' || type === 'M') return { entry: undefined, extension: false, length }
  const kind = kindOf(type, path)
  const sparse = kind === 'file' ? sparseOf(given) : undefined
  const entry: TarEntry = {
    path,
    kind,
    mode: number(block, 100, 8) & 0o7777,
    uid: given.uid ?? number(block, 108, 8),
    gid: given.gid ?? number(block, 116, 8),
    mtime: given.mtime ?? time(block, 136),
    size: kind === 'file' ? length : 0,
    offset,
    target: kind === 'symlink' || kind === 'hardlink' ? (given.target ?? text(block, 157, 100)) : '',
    ...(type === '3' && isZeroDevice(block) ? { isZeroDevice: true } : {}),
    ...(sparse === undefined ? {} : { sparse }),
    ...(given.xattrs === undefined ? {} : { xattrs: given.xattrs }),
  }
  return { entry, extension: false, length }
}

function sparseOf({ sparseSize, sparseMap, sparseMapInContent }: Overrides): Sparse | undefined {
  if (sparseSize === undefined) return undefined
  if (sparseMapInContent) return { size: sparseSize, pieces: undefined }
  return sparseMap === undefined ? undefined : { size: sparseSize, pieces: piecesOf(sparseMap, sparseSize) }
}

/** Pieces from offsets and lengths by turns. Throws LiftError 'unreadable' unless they ascend within the size. */
export function piecesOf(numbers: readonly number[], size: number): readonly Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    const offset = numbers[index]!
    const length = numbers[index + 1]!
    if (offset < end || offset + length > size) throw damaged('a sparse file in it is malformed')
    end = offset + length
    pieces.push({ offset, length })
  }
  return pieces
}

function oldSparseMap(block: Uint8Array, from: number, most: number): number[] {
  const out: number[] = []
  for (let at = from; at < from + most * 24 && block[at] !== 0; at += 24) {
    out.push(number(block, at, 12), number(block, at + 12, 12))
  }
  return out
}

function isZeroDevice(block: Uint8Array): boolean {
  return number(block, 329, 8) === 0 && number(block, 337, 8) === 0
}

/** Headers from before there were types for it end a directory's name in a slash. */
function kindOf(type: string, path: string): TarEntry['kind'] {
  if (type === '\0' && path.endsWith('/')) return 'directory'
  return KINDS[type] ?? 'special'
}

/** POSIX ustar has a prefix field; GNU's own format keeps other things there. */
function headerName(block: Uint8Array): string {
  const name = text(block, 0, 100)
  const isPosix = text(block, 257, 6) === 'ustar'
  const prefix = isPosix ? text(block, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}
