import type { RootPath } from '../rootfs/path.js'

/** The languages of scripts that finders can read, by the names of their interpreters. */
const INTERPRETERS = {
  shell: /^(ba|da|a|k|mk|z)?sh$/,
  perl: /^perl[\d.]*(-|$)/,
  python: /^(python|pypy)[\d.]*$/,
  ruby: /^j?ruby[\d.]*$/,
  node: /^(node|nodejs)$/,
} as const

/** A language that finders can read. */
export type Language = keyof typeof INTERPRETERS

/** A text that a program reads as its code: a script, or what a script reads in. */
export interface Script {
  /** Where it really lies, which is where it looks for what belongs to it. */
  readonly path: RootPath
  readonly language: Language
  /** Its beginning, as latin1. */
  readonly text: string
}

/** What an interpreter of this name reads; undefined for one that is not known here. */
export function languageOf(interpreter: string): Language | undefined {
  const name = interpreter.slice(interpreter.lastIndexOf('/') + 1)
  const languages = Object.keys(INTERPRETERS) as readonly Language[]
  return languages.find((language) => INTERPRETERS[language].test(name))
}

const ENDINGS: Readonly<Record<Language, readonly string[]>> = {
  shell: ['.sh'],
  perl: ['.pm', '.pl', '.al'],
  python: ['.py'],
  ruby: ['.rb'],
  node: ['.js', '.cjs', '.mjs'],
}

/** Whether a file beside others is in a language, by its name. */
export function isNamedAs(language: Language, name: string): boolean {
  return ENDINGS[language].some((ending) => name.endsWith(ending))
}
