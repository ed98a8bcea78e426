import { bufferOf, encodeText } from '../bytes.js'
import type { Packing } from '../pack/packing.js'
import { carriedXattrs } from '../pack/xattrs.js'
import type { WriteOptions } from './destination.js'

/**
 * Sets extended attributes by `setfattr`, since Node cannot; gives a warning where that is not there or refuses.
 * What they are is handed in as `getfattr --dump` writes it.
 */
export async function setXattrs(
  root: string,
  packing: Packing,
  options: WriteOptions,
): Promise<readonly string[]> {
  const dumps = packing.tree.flatMap((one) => dumpOf(one.entry))
  if (dumps.length === 0) return []
  const { execa } = await import('execa')
  const { env, signal } = options
  const result = await execa('setfattr', ['-h', '--restore=-'], {
    cwd: root,
    input: Buffer.concat(dumps),
    reject: false,
    ...(env === undefined ? {} : { env, extendEnv: false }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  })
  if (!result.failed) return []
  const files = dumps.length === 1 ? '1 file has' : `${dumps.length} files have`
  const why =
    result.code === 'ENOENT'
      ? 'setfattr is not installed'
      : (result.stderr || (result.shortMessage ?? '')).split('\n')[0]
  return [`${files} attributes, such as capabilities, that could not all be set: ${why}`]
}

function dumpOf({ path, xattrs, kind }: Packing['tree'][number]['entry']): readonly Buffer[] {
  const carried = kind === 'file' || kind === 'directory' ? carriedXattrs(xattrs) : []
  if (carried.length === 0) return []
  const lines = carried.map(([name, value]) => `${quoted(name)}=0x${bufferOf(value).toString('hex')}\n`)
  return [Buffer.from(`# file: ${quoted(`.${path}`)}\n${lines.join('')}\n`)]
}

/** What `getfattr` writes as three octal digits, and everything else that is not a plain character. */
function quoted(text: string): string {
  return [...encodeText(text)]
    .map((byte) =>
      byte > 0x20 && byte < 0x7f && byte !== 0x5c && byte !== 0x3d ? String.fromCharCode(byte) : octal(byte),
    )
    .join('')
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`
}
