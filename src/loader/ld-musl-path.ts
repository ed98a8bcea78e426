import { bufferOf, decodeText } from '../bytes.js'
import type { Trail } from '../rootfs/follow.js'
import type { RootFiles } from './files.js'

/** The directories of a musl loader's system path, and the file they come from if there is one. */
export interface MuslSystemPath {
  readonly directories: readonly string[]
  readonly file?: Trail
}

const DEFAULT = ['/lib', '/usr/local/lib', '/usr/lib']

/**
 * Reads `PREFIX/etc/ld-musl-ARCH.path`, which replaces the default path when it exists, even when empty.
 * PREFIX is PT_INTERP without its last two components; ARCH stands in the loader file (musl ldso/dynlink.c).
 */
export async function readMuslSystemPath(
  files: RootFiles,
  loaderBytes: Uint8Array,
  interpreter: string,
): Promise<MuslSystemPath> {
  const prefix = interpreter.startsWith('/') ? interpreter.split('/').slice(0, -2).join('/') : ''
  const text = bufferOf(loaderBytes).toString('latin1')
  const name = /\/etc\/ld-musl-[A-Za-z0-9_.-]+\.path(?=\0)/.exec(text)?.[0]
  if (name === undefined) return { directories: DEFAULT }
  const trail = await files.trail(`${prefix}${name}`, '/')
  if (trail.end?.kind !== 'file') return { directories: trail.fault === 'absent' ? DEFAULT : [] }
  const bytes = Buffer.from(await files.content(trail.end))
  const end = bytes.indexOf(0)
  return { directories: splitMuslList(decodeText(end === -1 ? bytes : bytes.subarray(0, end))), file: trail }
}

/** musl's lists: `:` and line ends separate, empty elements are skipped. */
export function splitMuslList(text: string): string[] {
  return text.split(/[:\n]/).filter((element) => element !== '')
}
