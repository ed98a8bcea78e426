import type { Word } from './shell-word.js'

/** What a shell script says that it starts and reads, in words whose variables stand as they are. */
export interface ShellScript {
  /** Words that are commands, among them keywords of no meaning here and functions. */
  readonly commands: readonly Word[]
  /** Words that another program, or none, starts in place of the shell: of these nothing is built in. */
  readonly programs: readonly Word[]
  /** Files that are read in by `.` or `source`. */
  readonly sourced: readonly Word[]
  /** All other words: arguments, and files of redirections. */
  readonly others: readonly Word[]
  /** What is assigned to each variable. */
  readonly values: ReadonlyMap<string, readonly Word[]>
  /** What each variable of a loop goes through; each word may be several then. */
  readonly loops: ReadonlyMap<string, readonly Word[]>
  readonly functions: ReadonlySet<string>
}

/** A script that is being read. */
export interface Draft extends ShellScript {
  readonly commands: Word[]
  readonly programs: Word[]
  readonly sourced: Word[]
  readonly others: Word[]
  readonly values: Map<string, Word[]>
  readonly loops: Map<string, Word[]>
  readonly functions: Set<string>
  /** How many texts inside of it have been read. */
  texts: number
}

/** Where reading is in the grammar. */
export interface State {
  /** What the next word is. */
  expects: 'command' | 'argument' | 'pattern' | 'file' | 'heredoc'
  /** What was expected before a redirection. */
  before: State['expects']
  /** The command whose arguments follow. */
  command: string
  /** The variable of the loop whose values follow. */
  loop: string
  /** Whether tabs in front of the lines of the next here-document count. */
  tabs: 'kept' | 'taken off'
  /** Open parentheses, and the cases that are open within each. */
  readonly groups: number[]
  /** The ends of here-documents whose lines are still to come. */
  documents: { readonly end: string; readonly isQuoted: boolean; readonly isIndented: boolean }[]
}
