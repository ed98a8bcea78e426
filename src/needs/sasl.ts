import type { Finder, Subject } from './finder.js'
import { pathFinder } from './path-finder.js'
import { PATH_RULES } from './path-rules.js'

const rows = pathFinder(PATH_RULES.sasl)

/**
 * Modules of SASL (RFC 4422). libldap is behind so much that never asks a directory, curl and psql among them, that
 * only a program that needs it itself is taken to authenticate.
 */
export const sasl: Finder = {
  ...rows,
  find: async (subject, surroundings) => {
    const needs = await rows.find(subject, surroundings)
    if (isNear(subject)) return needs
    return needs.map((need) => ({ ...need, confidence: 'possible' as const }))
  },
}

/** The program, or what it names as needed. */
function isNear({ object, closure: { program } }: Subject): boolean {
  const soname = object.elf.dynamic?.soname
  return object === program || (soname !== undefined && program.elf.dynamic?.needed.includes(soname) === true)
}
