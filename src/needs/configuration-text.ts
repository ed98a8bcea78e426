/** What a configuration file names: more of itself, a module by its file name, or any path. */
export interface Named {
  readonly as: 'include' | 'module' | 'path'
  readonly name: string
}

/** Real ones name some dozens. */
const MOST_NAMES = 500
const LONGEST_NAME = 255

/**
 * The files that a configuration file names, by the habits that most formats share: `include NAME`, `@include NAME`,
 * `!includedir NAME`; words that are absolute paths; words that end as modules do. Comments name nothing.
 */
export function namesIn(text: string): readonly Named[] {
  const names: Named[] = []
  for (const line of text.split('\n')) {
    names.push(...namesInLine(line))
    if (names.length >= MOST_NAMES) return names.slice(0, MOST_NAMES)
  }
  return names
}

/** Long lines hold data. */
const LONGEST_LINE = 4096

function namesInLine(line: string): readonly Named[] {
  if (line.length > LONGEST_LINE) return []
  const [, included] = INCLUDE.exec(line) ?? []
  if (included !== undefined) return wordsOf(included).map((name) => ({ as: 'include', name }))
  return wordsOf(line.replace(COMMENT, '')).flatMap((name): readonly Named[] => {
    if (name.startsWith('/')) return [{ as: 'path', name }]
    return MODULE.test(name) ? [{ as: 'module', name }] : []
  })
}

/** sudo's older spelling looks like a comment, and is none. */
const INCLUDE = /^\s*(?:[.!@$%]?include(?:_?dir|_if_exists)?[\s=]+|#includedir\s+(?=\/))([^#]*)/i
const COMMENT = /^\s*(?:[#;"].*|\/\/.*)|\s#.*/
const MODULE = /^[\w./+-]+\.so$/

function wordsOf(text: string): readonly string[] {
  const words = text.match(/[^\s"'`;,=(){}<>|&]+/g) ?? []
  return words.filter((word) => word.length <= LONGEST_NAME && !/[\0$\\]/.test(word))
}
