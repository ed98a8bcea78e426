import { bufferOf, decodeText } from '../bytes.js'

/** A line of strace's, taken apart as far as it says which process it is about. */
export interface SpokenLine {
  /** Empty where there is but one process so far. */
  readonly pid: string
  /** The call: all of it, its beginning, or its end. */
  readonly text: string
  readonly kind: 'whole' | 'unfinished' | 'resumed' | 'signal' | 'ended'
  /** A process that the call has just made, where strace tells it in the middle. */
  readonly child?: string
}

/** What precedes the call: a process by -f, a time by -t or -r. A line of many blanks must not be tried in many ways. */
const BEGINNING =
  /^\s{0,40}(?:\[pid\s{1,40}(\d{1,10})(?:<[^>]*>)?\]\s{1,40}|(\d{1,10})(?:<[^>]*>)?\s{1,40})?(?:\(?\+?\s{0,40}(?:\d\d:\d\d:\d\d|\d{1,12})(?:\.\d{1,9})?\)?\s{1,40})?(?=[a-z_<+-])/
const ATTACHED = /strace: Process (\d{1,10}) attached$/
const UNFINISHED = ' <unfinished ...>'
const ENDED = /\)\s{1,200}= (?:-?\d|0x|\?)/
const RESUMED = /^<\.\.\. [a-z]\w* resumed>,?/

/** Undefined for what is no line of strace's. */
export function spokenLine(line: string): SpokenLine | undefined {
  const [head = '', bracketed, plain] = BEGINNING.exec(line) ?? []
  const body = line.slice(head.length)
  const pid = bracketed ?? plain ?? ''
  if (/^(\+\+\+|---) /.test(body)) return { pid, text: '', kind: body.startsWith('+') ? 'ended' : 'signal' }
  const resumed = RESUMED.exec(body)?.[0]
  if (resumed !== undefined) return { pid, text: body.slice(resumed.length), kind: 'resumed' }
  if (!/^[a-z_][a-z0-9_]*\(/.test(body)) return undefined
  const child = ATTACHED.exec(body)?.[1]
  if (child !== undefined) return { pid, text: body.replace(ATTACHED, ''), kind: 'unfinished', child }
  if (body.endsWith(UNFINISHED)) return { pid, text: body.slice(0, -UNFINISHED.length), kind: 'unfinished' }
  return ENDED.test(body) ? { pid, text: body, kind: 'whole' } : undefined
}

/** A call that succeeded and says something about files. */
export interface Call {
  readonly kind: Kind
  readonly name: string
  /** Whether strace has cut the name off. */
  readonly isCut: boolean
  /** What a relative name starts from; undefined is the working directory. */
  readonly directory: Directory | undefined
  readonly flags: string
  readonly result: number
  /** By -y, the real path of what was opened. */
  readonly resultPath: string | undefined
}

interface Directory {
  readonly descriptor: string
  readonly path: string | undefined
}

type Kind = 'open' | 'make' | 'run' | 'read' | 'look' | 'chdir' | 'chroot' | 'fork'

type Takes = 'nothing' | 'path' | 'directory' | 'directory, path'

const NAMES: readonly (readonly [Kind, Takes, string])[] = [
  ['fork', 'nothing', 'fork vfork clone clone2 clone3'],
  ['look', 'path', 'stat lstat stat64 lstat64 access'],
  ['look', 'directory, path', 'newfstatat fstatat64 statx faccessat faccessat2'],
  ['open', 'path', 'open'],
  ['open', 'directory, path', 'openat openat2'],
  ['make', 'path', 'creat mkdir'],
  ['make', 'directory, path', 'mkdirat'],
  ['run', 'path', 'execve'],
  ['run', 'directory, path', 'execveat'],
  ['read', 'path', 'readlink'],
  ['read', 'directory, path', 'readlinkat'],
  ['chdir', 'path', 'chdir'],
  ['chdir', 'directory', 'fchdir'],
  ['chroot', 'path', 'chroot'],
]

const CALLS = new Map(
  NAMES.flatMap(([kind, takes, names]) => names.split(' ').map((name) => [name, { kind, takes }] as const)),
)

/** Four characters for each byte of the longest path. */
const LONGEST_NAME = 4 * 4096 + 100
const DIRECTORY = /^(AT_FDCWD|\d{1,10})(?:<((?:[^>\\]|\\.)*)>)?(?:, )?/s
const NAME = /^"((?:[^"\\]|\\.)*)"(\.\.\.)?/s

/** Undefined for a call that failed, tells nothing of files, or is not as strace writes it. */
export function parseCall(text: string): Call | undefined {
  const open = text.indexOf('(') + 1
  const call = CALLS.get(text.slice(0, open - 1))
  if (call === undefined) return undefined
  const { kind, takes } = call
  const first = text.slice(open, open + 2 * LONGEST_NAME)
  const [own, descriptor = '', path] = takes.startsWith('directory') ? (DIRECTORY.exec(first) ?? []) : ['']
  if (own === undefined) return undefined
  const after = first.slice(own.length)
  const [quoted, name = '', cut] = takes.endsWith('path') ? (NAME.exec(after) ?? []) : ['']
  if (quoted === undefined) return undefined
  const { result, resultPath, flags } = endOf(text.slice(open + own.length + quoted.length))
  if (!(result >= 0)) return undefined
  const directory = own === '' ? undefined : { descriptor, path: path === undefined ? path : unescaped(path) }
  return { kind, name: unescaped(name), isCut: cut !== undefined, directory, flags, result, resultPath }
}

const RESULT = /\)\s{1,200}= (-?\d{1,10})(?:<((?:[^>\\]|\\.)*)>)?/s

/** Arguments that are words may hold anything, so then the last one that looks like a result is it. */
function endOf(rest: string) {
  const from = rest.includes('"') ? rest.lastIndexOf(') ') : 0
  const tail = rest.slice(Math.max(0, from))
  const [, result = '-1', path] = RESULT.exec(tail) ?? []
  const flags = rest.slice(0, 500)
  return { result: Number(result), resultPath: path === undefined ? path : unescaped(path), flags }
}

const LETTERS: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, a: 7, b: 8 }

/** The text of a C string. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  const bytes: Buffer[] = []
  for (const [, octal, hex, letter, plain] of text.matchAll(
    /\\([0-7]{1,3})|\\x([0-9a-f]{1,2})|\\(.)|([^\\]+)/gs,
  )) {
    if (plain !== undefined) bytes.push(Buffer.from(plain))
    else if (letter !== undefined) bytes.push(Buffer.from([LETTERS[letter] ?? letter.charCodeAt(0)]))
    else bytes.push(Buffer.from([Number.parseInt(octal ?? hex!, octal === undefined ? 16 : 8) & 0xff]))
  }
  return decodeText(bufferOf(Buffer.concat(bytes)))
}
