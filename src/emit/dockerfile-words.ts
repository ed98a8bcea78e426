import { printable, printableJson } from './printable.js'

/**
 * A word of COPY's JSON form that is a source: wildcard layer, word layer, JSON layer, in the reverse of the order
 * in which both builders take them off (dockerfile-reference, "COPY"; filepath.Match for the first).
 */
export function sourceWord(path: string): string {
  if (isPlain(path)) return `"${path}"`
  return destinationWord(needsWildcardEscape(path) ? path.replace(/[*?[\\]/g, wildcardEscape) : path)
}

/** A word of COPY's JSON form that is a destination: it is never matched, so the wildcard layer is left out. */
export function destinationWord(path: string): string {
  if (isPlain(path)) return `"${path}"`
  return printableJson(path.replace(/[\\"'$]/g, '\\$&'))
}

/** Whether nothing in a path means anything to any layer. */
function isPlain(path: string): boolean {
  return /^[\w./+:@=~-]*$/.test(path)
}

/** Whether both builders would take a source for a pattern. */
export function needsWildcardEscape(path: string): boolean {
  return /[*?[]/.test(path)
}

/** A JSON array for ENTRYPOINT and CMD, where nothing is expanded. */
export function execForm(words: readonly string[]): string {
  return `[${words.map((word) => printableJson(word)).join(', ')}]`
}

/**
 * A value in double quotes for ENV, LABEL and WORKDIR; undefined when no Dockerfile can write it: these have no
 * escape for a line break, other control characters have no business there, and a line has a longest length.
 */
export function quotedWord(value: string): string | undefined {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return undefined
  const quoted = `"${value.replace(/[\\"$]/g, '\\$&')}"`
  return Buffer.byteLength(quoted) > LONGEST_LINE ? undefined : quoted
}

/** Both builders refuse a physical line of more than 65,535 bytes. */
export const LONGEST_LINE = 60_000

function wildcardEscape(character: string): string {
  return character === '\\' ? '\\\\' : `[${character}]`
}

/** A word of a command in a comment, for a shell. What a terminal must not see is spelled out, which changes it. */
export function shellWord(word: string): string {
  return /^[\w./+:,@%=-]+$/.test(word) ? word : `'${printable(word).replaceAll("'", "'\\''")}'`
}
