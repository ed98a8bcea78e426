import { resolve } from 'node:path'
import { bufferOf, encodeText } from '../bytes.js'
import type { Packing } from '../pack/packing.js'
import { carriedXattrs } from '../pack/xattrs.js'
import { capabilityText } from './capability-text.js'
import type { WriteOptions } from './destination.js'

/**
 * Sets extended attributes, which Node cannot: by `setfattr`, or where that is not there, capabilities alone by
 * `setcap`. Gives a warning for what could not be set.
 */
export async function setXattrs(
  root: string,
  { tree }: Packing,
  options: WriteOptions,
): Promise<readonly string[]> {
  const place = resolve(root)
  const files = tree.map((one) => attributesOf(one, place)).filter(({ carried }) => carried.length > 0)
  if (files.length === 0) return []
  const run = runner(options)
  const failed = await run('setfattr', ['-h', '--restore=-'], Buffer.concat(files.map(dumpOf)))
  if (failed === undefined) return []
  const left = failed === ABSENT ? await setCapabilities(files, run) : { count: files.length, why: failed }
  if (left.count === 0) return []
  const what = left.count === 1 ? '1 file has' : `${left.count} files have`
  return [`${what} attributes, such as capabilities, that could not all be set: ${left.why}`]
}

interface Attributes {
  /** On the host. */
  readonly path: string
  readonly carried: readonly (readonly [string, Uint8Array])[]
}

function attributesOf({ entry }: Packing['tree'][number], place: string): Attributes {
  const isKept = entry.kind === 'file' || entry.kind === 'directory'
  return { path: `${place}${entry.path}`, carried: isKept ? carriedXattrs(entry.xattrs) : [] }
}

/** Gives why it failed, in the command's own words. */
type Run = (command: string, args: readonly string[], input?: Buffer) => Promise<string | undefined>

const ABSENT = 'setfattr is not installed'

/** Not in the root: a PATH may begin with `.`, and what lies there is the image's. */
function runner({ env, signal }: WriteOptions): Run {
  return async (command, args, input = Buffer.alloc(0)) => {
    const { execa } = await import('execa')
    const result = await execa(command, args, {
      cwd: '/',
      input,
      reject: false,
      ...(env === undefined ? {} : { env, extendEnv: false }),
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    })
    if (!result.failed) return undefined
    if (result.code === 'ENOENT') return `${command} is not installed`
    return (result.stderr || (result.shortMessage ?? '')).split('\n')[0]!
  }
}

/** One file after the other, so that one that is refused takes no other with it. */
async function setCapabilities(
  files: readonly Attributes[],
  run: Run,
): Promise<{ readonly count: number; readonly why: string }> {
  let count = 0
  let why = ABSENT
  for (const { path, carried } of files) {
    const value = carried.find(([name]) => name === 'security.capability')?.[1]
    const capabilities = value === undefined ? undefined : capabilityText(value)
    const isAll = carried.length === 1 && capabilities !== undefined && path.isWellFormed()
    if (!isAll) count++
    if (capabilities === undefined || !path.isWellFormed()) continue
    const user = capabilities.rootId === undefined ? [] : ['-n', String(capabilities.rootId)]
    const failed = await run('setcap', ['-q', ...user, capabilities.text, path])
    if (failed === undefined) continue
    why = failed
    if (isAll) count++
  }
  return { count, why }
}

/** As `getfattr --dump` writes it. */
function dumpOf({ path, carried }: Attributes): Buffer {
  const lines = carried.map(([name, value]) => `${quoted(name)}=0x${bufferOf(value).toString('hex')}\n`)
  return Buffer.from(`# file: ${quoted(path)}\n${lines.join('')}\n`)
}

/** All but plain characters as three octal digits, which `setfattr` undoes. */
function quoted(text: string): string {
  return [...encodeText(text)]
    .map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`))
    .join('')
}

/** Backslashes and equals signs mean something in a dump. */
function isPlain(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x5c && byte !== 0x3d
}
