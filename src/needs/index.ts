import { base } from './base.js'
import { dlopenNotes } from './dlopen-notes.js'
import type { Finder } from './finder.js'
import { libgcc } from './libgcc.js'
import { nss } from './nss.js'
import { pathFinder } from './path-finder.js'
import { PATH_RULES } from './path-rules.js'
import { timezones } from './timezones.js'

/** What each finder knows of, by its name in options and answers. */
export const FINDERS = {
  dlopen: dlopenNotes,
  libgcc,
  nss,
  timezones,
  base,
  certificates: pathFinder(PATH_RULES.certificates),
  openssl: pathFinder(PATH_RULES.openssl),
  locales: pathFinder(PATH_RULES.locales),
  gconv: pathFinder(PATH_RULES.gconv),
  terminfo: pathFinder(PATH_RULES.terminfo),
  magic: pathFinder(PATH_RULES.magic),
  pam: pathFinder(PATH_RULES.pam),
  krb5: pathFinder(PATH_RULES.krb5),
  sasl: pathFinder(PATH_RULES.sasl),
  alsa: pathFinder(PATH_RULES.alsa),
  pixbuf: pathFinder(PATH_RULES.pixbuf),
  fonts: pathFinder(PATH_RULES.fonts),
} as const satisfies Readonly<Record<string, Finder>>

/** The name of a finder. */
export type FinderName = keyof typeof FINDERS
