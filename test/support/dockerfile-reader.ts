/** An instruction after continuation lines were joined and comments dropped, as both builders do it. */
export interface Instruction {
  readonly word: string
  readonly rest: string
}

/** Reads Dockerfile text by the rules of the Dockerfile reference: for checking what liftbin writes. */
export function instructionsOf(text: string): readonly Instruction[] {
  const out: Instruction[] = []
  let joined = ''
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('#') || (joined !== '' && line.trim() === '')) continue
    const continued = /\\[ \t]*$/.test(line)
    joined += continued ? line.replace(/\\[ \t]*$/, '') : line
    if (continued) continue
    const match = /^\s*(\S+)\s*(.*)$/s.exec(joined)
    if (match !== null) out.push({ word: match[1]!, rest: match[2]! })
    joined = ''
  }
  return out
}

/** What a COPY in JSON form means: sources as literal names, and the destination. */
export interface CopyMeaning {
  readonly from: string | undefined
  readonly sources: readonly string[]
  readonly destination: string
}

/**
 * Takes the three layers off: JSON, then backslashes of the word layer, then, for sources with a wildcard, the
 * pattern. Throws when the text is not JSON, when `$` or a quote is live, or when a pattern is not one literal name.
 */
export function copyMeaning(rest: string): CopyMeaning {
  const match = /^(?:--from=(\S+) )?(\[.*\])\s*$/s.exec(rest)
  if (match === null) throw new Error(`not in JSON form: ${rest}`)
  const words = (JSON.parse(match[2]!) as string[]).map(unescapeWord)
  return {
    from: match[1],
    sources: words.slice(0, -1).map((word) => (/[*?[]/.test(word) ? literalOf(word) : word)),
    destination: words.at(-1)!,
  }
}

function unescapeWord(word: string): string {
  let out = ''
  for (let index = 0; index < word.length; index++) {
    const character = word[index]!
    if (/["'$]/.test(character)) throw new Error(`${character} is live in ${word}`)
    if (character === '\\') index++
    out += word[index]
  }
  return out
}

/** The one name a pattern of Go's filepath.Match matches. */
function literalOf(pattern: string): string {
  let out = ''
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index]!
    if (character === '*' || character === '?') throw new Error(`${character} is live in ${pattern}`)
    if (character === '[') {
      if (pattern[index + 2] !== ']') throw new Error(`a class of more than one character in ${pattern}`)
      out += pattern[index + 1]
      index += 2
    } else {
      if (character === '\\') index++
      out += pattern[index]
    }
  }
  return out
}

/** The files that a Dockerfile writes by here-documents, as BuildKit reads them: text by path. */
export function heredocsOf(text: string): Readonly<Record<string, string>> {
  const files: Record<string, string> = {}
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const words = /^COPY ((?:<<"[^"]+" )+)(\S+)$/.exec(lines[at]!)
    if (words === null) continue
    const [, docs = '', destination = ''] = words
    for (const [, end = ''] of docs.matchAll(/<<"([^"]+)"/g)) {
      const start = at + 1
      at = lines.indexOf(end, start)
      if (at < 0) throw new Error(`nothing ends <<${end}`)
      const path = destination.endsWith('/') ? `${destination}${end}` : destination
      files[path] = lines
        .slice(start, at)
        .map((line) => `${line}\n`)
        .join('')
    }
  }
  return files
}
