import { dlopenNotes } from './dlopen-notes.js'
import type { Confidence, Finder } from './finder.js'

/** How sure each finder can be at most, by its name in options and answers. */
export const FINDERS = {
  dlopen: 'certain',
  libgcc: 'likely',
  nss: 'likely',
  timezones: 'likely',
  base: 'likely',
  alsa: 'likely',
  certificates: 'likely',
  databases: 'likely',
  fonts: 'likely',
  gconv: 'likely',
  geo: 'likely',
  gio: 'likely',
  gpu: 'possible',
  gtk: 'likely',
  hardware: 'likely',
  imagemagick: 'likely',
  java: 'likely',
  krb5: 'likely',
  ldap: 'likely',
  locales: 'likely',
  magic: 'likely',
  media: 'likely',
  network: 'likely',
  odbc: 'likely',
  openssl: 'likely',
  packages: 'likely',
  pam: 'likely',
  pixbuf: 'likely',
  pkcs11: 'likely',
  qt: 'likely',
  sasl: 'likely',
  security: 'likely',
  spelling: 'likely',
  terminfo: 'likely',
  x11: 'likely',
  xml: 'possible',
  shell: 'likely',
  programs: 'possible',
  'dlopen-names': 'possible',
  files: 'likely',
  configuration: 'likely',
  static: 'likely',
  commands: 'likely',
  modules: 'likely',
  git: 'likely',
  node: 'likely',
  perl: 'likely',
  php: 'likely',
  python: 'likely',
  ruby: 'likely',
  tcl: 'likely',
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
