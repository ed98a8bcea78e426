import { dlopenNotes } from './dlopen-notes.js'
import type { Confidence, Finder } from './finder.js'

/** How sure each finder can be at most, by its name in options and answers. */
export const FINDERS = {
  dlopen: 'certain',
  libgcc: 'likely',
  nss: 'likely',
  timezones: 'likely',
  base: 'likely',
  certificates: 'likely',
  openssl: 'likely',
  locales: 'likely',
  gconv: 'possible',
  terminfo: 'likely',
  magic: 'likely',
  pam: 'likely',
  krb5: 'likely',
  sasl: 'likely',
  alsa: 'likely',
  pixbuf: 'likely',
  fonts: 'likely',
} as const satisfies Readonly<Record<string, Confidence>>

/** The name of a finder. */
export type FinderName = keyof typeof FINDERS

/** A finder with its name. */
export interface NamedFinder {
  readonly name: FinderName
  readonly finder: Finder
}

/** What finds, by name. What files declare is all that a plain lift looks at, so the others are loaded when asked for. */
export async function findersOf(names: readonly FinderName[]): Promise<readonly NamedFinder[]> {
  if (names.every((name) => name === 'dlopen')) return names.map((name) => ({ name, finder: dlopenNotes }))
  const { BY_NAME } = await import('./finders.js')
  return names.map((name) => ({ name, finder: BY_NAME[name] }))
}
