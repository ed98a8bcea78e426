import type { Role } from './lift.js'

/** The most telling role first. */
const RANK: readonly Role[] = ['loader', 'program', 'library', 'script', 'symlink', 'directory', 'data']

/** The role of a file that has two uses, whichever of them is met first. */
export function tellingRole(a: Role, b: Role): Role {
  return RANK.indexOf(a) <= RANK.indexOf(b) ? a : b
}
