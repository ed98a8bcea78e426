import { basename } from '../rootfs/path.js'
import type { Finder, Need, Subject } from './finder.js'

/** What a finder for the interpreter of a language says of itself. */
export interface InterpreterParts {
  readonly describe: string
  /** Any of these tells an object that has the interpreter in it: a program, or its shared library. */
  readonly defines: readonly string[]
  readonly find: Finder['find']
}

/**
 * A finder that is asked about interpreters alone. A program that has those of several languages in it starts each when
 * a user wants it, so what they need is no more than possible then.
 */
export function interpreter({ describe, defines, find }: InterpreterParts): Finder {
  return {
    describe,
    symbols: [],
    defines,
    reads: 'all',
    find: async (subject, surroundings) => {
      if (!defines.some((symbol) => subject.defines.has(symbol))) return []
      const needs = await find(subject, surroundings)
      return languagesIn(subject) > 1 ? needs.map(possible) : needs
    },
  }
}

function possible(need: Need): Need {
  return { ...need, confidence: 'possible' }
}

/** Those whose shared libraries the program itself is linked with. */
function languagesIn({ closure }: Subject): number {
  const { needed = [] } = closure.program.elf.dynamic ?? {}
  const languages = needed.map((name) => /^lib(python|perl|ruby|tcl|node|php)/.exec(basename(name))?.[1])
  return new Set(languages.filter((language) => language !== undefined)).size
}
