import { decodeText } from '../bytes.js'

/** The first line of a script as the kernel reads it. */
export interface Shebang {
  readonly interpreter: string
  /** Everything behind the interpreter, trimmed: one argument, inner blanks kept. */
  readonly argument: string | undefined
}

/** The kernel looks at this many bytes of a file (include/uapi/linux/binfmts.h, BINPRM_BUF_SIZE). */
export const SHEBANG_MAX = 256

/**
 * Parses the head of a file (fs/binfmt_script.c, load_script). Undefined when it is no script, or one the
 * kernel refuses: an empty line, or an interpreter that does not end within the bytes it looks at.
 */
export function parseShebang(head: Uint8Array): Shebang | undefined {
  const seen = Buffer.from(head.subarray(0, SHEBANG_MAX))
  if (seen.toString('latin1', 0, 2) !== '#!') return undefined
  const newline = seen.indexOf('\n')
  if (newline === -1 && !endsInside(seen)) return undefined
  const rest = decodeText(seen.subarray(2, newline === -1 ? SHEBANG_MAX - 1 : newline))
  const match = /^[ \t]*([^ \t\0]+)([ \t\0][\s\S]*)?$/.exec(rest)
  if (match === null) return undefined
  const [, interpreter = '', tail] = match
  const argument = tail?.split('\0')[0]?.replace(/^[ \t]+|[ \t]+$/g, '')
  return { interpreter, argument: argument === undefined || argument === '' ? undefined : argument }
}

/** Without a line end, only the end of the file, a blank or NUL behind the name shows that it is whole. */
function endsInside(seen: Buffer): boolean {
  return seen.length < SHEBANG_MAX || /^#![ \t]*[^ \t\0]+[ \t\0]/.test(seen.toString('latin1'))
}

/** What `env` would start, and the PATH it would look in if it sets one. */
export interface EnvCommand {
  readonly program: string
  readonly searchPath?: readonly string[]
}

/**
 * Reads the argument of `#!/usr/bin/env …` as coreutils' env does: the kernel gives it one word, which only
 * `-S` splits. Undefined when no program can be told.
 */
export function parseEnvArgument(argument: string): EnvCommand | undefined {
  const split = /^(?:-[0iv]*S|--split-string=?)\s*(.*)$/s.exec(argument)
  const words = split === null ? [argument] : splitWords(split[1]!)
  let searchPath: readonly string[] | undefined
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (OPTIONS_WITH_VALUE.has(word)) index++
    else if (word.startsWith('PATH=')) searchPath = word.slice(5).split(':')
    else if (!word.startsWith('-') && !/^[^=/]+=/.test(word)) {
      return searchPath === undefined ? { program: word } : { program: word, searchPath }
    }
  }
  return undefined
}

const OPTIONS_WITH_VALUE = new Set(['-u', '--unset', '-C', '--chdir'])

/** Words between blanks; quotes group, a backslash keeps the next character, `${NAME}` is left as text. */
function splitWords(text: string): string[] {
  const words: string[] = []
  for (const match of text.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/gs)) {
    words.push(match[0].replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs, unquote))
  }
  return words
}

function unquote(_: string, double?: string, single?: string, escaped?: string): string {
  return double?.replace(/\\(.)/gs, '$1') ?? single ?? (escaped === '_' ? ' ' : (escaped ?? ''))
}
