import type { Draft, State } from './shell-state.js'
import { type Place, readWord, type Word } from './shell-word.js'

/** Reads a word and takes it for what it is where it stands. */
export function takeWord(script: Draft, state: State, place: Place): void {
  const start = place.at
  const word = readWord(place)
  if (place.at === start) {
    place.at++
    return
  }
  if (isDescriptor(place, start)) return
  if (state.expects === 'file' || state.expects === 'heredoc') takeFile(script, state, word)
  else if (state.expects === 'pattern') takePattern(state, word)
  else if (state.expects === 'command') takeCommand(script, state, place, word)
  else takeArgument(script, state, place, word)
}

const OPENING = new Set(['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', 'time', 'coproc'])
const CLOSING = new Set(['fi', 'done', '}', 'esac'])
/** They start the program that they are given. */
const STARTING = new Set('exec nohup nice env xargs setsid sudo stdbuf ionice'.split(' '))
/** They run it as the shell would, or say where it is. */
const RUNNING = new Set([...STARTING, 'command', 'builtin', 'type', 'which', 'hash'])
const ASSIGNMENT = /^([A-Za-z_]\w*)\+?=/
const DECLARING = new Set(['export', 'local', 'readonly', 'declare', 'typeset'])

/** The number in front of a redirection, as in `2>file`. */
function isDescriptor({ text, at }: Place, start: number): boolean {
  return (text[at] === '<' || text[at] === '>') && /^\d+$/.test(text.slice(start, Math.min(at, start + 5)))
}

function takeFile(script: Draft, state: State, word: Word): void {
  const { expects } = state
  state.expects = state.before
  if (expects === 'file') script.others.push(word)
  else {
    const { isQuoted } = word
    state.documents.push({ end: textOf(word) ?? '', isQuoted, isIndented: state.tabs === 'taken off' })
  }
}

function takePattern(state: State, word: Word): void {
  if (textOf(word) !== 'esac' || word.isQuoted) return
  closeCase(state)
  state.expects = 'argument'
}

function closeCase({ groups }: State): void {
  const open = groups.at(-1)!
  if (open > 0) groups[groups.length - 1] = open - 1
}

function takeCommand(script: Draft, state: State, place: Place, word: Word): void {
  const text = word.isQuoted ? undefined : textOf(word)
  if (assign(script, place, word)) return
  if (text !== undefined && OPENING.has(text)) return
  state.expects = 'argument'
  state.command = text ?? ''
  state.loop = ''
  if (text !== undefined && CLOSING.has(text)) {
    if (text === 'esac') closeCase(state)
    return
  }
  if (text !== undefined && /^\s*\(\s*\)/.test(place.text.slice(place.at, place.at + 20))) {
    script.functions.add(text)
    place.at = place.text.indexOf(')', place.at) + 1
    state.expects = 'command'
    return
  }
  if (text === '[[') skipTest(place)
  if (text !== '.' && text !== 'source') script.commands.push(word)
}

/** `NAME=value`; a list in parentheses is passed over. */
function assign(script: Draft, place: Place, { pieces }: Word): boolean {
  const [first, ...rest] = pieces
  const matched = typeof first === 'string' ? ASSIGNMENT.exec(first) : null
  if (matched === null) return false
  const value = (first as string).slice(matched[0].length)
  addValue(script.values, matched[1]!, { pieces: [value, ...rest], isQuoted: true })
  if (place.text[place.at] === '(' && rest.length === 0) {
    const end = place.text.indexOf(')', place.at)
    place.at = end < 0 ? place.text.length : end + 1
  }
  return true
}

function skipTest(place: Place): void {
  const end = place.text.indexOf(']]', place.at)
  place.at = end < 0 ? place.text.length : end + 2
}

function takeArgument(script: Draft, state: State, place: Place, word: Word): void {
  const text = textOf(word)
  const { command } = state
  if (command === 'case' && text === 'in' && !word.isQuoted) {
    state.groups[state.groups.length - 1]!++
    state.expects = 'pattern'
  } else if (command === 'function') {
    script.functions.add(text ?? '')
    state.expects = 'command'
  } else if (command === 'for' || command === 'select') takeLoop(script, state, word)
  else if (DECLARING.has(command) && assign(script, place, word)) return
  else if (command === '.' || command === 'source') {
    script.sourced.push(word)
    state.command = ''
  } else if (RUNNING.has(command)) takeRun(script, state, place, word)
  else if (command === 'eval' || command === 'trap') takeText(script, state, place, word)
  else script.others.push(word)
}

/** `for NAME in VALUE...`. */
function takeLoop(script: Draft, state: State, word: Word): void {
  if (state.loop === '') state.loop = textOf(word) ?? ''
  else if (textOf(word) !== 'in') addValue(script.loops, state.loop, word)
}

function addValue(values: Map<string, Word[]>, name: string, value: Word): void {
  const earlier = values.get(name)
  if (earlier === undefined) values.set(name, [value])
  else earlier.push(value)
}

/** What `eval` gets may be a variable alone, with a program in it. */
function takeText(script: Draft, state: State, place: Place, word: Word): void {
  const text = textOf(word)
  if (text === undefined) script.commands.push(word)
  else place.nested(text)
  if (state.command === 'trap') state.command = ''
}

/** Options and numbers come before the program. */
function takeRun(script: Draft, state: State, place: Place, word: Word): void {
  if (/^(-|\d)/.test(textOf(word) ?? '') || assign(script, place, word)) return
  const words = STARTING.has(state.command) ? script.programs : script.commands
  words.push(word)
  if (state.command !== 'type' && state.command !== 'which') state.command = ''
}

/** Undefined where a run decides on it. */
function textOf({ pieces }: Word): string | undefined {
  return pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : undefined
}
