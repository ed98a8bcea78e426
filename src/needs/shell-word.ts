/** A part of a word: text as it stands, or the value of a variable with what stands for it where it has none. */
export type Piece = string | { readonly variable: string; readonly otherwise?: Word }

/** A value that only a run knows. */
export const UNKNOWN = { variable: '' } as const

/** A word of a shell script without its quotes. */
export interface Word {
  readonly pieces: readonly Piece[]
  /** Nothing quoted is a keyword. */
  readonly isQuoted: boolean
}

/** Where reading is, and what reads the commands in a substitution, from behind its parenthesis to behind its end. */
export interface Place {
  readonly text: string
  at: number
  /** How many expansions are open here. */
  depth: number
  readonly substitution: (place: Place) => void
  /** Commands in a text of their own, as between backquotes. */
  readonly nested: (text: string) => void
}

const ENDS = ' \t\n;&|<>()'
/** Scripts do not nest more, and each level is a call here. */
const DEEPEST = 64

/** Reads a word from where it begins (POSIX shell command language, 2.2 and 2.6); reading stops at what ends it. */
export function readWord(place: Place): Word {
  return readUntil(place, (char) => ENDS.includes(char))
}

/** Reads text in which only substitutions count, as in a here-document. */
export function readDocument(place: Place, end: number): void {
  const whole = { ...place, text: place.text.slice(0, end) }
  const pieces: Piece[] = []
  while (whole.at < end) readQuotedPart(whole, pieces)
  place.at = end
}

/** Whether single quotes mean something: inside of double ones they do not. */
type Quotes = 'count' | 'are text'

function readUntil(place: Place, isEnd: (char: string) => boolean, quotes: Quotes = 'count'): Word {
  const pieces: Piece[] = []
  let isQuoted = false
  while (place.at < place.text.length) {
    const char = place.text[place.at]!
    if (isEnd(char)) break
    if (char === "'" && quotes === 'count') {
      isQuoted = true
      readSingle(place, pieces)
    } else if (char === '"') {
      isQuoted = true
      readDouble(place, pieces)
    } else if (char === '\\') {
      isQuoted = true
      readEscaped(place, pieces)
    } else if (char === '$' || char === '`') readExpansion(place, pieces, quotes)
    else {
      pieces.push(char)
      place.at++
    }
  }
  return { pieces: joined(pieces), isQuoted }
}

function readSingle(place: Place, pieces: Piece[]): void {
  const end = place.text.indexOf("'", place.at + 1)
  const stop = end < 0 ? place.text.length : end
  pieces.push(place.text.slice(place.at + 1, stop))
  place.at = stop + 1
}

function readDouble(place: Place, pieces: Piece[]): void {
  place.at++
  while (place.at < place.text.length && place.text[place.at] !== '"') readQuotedPart(place, pieces)
  place.at++
}

function readQuotedPart(place: Place, pieces: Piece[]): void {
  const char = place.text[place.at]!
  if (char === '\\') readEscaped(place, pieces)
  else if (char === '$' || char === '`') readExpansion(place, pieces, 'are text')
  else {
    pieces.push(char)
    place.at++
  }
}

/** At the end of a line it joins it with the next. */
function readEscaped(place: Place, pieces: Piece[]): void {
  const char = place.text[place.at + 1] ?? ''
  if (char !== '\n') pieces.push(char)
  place.at += 2
}

const NAME = /[A-Za-z_]\w*/y
const SPECIAL = '0123456789@*#?$!-'

function readExpansion(place: Place, pieces: Piece[], quotes: Quotes): void {
  if (place.depth >= DEEPEST) {
    place.at++
    return
  }
  place.depth++
  readOpened(place, pieces, quotes)
  place.depth--
}

function readOpened(place: Place, pieces: Piece[], quotes: Quotes): void {
  const { text, at } = place
  if (text[at] === '`') readBackquoted(place, pieces)
  else if (text.startsWith('$((', at)) readArithmetic(place, pieces)
  else if (text.startsWith('$(', at)) {
    place.at += 2
    place.substitution(place)
    pieces.push(UNKNOWN)
  } else if (text.startsWith('${', at)) readBraced(place, pieces, quotes)
  else {
    NAME.lastIndex = at + 1
    const name = NAME.exec(text)?.[0]
    const isSpecial = name === undefined && SPECIAL.includes(text[at + 1] ?? ' ')
    place.at = at + 1 + (name?.length ?? (isSpecial ? 1 : 0))
    if (name !== undefined) pieces.push({ variable: name })
    else pieces.push(isSpecial ? UNKNOWN : '$')
  }
}

function readBackquoted(place: Place, pieces: Piece[]): void {
  const start = ++place.at
  while (place.at < place.text.length && place.text[place.at] !== '`')
    place.at += place.text[place.at] === '\\' ? 2 : 1
  place.nested(place.text.slice(start, place.at).replace(/\\([\\`$])/g, '$1'))
  place.at++
  pieces.push(UNKNOWN)
}

function readArithmetic(place: Place, pieces: Piece[]): void {
  const end = place.text.indexOf('))', place.at)
  place.at = end < 0 ? place.text.length : end + 2
  pieces.push(UNKNOWN)
}

/** `${NAME}`, `${NAME:-word}` and its like; of others, such as `${NAME%word}`, the value is not known. */
function readBraced(place: Place, pieces: Piece[], quotes: Quotes): void {
  place.at += 2
  NAME.lastIndex = place.at
  const variable = NAME.exec(place.text)?.[0] ?? ''
  place.at += variable.length
  const operator = /:?[-=]/y
  operator.lastIndex = place.at
  const matched = operator.exec(place.text)?.[0] ?? ''
  place.at += matched.length
  const rest = readUntil(place, (char) => char === '}', quotes)
  place.at++
  if (variable !== '' && matched !== '') pieces.push({ variable, otherwise: rest })
  else pieces.push(rest.pieces.length === 0 && variable !== '' ? { variable } : UNKNOWN)
}

function joined(pieces: readonly Piece[]): readonly Piece[] {
  const result: Piece[] = []
  for (const piece of pieces) {
    const last = result.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') result[result.length - 1] = last + piece
    else result.push(piece)
  }
  return result
}
