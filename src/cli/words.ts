import { InvalidArgumentError } from 'commander'

/** The words of a command line option: a JSON array of strings, or words between blanks. */
export function parseWords(text: string): readonly string[] {
  if (!text.trimStart().startsWith('[')) return text.split(/[ \t]+/).filter((word) => word !== '')
  const words = parsed(text)
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words
  throw new InvalidArgumentError('It is no JSON array of strings.')
}

/** Adds one more value of an option that may be repeated. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value]
}

/** How long a run may take, in seconds. */
export function parseSeconds(text: string): number {
  const seconds = /^[0-9]{1,6}(\.[0-9]{1,3})?$/.test(text) ? Number(text) : 0
  if (seconds > 0 && seconds <= 86_400) return seconds
  throw new InvalidArgumentError('It is no number of seconds above 0 and up to 86400.')
}

/** Adds one more regular expression. */
export function parsePattern(text: string, earlier: readonly RegExp[] | undefined): readonly RegExp[] {
  try {
    return [...(earlier ?? []), new RegExp(text, 'gmu')]
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

/** A whole number of at least one. */
export function parseCount(text: string): number {
  const count = /^[0-9]{1,15}$/.test(text) ? Number(text) : 0
  if (count >= 1) return count
  throw new InvalidArgumentError('It is no whole number of at least 1.')
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** A size in bytes, or with a binary unit: 500M, 64G. */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = /^([0-9]{1,15})([KMGT]?)(?:i?B)?$/i.exec(text) ?? []
  const bytes = Number(digits) * UNITS[unit.toUpperCase()]!
  if (Number.isSafeInteger(bytes) && bytes >= 1) return bytes
  throw new InvalidArgumentError('A size is a number of bytes, or one with K, M, G or T, such as 64G.')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
