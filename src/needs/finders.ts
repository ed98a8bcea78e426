import { base } from './base.js'
import { commands } from './commands.js'
import { configuration } from './configuration.js'
import { dlopenNames } from './dlopen-names.js'
import { dlopenNotes } from './dlopen-notes.js'
import type { Finder } from './finder.js'
import { gconv } from './gconv.js'
import { git } from './git.js'
import { helperPrograms } from './helper-programs.js'
import type { FinderName } from './index.js'
import { libgcc } from './libgcc.js'
import { locales } from './locales.js'
import { modules } from './modules.js'
import { namedFiles } from './named-files.js'
import { node } from './node.js'
import { nss } from './nss.js'
import { openssl } from './openssl.js'
import { pam } from './pam.js'
import { pathFinder } from './path-finder.js'
import { PATH_RULES } from './path-rules.js'
import { perl } from './perl.js'
import { php } from './php.js'
import { python } from './python.js'
import { ruby } from './ruby.js'
import { sasl } from './sasl.js'
import { shell } from './shell.js'
import { staticTexts } from './static-texts.js'
import { tcl } from './tcl.js'
import { terminfo } from './terminfo.js'
import { timezones } from './timezones.js'

/** All finders; those of `path-rules.json` take no code of their own. */
export const BY_NAME: Readonly<Record<FinderName, Finder>> = {
  dlopen: dlopenNotes,
  libgcc,
  nss,
  timezones,
  base,
  shell,
  programs: helperPrograms,
  'dlopen-names': dlopenNames,
  commands,
  modules,
  git,
  node,
  perl,
  php,
  python,
  ruby,
  tcl,
  ...pathFinders(),
  gconv,
  locales,
  openssl,
  pam,
  sasl,
  terminfo,
  files: namedFiles,
  configuration,
  static: staticTexts,
}

function pathFinders(): Readonly<Record<keyof typeof PATH_RULES, Finder>> {
  const finders = Object.entries(PATH_RULES).map(([name, table]) => [name, pathFinder(table)])
  return Object.fromEntries(finders)
}
