import { remembered } from '../rootfs/cached.js'
import type { ShellScript } from './shell-state.js'
import { UNKNOWN, type Word } from './shell-word.js'

/** The names and paths that the words of a script can stand for, as far as the script itself says. */
export interface ShellNames {
  readonly commands: readonly string[]
  readonly sourced: readonly string[]
  readonly paths: readonly string[]
}

/** Puts the values of variables into the words of a script. What is built into shells is no command here. */
export function shellNames(script: ShellScript): ShellNames {
  const expand = expander(script)
  const commands = script.commands.flatMap(expand).map(firstWord)
  const own = commands.filter((name) => !BUILT_IN.has(name) && !script.functions.has(name))
  return {
    commands: distinct([...own, ...script.programs.flatMap(expand).map(firstWord)]),
    sourced: distinct(script.sourced.flatMap(expand)),
    paths: distinct([...script.others, ...[...script.values.values()].flat()].flatMap(expand)).filter(isPath),
  }
}

const BUILT_IN: ReadonlySet<string> = new Set(
  (
    '. : [ alias bg bind break builtin caller case cd command compgen complete continue declare dirs disown echo ' +
    'enable esac eval exec exit export false fc fg for function getopts hash help history if jobs kill let local ' +
    'logout mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source suspend test ' +
    'times trap true type typeset ulimit umask unalias unset wait'
  ).split(' '),
)

const MOST_VALUES = 16
const MOST_LISTED = 64
const DEEPEST = 6
/** Twice what the kernel takes for a path; variables in variables grow without end. */
const LONGEST = 8192
/** Each word may stand for several; a script of the largest size has far fewer words. */
const MOST_EXPANSIONS = 200_000

function expander(script: ShellScript): (word: Word) => readonly string[] {
  const { loops } = script
  const values = allValues(script)
  let count = 0
  const expand = ({ pieces }: Word, level: number): readonly string[] => {
    let texts = ['']
    for (const [index, piece] of pieces.entries()) {
      if (++count > MOST_EXPANSIONS || level > DEEPEST) return []
      const parts = typeof piece === 'string' ? [piece] : valuesOf(piece, level)
      if (parts.length === 0 && index === 0 && piece !== UNKNOWN && isPath(pieces[1])) continue
      texts = texts
        .flatMap((text) => parts.map((part) => text + part))
        .filter(isShort)
        .slice(0, MOST_LISTED)
      if (texts.length === 0) return []
    }
    return distinct(texts)
  }
  const valuesOf = ({ variable, otherwise }: Exclude<Word['pieces'][number], string>, level: number) => {
    const words = [...(otherwise ? [otherwise] : []), ...(values.get(variable) ?? []).slice(0, MOST_VALUES)]
    const gone = (loops.get(variable) ?? []).slice(0, MOST_VALUES).flatMap((word) => expand(word, level + 1))
    return distinct([
      ...words.flatMap((word) => expand(word, level + 1)),
      ...gone.flatMap((text) => text.split(/\s+/)).slice(0, MOST_LISTED),
    ])
  }
  return (word) => expand(word, 0).filter((text) => text !== '')
}

/** What is assigned, and what stands for a variable that has no value, as in `: ${AWK=awk}`. */
function allValues({
  commands,
  programs,
  others,
  sourced,
  values,
}: ShellScript): ReadonlyMap<string, readonly Word[]> {
  const all = new Map([...values].map(([name, words]) => [name, [...words]]))
  for (const { pieces } of [
    ...commands,
    ...programs,
    ...others,
    ...sourced,
    ...[...values.values()].flat(),
  ]) {
    for (const piece of pieces) {
      if (typeof piece === 'string' || piece.otherwise === undefined) continue
      remembered(all, piece.variable, () => []).push(piece.otherwise)
    }
  }
  return all
}

/** A value may be a program with options. */
function firstWord(text: string): string {
  return /^\s*(\S*)/.exec(text)![1]!
}

/** What stands in front of one and is never set is for building another root, and empty else. */
function isPath(text: Word['pieces'][number] | undefined): boolean {
  return typeof text === 'string' && /^\/[\w@%+=:,./-]*[\w@%+=:,-]$/.test(text)
}

function isShort({ length }: string): boolean {
  return length <= LONGEST
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
