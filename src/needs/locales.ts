import type { ImageConfig } from '../image/config.js'
import { type Confidence, type Finder, importsAny, type Need } from './finder.js'

const SYMBOLS = ['setlocale', 'newlocale']
const TRANSLATED = ['bindtextdomain', 'dcgettext', 'dgettext', 'textdomain', 'libintl_bindtextdomain']
const LOCALES = '/usr/lib/locale'

/**
 * Locales of glibc (setlocale(3)): those that the image's environment names, and C.UTF-8, which is not built in. Those
 * of musl are built in. Translations are those of the languages that the environment names.
 */
export const locales: Finder = {
  describe: 'locales of the C library, and translations',
  symbols: [...SYMBOLS, ...TRANSLATED],
  reads: 'all',
  find: (subject, { config }) => {
    const named = namesIn(config)
    const follows = subject.dialect === 'glibc' && importsAny(subject, SYMBOLS)
    const translates = importsAny(subject, TRANSLATED)
    return [
      ...(follows ? [...(named.length > 0 ? named.flatMap(namedNeeds) : USUAL), ...OTHERS] : []),
      ...(translates ? named.flatMap(translations) : []),
    ]
  },
}

/** Where the image sets no locale, this is the one that whoever runs a container sets. */
const USUAL: readonly Need[] = [
  need(`${LOCALES}/C.utf8`, 'likely', 'follows the locale, which is C.UTF-8 where it is set'),
  need(`${LOCALES}/C.UTF-8`, 'likely', 'follows the locale, which is C.UTF-8 where it is set'),
]

const OTHERS: readonly Need[] = [
  need(`${LOCALES}/locale-archive`, 'possible', 'follows the locale'),
  need('/usr/share/locale/locale.alias', 'possible', 'follows the locale'),
]

/** A locale lies in a directory of its own, whose name has the character set without dashes, or with all others in one file. */
function namedNeeds(name: string): readonly Need[] {
  const why = `follows the locale, which the image sets to ${name}`
  const [, language = '', charset = '', modifier = ''] = PARTS.exec(name) ?? []
  const plain = charset.replace(/[^A-Za-z0-9.]/g, '').toLowerCase()
  const paths = new Set([name, `${language}${plain}${modifier}`, `${language}${modifier}`])
  const directories = [...paths].map((path) => need(`${LOCALES}/${path}`, 'likely', why))
  return language === 'C' ? directories : [...directories, need(`${LOCALES}/locale-archive`, 'likely', why)]
}

function translations(name: string): readonly Need[] {
  const [, language = ''] = PARTS.exec(name) ?? []
  const why = `speaks the language that the image sets, ${name}`
  return language === 'C'
    ? []
    : [...new Set([language, language.replace(/_.*/, '')])].flatMap((one) => [
        need(`/usr/share/locale/${one}/LC_MESSAGES`, 'possible', why),
        need(`/usr/share/locale-langpack/${one}/LC_MESSAGES`, 'possible', why),
      ])
}

const NAME = /^[A-Za-z][A-Za-z0-9_.@-]{0,63}$/
const PARTS = /^([^.@]*)(\.[^@]*)?(@.*)?$/

/** LANGUAGE is a list, and only of translations, for which LANG has to be set too. */
function namesIn({ env }: ImageConfig): readonly string[] {
  const names = env.flatMap((line) => {
    const [, name] = /^(?:LANG|LC_[A-Z]+)=(.+)$/.exec(line) ?? []
    return name === undefined || !NAME.test(name) || name === 'C' || name === 'POSIX' ? [] : [name]
  })
  return [...new Set(names)]
}

function need(path: `/${string}`, confidence: Confidence, why: string): Need {
  return { kind: 'path', path, confidence, why }
}
