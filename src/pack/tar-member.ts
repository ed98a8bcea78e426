import { encodeText } from '../bytes.js'
import { carriedXattrs } from './xattrs.js'

/** What one member's header says. */
export interface TarMember {
  readonly type: 'file' | 'hardlink' | 'symlink' | 'directory'
  /** Relative, without a slash at the end; bytes that are not UTF-8 as in `decodeText`. */
  readonly name: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of the content that follows, in bytes. */
  readonly size: number
  /** In seconds. */
  readonly mtime: number
  /** The text of a symbolic link, or the member that a hard link is another name of. */
  readonly target?: string
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined
}

/** Headers are one block, contents fill whole ones. */
export const TAR_BLOCK = 512

/**
 * The header of a member: ustar, with a PAX header ahead for what ustar has no room for (POSIX pax, "ustar
 * Interchange Format" and "pax Extended Header"). Written here since the writers there are take names and attributes
 * as UTF-8, and neither a file's name nor its capabilities need be that.
 */
export function tarHeader(member: TarMember): Uint8Array {
  const name = encodeText(member.type === 'directory' ? `${member.name}/` : member.name)
  const target = encodeText(member.target ?? '')
  const place = placeOf(name)
  const records: Buffer[] = []
  if (place === undefined) records.push(record('path', name))
  if (target.length > 100 || !isPlain(target)) records.push(record('linkpath', target))
  for (const [key, most] of LIMITS) if (member[key] > most) records.push(record(key, String(member[key])))
  for (const [key, value] of carriedXattrs(member.xattrs)) records.push(record(`SCHILY.xattr.${key}`, value))
  const header = ustar(TYPES[member.type], place ?? { name: plain(name, 100) }, member, plain(target, 100))
  return records.length === 0 ? header : Buffer.concat([paxHeader(name, Buffer.concat(records)), header])
}

const TYPES = { file: '0', hardlink: '1', symlink: '2', directory: '5' } as const

/** The greatest numbers that the octal fields hold. */
const LIMITS = [
  ['uid', 0o7777777],
  ['gid', 0o7777777],
  ['size', 0o77777777777],
  ['mtime', 0o77777777777],
] as const

/** Where a name stands in a header. */
interface Place {
  readonly name: Uint8Array
  readonly prefix?: Uint8Array
}

/** A longer name is cut at a slash, if that makes both pieces short enough. */
function placeOf(name: Buffer): Place | undefined {
  if (!isPlain(name)) return undefined
  if (name.length <= 100) return { name }
  const cut = name.lastIndexOf(0x2f, Math.min(155, name.length - 2))
  if (cut <= 0 || name.length - cut - 1 > 100) return undefined
  return { name: name.subarray(cut + 1), prefix: name.subarray(0, cut) }
}

/** Readers differ in what they take other bytes of a header for. */
function isPlain(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80)
}

/** For readers that know no PAX. */
function plain(bytes: Uint8Array, most: number): Uint8Array {
  return bytes.subarray(0, most).map((byte) => (byte < 0x80 ? byte : 0x5f))
}

function paxHeader(name: Buffer, records: Buffer): Buffer {
  const numbers = { mode: 0o644, uid: 0, gid: 0, size: records.length, mtime: 0 }
  const base = name.subarray(name.lastIndexOf(0x2f, name.length - 2) + 1)
  const place = { name: Buffer.concat([Buffer.from('PaxHeaders/'), plain(base, 80)]) }
  return Buffer.concat(
    [ustar('x', place, numbers, NOTHING), records, NOTHING],
    TAR_BLOCK + padded(records.length),
  )
}

const NOTHING = Buffer.alloc(0)

/** The length of what fills whole blocks. */
export function padded(length: number): number {
  return Math.ceil(length / TAR_BLOCK) * TAR_BLOCK
}

/** `<length> <key>=<value>\n`, the length counting its own digits. */
function record(key: string, value: string | Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as Uint8Array), Buffer.from('\n')])
  let length = body.length
  while (length !== body.length + String(length).length) length = body.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), body])
}

type Numbers = Pick<TarMember, 'mode' | 'uid' | 'gid' | 'size' | 'mtime'>

/** Without names of user and group, which mean nothing in another root, and without times but one. */
function ustar(type: string, place: Place, numbers: Numbers, target: Uint8Array): Buffer {
  const header = Buffer.alloc(TAR_BLOCK)
  header.set(place.name)
  octal(header, 100, 8, numbers.mode)
  octal(header, 108, 8, numbers.uid)
  octal(header, 116, 8, numbers.gid)
  octal(header, 124, 12, numbers.size)
  octal(header, 136, 12, numbers.mtime)
  header.write(type, 156, 'latin1')
  header.set(target, 157)
  header.write('ustar\x0000', 257, 'latin1')
  octal(header, 329, 8, 0)
  octal(header, 337, 8, 0)
  if (place.prefix !== undefined) header.set(place.prefix, 345)
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** A number that does not fit is in the PAX header, and 0 here. */
function octal(header: Buffer, at: number, length: number, value: number): void {
  const digits = value.toString(8)
  const text = digits.length < length ? digits : '0'
  header.write(text.padStart(length - 1, '0'), at, 'latin1')
}
