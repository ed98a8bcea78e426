/** What a registry wants to see, one way of several. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

/** Longer ones come from nobody honest. */
const MOST = 8 << 10

/** Reads the challenges of a WWW-Authenticate header, schemes in lower case (RFC 9110, section 11.6.1). */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  const words = /([a-z0-9_-]+)(?: ?= ?(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/gi
  for (const [, word, quoted, plain] of header.slice(0, MOST).matchAll(words)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain
    if (value === undefined) challenges.push({ scheme: word!.toLowerCase(), parameters: {} })
    else Object.assign(challenges.at(-1)?.parameters ?? {}, { [word!.toLowerCase()]: value })
  }
  return challenges
}
