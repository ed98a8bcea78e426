import { wholeSeconds } from '../rootfs/mtime.js'
import { damaged, longName, text } from './tar-fields.js'

/** What was said of a member ahead of its header. */
export interface Overrides {
  path?: string
  target?: string
  size?: number
  uid?: number
  gid?: number
  mtime?: number
  sparseSize?: number
  /** Offsets and lengths by turns. */
  sparseMap?: number[]
  sparseMapInContent?: boolean
  xattrs?: Map<string, Uint8Array>
}

/**
 * `<length> <key>=<value>\n`, the length counting the whole record (POSIX pax, "pax Extended Header").
 * Throws LiftError 'unreadable' for malformed ones, and for more than a file system could hold.
 */
export function attributes(bytes: Uint8Array): Overrides {
  const out: Overrides = {}
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.subarray(at, at + MAX_DIGITS).indexOf(0x20) + at
    const length = space < at ? 0 : Number(text(bytes, at, space - at))
    const end = at + length
    if (!Number.isInteger(length) || end <= space || end > bytes.length || bytes[end - 1] !== 0x0a)
      throw malformed()
    const record = bytes.subarray(space + 1, end - 1)
    const equals = record.indexOf(0x3d)
    if (equals < 0) throw malformed()
    apply(out, record.subarray(0, equals), record.subarray(equals + 1))
    at = end
  }
  return out
}

/** A record's length has fewer. */
const MAX_DIGITS = 16

function malformed(): Error {
  return damaged('an attribute list in it is malformed')
}

/** What star, GNU tar, Go and libarchive call extended attributes. */
const XATTR = 'SCHILY.xattr.'
/** With the longest name of an extended attribute (XATTR_NAME_MAX of linux/limits.h); other keys are no longer. */
const MAX_KEY = XATTR.length + 255

function apply(out: Overrides, keyBytes: Uint8Array, value: Uint8Array): void {
  const key = text(keyBytes, 0, MAX_KEY)
  if (key.startsWith('GNU.sparse.')) applySparse(out, key.slice('GNU.sparse.'.length), value)
  // An empty value is as if nothing was said (POSIX pax, "pax Extended Header").
  else if (value.length === 0) return
  else if (key === 'path') applyName(out, 'path', value)
  else if (key === 'linkpath') applyName(out, 'target', value)
  else if (key === 'size' || key === 'uid' || key === 'gid') out[key] = decimal(value)
  else if (key === 'mtime') out.mtime = seconds(value)
  else if (key.startsWith(XATTR)) {
    if (keyBytes.length > MAX_KEY) throw damaged('an attribute in it has too long a name')
    applyXattr(out, key.slice(XATTR.length), value)
  }
}

/** Names the next member, or what it links to, unless the name is empty. */
export function applyName(out: Overrides, field: 'path' | 'target', bytes: Uint8Array): void {
  const name = longName(bytes, field === 'path' ? 'name' : 'link')
  if (name !== '') out[field] = name
}

/** XATTR_SIZE_MAX of linux/limits.h, in bytes. */
const MAX_XATTR = 65_536
/** Of one member; far above what any file has. */
const MAX_XATTRS = 1000

function applyXattr(out: Overrides, name: string, value: Uint8Array): void {
  if (value.length > MAX_XATTR) throw damaged('an attribute in it is too long')
  out.xattrs ??= new Map()
  // A copy that keeps nothing else of the archive in memory.
  out.xattrs.set(name, new Uint8Array(value))
  if (out.xattrs.size > MAX_XATTRS) throw damaged('a file in it has too many attributes')
}

/** The three PAX forms of GNU tar: 0.0 (offset and numbytes by turns), 0.1 (map) and 1.0 (in the content). */
function applySparse(out: Overrides, key: string, value: Uint8Array): void {
  if (key === 'name') applyName(out, 'path', value)
  else if (key === 'size' || key === 'realsize') out.sparseSize = decimal(value)
  else if (key === 'major') out.sparseMapInContent = decimal(value) === 1
  else if (key === 'offset' || key === 'numbytes') {
    out.sparseMap ??= []
    out.sparseMap.push(decimal(value))
    checkPieces(out.sparseMap.length / 2)
  } else if (key === 'map') out.sparseMap = numbersOf(value)
}

function numbersOf(list: Uint8Array): number[] {
  const out: number[] = []
  for (let at = 0; at < list.length; ) {
    const comma = list.indexOf(0x2c, at)
    const end = comma < 0 ? list.length : comma
    out.push(decimal(list.subarray(at, end)))
    checkPieces(out.length / 2)
    at = end + 1
  }
  return out
}

/** Far above what any tar writes. */
const MAX_PIECES = 100_000

/** Throws LiftError 'unreadable' for more pieces than a sparse file could honestly have. */
export function checkPieces(count: number): void {
  if (count > MAX_PIECES) throw damaged('a sparse file in it has too many pieces')
}

function decimal(value: Uint8Array): number {
  const digits = value.length > 16 ? '' : text(value, 0, value.length)
  const parsed = /^[0-9]{1,16}$/.test(digits) ? Number(digits) : Number.NaN
  if (!Number.isSafeInteger(parsed)) throw damaged('a number in it is malformed')
  return parsed
}

/** A time has fewer characters, also with nanoseconds. */
const MAX_TIME = 64

/** Decimal, perhaps negative and with a fraction. */
function seconds(value: Uint8Array): number {
  const digits = value.length > MAX_TIME ? '' : text(value, 0, value.length)
  if (!/^-?[0-9]+(\.[0-9]*)?$/.test(digits)) throw damaged('a time in it is malformed')
  return wholeSeconds(Number(digits))
}
