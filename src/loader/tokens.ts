/** Values of the dynamic string tokens; undefined drops the element that asks for it. */
export interface TokenValues {
  readonly ORIGIN: string | undefined
  readonly LIB: string | undefined
  readonly PLATFORM: string | undefined
}

type Token = keyof TokenValues

/** One `$NAME` or `${NAME}` with its place in the text. */
interface Found {
  readonly token: Token
  readonly start: number
  readonly end: number
}

/** The tokens in a text. Names are greedy: `$ORIGINX` is none; a brace must close right after the name (ld.so(8)). */
export function tokensIn(text: string): readonly Found[] {
  if (!text.includes('$')) return []
  const found: Found[] = []
  for (const match of text.matchAll(
    /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/g,
  )) {
    found.push({
      token: (match[1] ?? match[2]) as Token,
      start: match.index,
      end: match.index + match[0].length,
    })
  }
  return found
}

/** PATH_MAX: nothing that is longer can be opened. */
const MAX_PATH = 4096

/** The text with its tokens replaced; undefined when one of them has no value, or when no path can be that long. */
export function expandTokens(text: string, values: TokenValues): string | undefined {
  if (!text.includes('$')) return text
  let out = ''
  let from = 0
  for (const { token, start, end } of tokensIn(text)) {
    const value = values[token]
    if (value === undefined) return undefined
    out += text.slice(from, start) + value
    if (out.length > MAX_PATH) return undefined
    from = end
  }
  return out + text.slice(from)
}
