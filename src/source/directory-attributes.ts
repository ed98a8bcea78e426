import { execFile } from 'node:child_process'
import { LiftError, reasonOf } from '../errors.js'
import type { Entry, RootFs } from '../rootfs/rootfs.js'
import type { OpenOptions } from './source.js'

/** More would be too long a command line. */
const AT_A_TIME = 256

/**
 * Gives the same entries with the attributes that belong to a file wherever it lies, such as its capabilities. Node
 * cannot read them, so `getfattr` does; without it there are none, and that is told. Of names that are not UTF-8, which
 * no command line of Node's can hold, attributes are not read. Throws LiftError: 'unreadable', 'interrupted'.
 */
export function withAttributes(
  root: string,
  options: Pick<OpenOptions, 'env' | 'signal'>,
  onUnread: (reason: string) => void = () => {},
): NonNullable<RootFs['exact']> {
  const hostPath = ({ path }: Entry) => `${root.replace(/\/$/, '')}${path}`
  return async (entries) => {
    const asked = entries.filter(mayHave).map(hostPath)
    const found: Attributes = new Map()
    for (let at = 0; at < asked.length; at += AT_A_TIME)
      readDump(await dumpOf(asked.slice(at, at + AT_A_TIME), options, onUnread), found)
    return entries.map((entry) => {
      const xattrs = found.get(hostPath(entry))
      return xattrs === undefined ? entry : { ...entry, xattrs }
    })
  }
}

type Attributes = Map<string, Map<string, Uint8Array>>

function mayHave({ kind, path }: Entry): boolean {
  return (kind === 'file' || kind === 'directory') && path.isWellFormed()
}

const OPTIONS = ['--absolute-names', '--no-dereference', '--dump', '--encoding=hex']

/** Neither labels of SELinux nor notes of overlayfs, which belong to the host. */
const MATCH = '--match=^(security\\.capability$|user\\.)'

/** Not in the root: a PATH may begin with `.`, and what lies there is the image's. */
function dumpOf(
  paths: readonly string[],
  { env = process.env, signal }: Pick<OpenOptions, 'env' | 'signal'>,
  onUnread: (reason: string) => void,
): Promise<string> {
  const surroundings = { cwd: '/', env, maxBuffer: 64 << 20, ...(signal === undefined ? {} : { signal }) }
  return new Promise((done, fail) => {
    execFile('getfattr', [...OPTIONS, MATCH, '--', ...paths], surroundings, (error, dump) => {
      if (signal?.aborted) return fail(new LiftError('interrupted', 'interrupted while reading attributes'))
      // A status says that some file could not be asked, or is on a file system without attributes.
      if (error === null || typeof error.code === 'number') return done(dump)
      if ((error.code as unknown) !== 'ENOENT')
        return fail(
          new LiftError('unreadable', `attributes cannot be read: ${reasonOf(error)}`, { cause: error }),
        )
      onUnread('getfattr is not installed')
      done('')
    })
  })
}

/** A line `# file: PATH`, then lines `NAME=0xVALUE`; a backslash and a line's end are three octal digits in both. */
function readDump(dump: string, found: Attributes): void {
  let xattrs = new Map<string, Uint8Array>()
  for (const line of dump.split('\n')) {
    if (line.startsWith('# file: ')) {
      xattrs = new Map()
      found.set(unquoted(line.slice('# file: '.length)), xattrs)
    }
    const [, name, value] = /^([^#=][^=]*)=0x([0-9a-f]*)$/.exec(line) ?? []
    if (name !== undefined) xattrs.set(unquoted(name), Buffer.from(value!, 'hex'))
  }
}

function unquoted(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)))
}
