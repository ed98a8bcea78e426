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

/** One platform, as `docker --platform` takes it. */
export function parsePlatform(text: string): string {
  if (/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/.test(text)) return text
  throw new InvalidArgumentError(
    'A platform is OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as linux/arm64.',
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
