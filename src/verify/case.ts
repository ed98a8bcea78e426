import { LiftError } from '../errors.js'
import { splitWords } from './command-line.js'

/** One way to run a program. */
export interface Case {
  readonly name?: string
  /** One of the lifted binaries; without it, each of them is run. */
  readonly program?: string
  /** Without them the program is started with the words that its image starts it with, if it does. */
  readonly args?: readonly string[]
  /** What the program reads; nothing by default. */
  readonly stdin?: string | Uint8Array
  /** Put over the environment of the image. */
  readonly env?: Readonly<Record<string, string>>
  readonly workdir?: string
  /** In place of the image's. */
  readonly user?: string
  /** In seconds. */
  readonly timeout?: number
}

/** Most cases of one file. */
const MOST_CASES = 10_000

/**
 * Reads a file of cases: a JSON array of them, or a line for each, which is a JSON object or the command line itself,
 * the program first; empty lines and those that begin with `#` count for nothing. Throws LiftError 'usage'.
 */
export function parseCases(text: string, file: string): readonly Case[] {
  const cases = text.trimStart().startsWith('[') ? arrayOf(text, file) : linesOf(text, file)
  if (cases.length === 0) throw wrong(file, 'it holds no case')
  if (cases.length > MOST_CASES) throw wrong(file, `it holds more than ${MOST_CASES} cases`)
  return cases
}

function arrayOf(text: string, file: string): readonly Case[] {
  const values = parsed(text, file)
  if (!Array.isArray(values)) throw wrong(file, 'it is no JSON array')
  return values.map((value: unknown, index) => caseOf(value, `${file}, case ${index + 1}`))
}

function linesOf(text: string, file: string): readonly Case[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const where = `${file}, line ${index + 1}`
    if (/^\s*(#|$)/.test(line)) return []
    if (/^\s*\{/.test(line)) return [caseOf(parsed(line, where), where)]
    const words = splitWords(line)
    if (words === undefined) throw wrong(where, 'a quote is not closed')
    const [program = '', ...args] = words
    return [{ name: line.trim(), program, args }]
  })
}

/** What each field must be, in words and as a test. */
const FIELDS: Readonly<Record<keyof Case, readonly [string, (value: unknown) => boolean]>> = {
  name: ['a text', isText],
  program: ['a text', isText],
  args: ['an array of texts', (value) => Array.isArray(value) && value.every(isText)],
  stdin: ['a text', isText],
  env: ['an object of texts', (value) => isObject(value) && Object.values(value).every(isText)],
  workdir: ['an absolute path', (value) => isText(value) && value.startsWith('/')],
  user: ['a text', isText],
  timeout: ['a number of seconds above 0', isTimeout],
}

function caseOf(value: unknown, where: string): Case {
  if (!isObject(value)) throw wrong(where, 'it is no JSON object')
  for (const [field, given] of Object.entries(value)) {
    const rule = Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof Case] : undefined
    if (rule === undefined) throw wrong(where, `there is no field ${JSON.stringify(field)}`)
    if (!rule[1](given)) throw wrong(where, `${field} is not ${rule[0]}`)
  }
  return value
}

/** Whether something is a number of seconds that a run may be given; a day is the most. */
function isTimeout(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= 86_400
}

/** No argument, path or variable can hold a NUL. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw wrong(where, `it is no JSON: ${(error as Error).message}`)
  }
}

function wrong(where: string, what: string): LiftError {
  return new LiftError('usage', `${where}: ${what}`, {
    hint: 'A case is {"args": ["--version"]}, with "program", "stdin", "env", "workdir", "user", "timeout" and "name" where wanted; or a command line.',
  })
}
