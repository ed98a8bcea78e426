import { given } from './given.js'

/** The options of commands that lift more than libraries. */
export interface NeedFlags {
  readonly needs?: 'none' | 'certain' | 'likely' | 'possible'
  readonly with?: readonly string[]
  readonly without?: readonly string[]
}

/** The same in the library's words, without what was not given. */
export function needOptions({ needs, with: trusted, without }: NeedFlags) {
  return given({ needs, with: trusted, without })
}
