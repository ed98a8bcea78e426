import { decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'

/** One member of a tar archive. */
export interface TarEntry {
  /** The name, text unchanged; bytes that are not UTF-8 as in `decodeText`. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'special'
  /** The twelve permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
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

/** Headers, and the units that content is padded to, have this many bytes. */
export const BLOCK = 512
/** More than any name or attribute list that a file system holds; what is longer is hostile. */
const MAX_EXTENSION = 1 << 20
/** Far above the largest images known (about a million files). */
const MAX_ENTRIES = 2_000_000

/** `length` bytes follow: content to jump over, or an extension to hand to `extend`. */
export type Step =
  | 'end'
  | { readonly entry: TarEntry | undefined; readonly extension: boolean; readonly length: number }

interface Overrides {
  path?: string
  target?: string
  size?: number
  uid?: number
  gid?: number
  sparseSize?: number
  /** Offsets and lengths by turns. */
  sparseMap?: number[]
  sparseMapInContent?: boolean
  xattrs?: Map<string, Uint8Array>
}

/** Types whose content is no name for what follows: GNU long names, and POSIX attributes for one or for all. */
const EXTENSIONS = 'LKxXg'

/** The state that one header hands to the next: names and attributes that were announced ahead. */
export function headerSequence(): {
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
      if (++count > MAX_ENTRIES) throw damaged('it has too many members')
      const type = String.fromCharCode(block[156]!)
      if (EXTENSIONS.includes(type)) {
        announced = type
        const length = number(block, 124, 12)
        if (length > MAX_EXTENSION) throw damaged('a name or attribute list in it is too long')
        return { entry: undefined, extension: true, length }
      }
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
        given.sparseMap = [...given.sparseMap!, ...oldSparseMap(bytes, 0, 21)]
        if (given.sparseMap.length > 2 * MAX_PIECES) throw damaged('a sparse file in it has too many pieces')
        if (bytes[504] !== 0) return { entry: undefined, extension: true, length: BLOCK }
        unfinished = undefined
        return member(block, 'S', given, contentAt)
      }
      if (announced === 'L') local.path = untilNul(bytes)
      else if (announced === 'K') local.target = untilNul(bytes)
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
    size: kind === 'file' ? length : 0,
    offset,
    target: kind === 'symlink' || kind === 'hardlink' ? (given.target ?? text(block, 157, 100)) : '',
    ...(type === '3' && isZeroDevice(block) ? { isZeroDevice: true } : {}),
    ...(sparse === undefined ? {} : { sparse }),
    ...(given.xattrs === undefined ? {} : { xattrs: given.xattrs }),
  }
  return { entry, extension: false, length }
}

/** Far above what any tar writes. */
const MAX_PIECES = 100_000

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

/** `<length> <key>=<value>\n`, the length counting the whole record (POSIX pax, "pax Extended Header"). */
function attributes(bytes: Uint8Array): Overrides {
  const out: Overrides = {}
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(0x20, at)
    const length = space < 0 ? 0 : Number(text(bytes, at, space - at))
    const equals = bytes.indexOf(0x3d, space)
    const end = at + length
    if (
      !Number.isInteger(length) ||
      equals < 0 ||
      equals >= end ||
      end > bytes.length ||
      bytes[end - 1] !== 0x0a
    ) {
      throw damaged('an attribute list in it is malformed')
    }
    apply(out, text(bytes, space + 1, equals - space - 1), bytes.subarray(equals + 1, end - 1))
    at = end
  }
  return out
}

function apply(out: Overrides, key: string, value: Uint8Array): void {
  if (key === 'path') out.path = untilNul(value)
  else if (key === 'linkpath') out.target = untilNul(value)
  else if (key === 'size' || key === 'uid' || key === 'gid') out[key] = decimal(value)
  else if (key.startsWith(XATTR)) out.xattrs = new Map(out.xattrs).set(key.slice(XATTR.length), value.slice())
  else if (key.startsWith('GNU.sparse.')) applySparse(out, key.slice('GNU.sparse.'.length), value)
}

/** What star, GNU tar, Go and libarchive call extended attributes. */
const XATTR = 'SCHILY.xattr.'

/** The three PAX forms of GNU tar: 0.0 (offset and numbytes by turns), 0.1 (map) and 1.0 (in the content). */
function applySparse(out: Overrides, key: string, value: Uint8Array): void {
  if (key === 'name') out.path = untilNul(value)
  else if (key === 'size' || key === 'realsize') out.sparseSize = decimal(value)
  else if (key === 'major') out.sparseMapInContent = decimal(value) === 1
  else if (key === 'offset' || key === 'numbytes') out.sparseMap = [...(out.sparseMap ?? []), decimal(value)]
  else if (key === 'map')
    out.sparseMap = untilNul(value)
      .split(',')
      .map((one) => decimal(Buffer.from(one)))
}

function decimal(value: Uint8Array): number {
  const digits = decodeText(value)
  const parsed = /^[0-9]{1,16}$/.test(digits) ? Number(digits) : Number.NaN
  if (!Number.isSafeInteger(parsed)) throw damaged('a number in it is malformed')
  return parsed
}

/** An octal field, or GNU's base 256 when the highest bit is set. Negative numbers are refused. */
function number(block: Uint8Array, at: number, length: number): number {
  if ((block[at]! & 0x80) === 0) {
    const digits = text(block, at, length).trim()
    if (!/^[0-7]*$/.test(digits)) throw damaged('a number in it is malformed')
    return Number.parseInt(digits || '0', 8)
  }
  let value = block[at]! & 0x7f
  for (let i = 1; i < length; i++) value = value * 256 + block[at + i]!
  if (block[at] === 0xff || !Number.isSafeInteger(value)) throw damaged('a number in it is out of range')
  return value
}

/** The sum of the header's bytes with the sum's own field as spaces; some old writers took bytes as signed. */
function checkSum(block: Uint8Array): void {
  let unsigned = 0
  let signed = 0
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  const written = number(block, 148, 8)
  if (written !== unsigned && written !== signed) throw damaged('a header in it has a wrong checksum')
}

function untilNul(bytes: Uint8Array): string {
  return text(bytes, 0, bytes.length)
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length)
  const nul = field.indexOf(0)
  return decodeText(nul < 0 ? field : field.subarray(0, nul))
}

/** An archive that cannot be read on. */
export function damaged(why: string): LiftError {
  return new LiftError('unreadable', `the tar archive is damaged: ${why}`)
}
