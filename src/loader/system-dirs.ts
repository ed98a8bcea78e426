import { bufferOf } from '../bytes.js'
import type { ElfHeader } from '../elf/elf.js'

/** What a glibc loader binary has compiled in. */
export interface GlibcBuild {
  /** The default directories in search order, each ending in `/`. */
  readonly directories: readonly string[]
  /** The value of `$LIB`. */
  readonly lib: string | undefined
  readonly cachePath: string
  /** `2.36`; undefined for loaders older than that, which do not hold it. */
  readonly version: string | undefined
  /** glibc-hwcaps levels, most preferred first. */
  readonly hwcapLevels: readonly string[]
}

/**
 * Reads the build's fixed values from the bytes of a loader file. The default directories are a run of
 * consecutive strings with slashes at both ends whose lengths also stand in the file as an array of words
 * (`system_dirs` and `system_dirs_len` of glibc's elf/dl-load.c). Where the constants of the file hold no such run,
 * all of it is searched.
 */
export function readGlibcBuild(
  bytes: Uint8Array,
  wordSize: 4 | 8,
  endian: 'little' | 'big',
  constants = bytes,
): GlibcBuild {
  const apart = constants === bytes ? undefined : findSystemDirs(bufferOf(constants), wordSize, endian)
  const buffer = bufferOf(apart === undefined ? bytes : constants)
  const directories = apart ?? findSystemDirs(buffer, wordSize, endian)
  const version = /stable release version (\d+\.\d+)/.exec(textAt(buffer, 'stable release version '))?.[1]
  return {
    directories: directories ?? ['/lib/', '/usr/lib/'],
    lib: findLib(buffer, directories?.[0]),
    cachePath: findCachePath(buffer),
    version,
    hwcapLevels: findHwcapLevels(buffer),
  }
}

/** The part of a file behind its code, if the linker has put its constants there; code is most of a loader. */
export function constantsOf(bytes: Uint8Array, { segments }: Pick<ElfHeader, 'segments'>): Uint8Array {
  const loaded = segments.filter(({ type }) => type === PT_LOAD)
  const code = loaded.filter(({ flags }) => (flags & PF_X) !== 0)
  const end = Math.max(0, ...code.map(({ offset, filesz }) => offset + filesz))
  const isApart = loaded.some(({ flags, offset }) => offset >= end && (flags & (PF_X | PF_W)) === 0)
  return isApart ? bytes.subarray(end) : bytes
}

const PT_LOAD = 1
const PF_X = 1
const PF_W = 2

/** The run of directory strings, or undefined when the file holds none that its lengths confirm. */
function findSystemDirs(buffer: Buffer, wordSize: 4 | 8, endian: 'little' | 'big'): string[] | undefined {
  const confirmed = directoryRuns(buffer).filter((run) =>
    run.length === 1 ? isSingleDirectory(buffer, run[0]!) : buffer.includes(lengthsOf(run, wordSize, endian)),
  )
  const several = confirmed.filter((run) => run.length > 1)
  return (several.length > 0 ? several : confirmed).sort((a, b) => b.length - a.length)[0]
}

const SLASH = 0x2f
const MAX_RUN = 16
/** Each run costs a look through the whole file; real loaders have fewer than ten. */
const MAX_RUNS = 64

/** Looks at the ends of such strings alone: a loader holds tens of thousands of zero bytes, but few of these. */
function directoryRuns(buffer: Buffer): string[][] {
  const runs: string[][] = []
  let next = -1
  for (let slash = buffer.indexOf('/\0'); slash !== -1; slash = buffer.indexOf('/\0', slash + 1)) {
    const end = slash + 1
    const start = buffer.lastIndexOf(0, slash) + 1
    const text = directoryString(buffer, start, end)
    if (text === undefined) continue
    const run = start === next ? runs.at(-1)! : []
    if (run.length <= MAX_RUN) run.push(text)
    if (run.length === 1) runs.push(run)
    if (runs.length > MAX_RUNS) break
    next = end + 1
  }
  const fitting = runs.filter((one) => one.length <= MAX_RUN)
  return [...new Map(fitting.map((one) => [one.join('\0'), one])).values()]
}

/** A printable string with a slash at both ends. The one that starts a run may follow other bytes directly. */
function directoryString(buffer: Buffer, start: number, end: number): string | undefined {
  if (end - start < 3 || end - start > 4096) return undefined
  if (buffer[start] !== SLASH || buffer[end - 1] !== SLASH) return undefined
  const text = buffer.toString('latin1', start, end)
  return /^[\x21-\x7e]+$/.test(text) && !text.startsWith('/proc/') && text !== '//' ? text : undefined
}

function lengthsOf(run: readonly string[], wordSize: 4 | 8, endian: 'little' | 'big'): Buffer {
  const pattern = Buffer.alloc(run.length * wordSize)
  run.forEach((text, index) => {
    const at = index * wordSize
    if (endian === 'little') pattern.writeUInt32LE(text.length, at)
    else pattern.writeUInt32BE(text.length, at + wordSize - 4)
  })
  return pattern
}

/** Builds with one library directory, as in a store: the string stands twice and ends like a library directory. */
function isSingleDirectory(buffer: Buffer, directory: string): boolean {
  if (!/\/lib(32|64)?\/$/.test(directory)) return false
  const first = buffer.indexOf(`${directory}\0`)
  return buffer.indexOf(`${directory}\0`, first + 1) !== -1
}

/** Debian's `$LIB` is the whole first directory, upstream's its last component: whichever stands alone. */
function findLib(buffer: Buffer, first: string | undefined): string | undefined {
  if (first === undefined) return undefined
  const whole = first.replace(/^\/+|\/+$/g, '')
  const last = whole.slice(whole.lastIndexOf('/') + 1)
  return [whole, last].find((value) => buffer.includes(`\0${value}\0`)) ?? last
}

function findCachePath(buffer: Buffer): string {
  const end = buffer.indexOf('/ld.so.cache\0')
  if (end === -1) return '/etc/ld.so.cache'
  const start = buffer.lastIndexOf(0, end) + 1
  const text = buffer.toString('latin1', start, end)
  return /^\/[\x21-\x7e]*$/.test(text) ? `${text}/ld.so.cache` : '/etc/ld.so.cache'
}

/** The levels stand in the loader as one colon-joined string (elf/dl-hwcaps_subdirs, sysdeps). */
function findHwcapLevels(buffer: Buffer): string[] {
  for (const probe of ['x86-64-v', 'power1', 'z1']) {
    for (let at = buffer.indexOf(`\0${probe}`); at !== -1; at = buffer.indexOf(`\0${probe}`, at + 1)) {
      const text = buffer.toString('latin1', at + 1, at + 200)
      const match = /^((?:x86-64-v\d|power\d+|z\d\d)(?::(?:x86-64-v\d|power\d+|z\d\d))+)\0/.exec(text)
      if (match !== null) return match[1]!.split(':')
    }
  }
  return []
}

function textAt(buffer: Buffer, probe: string): string {
  const at = buffer.indexOf(probe)
  return at === -1 ? '' : buffer.toString('latin1', at, at + 64)
}
