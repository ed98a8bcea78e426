import { takeWord } from './shell-command.js'
import type { Draft, ShellScript, State } from './shell-state.js'
import { type Place, readDocument } from './shell-word.js'

/** Reads a script by the grammar of the shell, as far as commands can be told from other words without running it. */
export function readShellScript(text: string): ShellScript {
  const script: Draft = {
    commands: [],
    programs: [],
    sourced: [],
    others: [],
    values: new Map(),
    loops: new Map(),
    functions: new Set(),
    texts: 0,
  }
  readCommands(script, placeIn(script, text, 0))
  return script
}

const DEEPEST = 16
const MOST_TEXTS = 20_000

function placeIn(script: Draft, text: string, level: number): Place {
  return {
    text,
    at: 0,
    depth: 0,
    substitution: (place) => readCommands(script, place),
    nested: (inner) => {
      if (level < DEEPEST && ++script.texts < MOST_TEXTS)
        readCommands(script, placeIn(script, inner, level + 1))
    },
  }
}

/** Reads to the parenthesis that ends a substitution, or to the end. */
function readCommands(script: Draft, place: Place): void {
  const state: State = {
    expects: 'command',
    before: 'command',
    command: '',
    loop: '',
    tabs: 'kept',
    groups: [0],
    documents: [],
  }
  while (place.at < place.text.length) {
    const char = place.text[place.at]!
    if (char === ' ' || char === '\t' || char === '\r') place.at++
    else if (place.text.startsWith('\\\n', place.at)) place.at += 2
    else if (char === '#') skipLine(place)
    else if (char === '\n') endLine(state, place)
    else if (char === ')' && state.expects !== 'pattern' && state.groups.length === 1) {
      place.at++
      return
    } else if (!readOperator(state, place)) takeWord(script, state, place)
  }
}

function skipLine(place: Place): void {
  const end = place.text.indexOf('\n', place.at)
  place.at = end < 0 ? place.text.length : end
}

function endLine(state: State, place: Place): void {
  place.at++
  if (state.expects !== 'pattern') state.expects = 'command'
  const { documents } = state
  state.documents = []
  for (const document of documents) passDocument(document, place)
}

function passDocument({ end, isQuoted, isIndented }: State['documents'][number], place: Place): void {
  const { text, at } = place
  let start = at
  while (start < text.length) {
    const stop = text.indexOf('\n', start)
    const line = text.slice(start, stop < 0 ? text.length : stop)
    const next = stop < 0 ? text.length : stop + 1
    if ((isIndented ? line.replace(/^\t+/, '') : line) === end) {
      if (!isQuoted) readDocument(place, start)
      place.at = next
      return
    }
    start = next
  }
  place.at = text.length
}

const OPERATOR = /;;&|;;|;&|&&|\|\||\|&|&>>|&>|<<<|<<-|<<|>>|>\||<>|<&|>&|\(\(|[;&|<>()]/y
const REDIRECTIONS = ['<', '>', '>>', '>|', '<>', '<&', '>&', '&>', '&>>', '<<<']

/** Gives whether there was an operator. */
function readOperator(state: State, place: Place): boolean {
  OPERATOR.lastIndex = place.at
  const operator = OPERATOR.exec(place.text)?.[0]
  if (operator === undefined) return false
  place.at += operator.length
  const { groups } = state
  if (operator === '<<' || operator === '<<-') expectFile(state, 'heredoc', operator)
  else if (REDIRECTIONS.includes(operator)) expectFile(state, 'file', operator)
  else if (state.expects === 'pattern') {
    if (operator === ')') state.expects = 'command'
  } else if (operator === '((') {
    const end = place.text.indexOf('))', place.at)
    place.at = end < 0 ? place.text.length : end + 2
  } else {
    if (operator === '(') groups.push(0)
    else if (operator === ')') groups.pop()
    const isNextCase = operator.startsWith(';') && operator !== ';' && groups.at(-1)! > 0
    state.expects = isNextCase ? 'pattern' : 'command'
  }
  return true
}

/** A process substitution, `<(…)`, is a group of commands after what looks like a redirection. */
function expectFile(state: State, what: 'file' | 'heredoc', operator: string): void {
  if (state.expects !== 'file' && state.expects !== 'heredoc') state.before = state.expects
  state.expects = what
  state.tabs = operator === '<<-' ? 'taken off' : 'kept'
}
