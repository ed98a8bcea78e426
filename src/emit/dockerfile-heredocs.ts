import type { Lift } from '../lift/lift.js'
import { basename, parent, type RootPath } from '../rootfs/path.js'
import type { Step } from './dockerfile-stages.js'
import { LONGEST_LINE } from './dockerfile-words.js'
import { printable } from './printable.js'

type Generated = NonNullable<Lift['generated']>[number]

/**
 * Writes the files that the image does not have into the Dockerfile itself (Dockerfile reference, "Here-documents"),
 * those of one directory in one COPY. Builders before that syntax refuse the whole file, which a comment says.
 */
export function generatedSteps({ generated = [], packages = [] }: Lift): readonly Step[] {
  if (generated.length === 0) return []
  const files = generated.map(heredocOf)
  const notes = files
    .filter((file) => !isWritable(file))
    .map(({ path }) => `# ${printable(path)} ${LEFT_OUT}`)
  const [first, ...rest] = groups(files.filter(isWritable)).map(copyStep)
  if (first === undefined) return []
  return [[...heading(packages.length), ...notes, first].join('\n'), ...rest]
}

function heading(packages: number): readonly string[] {
  const which = packages === 1 ? 'the one package' : `the ${packages} packages`
  return [
    `# what scanners read, reduced to ${which} that these files are from; here-documents take Docker 23 or later,`,
    '# an older BuildKit a first line of "# syntax=docker/dockerfile:1.4"',
  ]
}

const LEFT_OUT = 'is left out: it cannot be written in a Dockerfile'

/** A file to be written out. */
interface Heredoc {
  readonly path: RootPath
  readonly lines: readonly string[]
}

/** What a terminal must not see is spelled out: real databases have it in descriptions at most. */
function heredocOf({ path, bytes }: Generated): Heredoc {
  const text = Buffer.from(bytes).toString().replace(/\n$/, '')
  return { path, lines: text.split('\n').map(spelled) }
}

function spelled(line: string): string {
  return line.split('\t').map(printable).join('\t')
}

/** The destination has to be a plain word, since the JSON form has no here-documents. */
function isWritable({ path, lines }: Heredoc): boolean {
  return /^[\w./+:~-]+$/.test(path) && lines.every((line) => Buffer.byteLength(line) < LONGEST_LINE)
}

/** The line that names them must not get too long either. */
const MOST_FILES = 100

/** Neighbours in one directory; a file that has its own name for a line is alone. */
function groups(files: readonly Heredoc[]): readonly (readonly Heredoc[])[] {
  const found: Heredoc[][] = []
  for (const file of files) {
    const last = found.at(-1)
    if (last !== undefined && last.length < MOST_FILES && isTogether(last[0]!, file)) last.push(file)
    else found.push([file])
  }
  return found
}

function isTogether(a: Heredoc, b: Heredoc): boolean {
  return parent(a.path) === parent(b.path) && isEndedByName(a) && isEndedByName(b)
}

function isEndedByName({ path, lines }: Heredoc): boolean {
  return !lines.includes(basename(path))
}

/** Several files are named by the words that end them. In quotes, so that nothing in the text is expanded. */
function copyStep(files: readonly Heredoc[]): Step {
  const [only, second] = files
  if (second === undefined) {
    const end = freeWord('EOF', only!.lines)
    return [`COPY <<"${end}" ${only!.path}`, ...only!.lines, end].join('\n')
  }
  const words = files.map(({ path }) => `<<"${basename(path)}"`)
  const texts = files.flatMap(({ path, lines }) => [...lines, basename(path)])
  return [`COPY ${words.join(' ')} ${parent(only!.path)}/`, ...texts].join('\n')
}

function freeWord(word: string, lines: readonly string[]): string {
  return lines.includes(word) ? freeWord(`${word}_`, lines) : word
}
