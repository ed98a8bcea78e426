/**
 * The words of a command line, with quotes and backslashes as in a shell (POSIX, "Quoting") and nothing else of it;
 * undefined when a quote is not closed.
 */
export function splitWords(line: string): readonly string[] | undefined {
  const words: string[] = []
  const rest = line.replaceAll(WORD, (word: string) => {
    words.push(word.replaceAll(PIECE, unquoted))
    return ''
  })
  return rest.trim() === '' ? words : undefined
}

const WORD = /(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+(?=\s|$)/g
const PIECE = /\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"/g

function unquoted(_: string, escaped?: string, single?: string, double?: string): string {
  return escaped ?? single ?? (double ?? '').replaceAll(/\\([\\"$`])/g, '$1')
}

/** A command line that a shell takes as these words. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word))).join(' ')
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
