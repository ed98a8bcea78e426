import { encodeText } from '../../src/bytes.js'

/** One member of a tar to build; `raw` overrides header bytes at offsets, before the checksum is made. */
export interface TarMember {
  readonly path: string
  /** '0' file, '1' hard link, '2' symlink, '3' device, '5' directory, or any other type byte. */
  readonly type?: string
  readonly content?: Uint8Array | string
  /** The size field, where it is not the content's. */
  readonly size?: number
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  readonly target?: string
  readonly prefix?: string
  readonly gnu?: boolean
  readonly raw?: Readonly<Record<number, Uint8Array>>
  readonly checksum?: number
}

/** A whole archive, with its end mark. */
export function tarOf(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(memberOf), Buffer.alloc(1024)])
}

/** One member: its header, its content, padding. */
export function memberOf(member: TarMember): Buffer {
  const content = Buffer.from(member.content ?? '')
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512)
  return Buffer.concat([headerOf(member, content.length), content, padding])
}

/** The attributes of the next member (POSIX pax), `g` for those of all that follow. */
export function paxOf(records: Readonly<Record<string, string>>, type: 'x' | 'g' = 'x'): TarMember {
  return { path: 'pax', type, content: Buffer.concat(Object.entries(records).map(recordOf)) }
}

function recordOf([key, value]: readonly [string, string]): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), encodeText(value), Buffer.from('\n')])
  let length = body.length
  while (length !== body.length + String(length).length) length = body.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), body])
}

function headerOf(member: TarMember, contentSize: number): Buffer {
  const { mode = 0o644, uid = 0, gid = 0, target = '', type = '0' } = member
  const header = Buffer.alloc(512)
  encodeText(member.path).copy(header, 0, 0, 100)
  octal(header, 100, 8, mode)
  octal(header, 108, 8, uid)
  octal(header, 116, 8, gid)
  octal(header, 124, 12, member.size ?? contentSize)
  octal(header, 136, 12, member.mtime ?? 0)
  header.write(type, 156, 'latin1')
  encodeText(target).copy(header, 157, 0, 100)
  header.write(member.gnu ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1')
  header.write(member.prefix ?? '', 345, 'latin1')
  for (const [at, bytes] of Object.entries(member.raw ?? {})) header.set(bytes, Number(at))
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${(member.checksum ?? sum).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

function octal(header: Buffer, at: number, length: number, value: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
}
