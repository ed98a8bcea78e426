import type { Answer } from './lift.js'

/** The paths that an answer is about: its programs or, where it only shares files, what was included. */
export function subjectsOf({ programs, entries }: Pick<Answer, 'programs' | 'entries'>): readonly string[] {
  if (programs.length > 0) return programs.map(({ path }) => path)
  return entries.filter(({ why }) => why.some(({ rule }) => rule === 'include')).map(({ path }) => path)
}
