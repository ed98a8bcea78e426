import { LiftError } from '../errors.js'
import type { Lift } from '../lift/lift.js'
import { commentsOf } from './dockerfile-comments.js'
import { configLines, makeDirectory } from './dockerfile-config.js'
import { type CopyGroup, groupCopies } from './dockerfile-groups.js'
import { generatedSteps } from './dockerfile-heredocs.js'
import type { Step } from './dockerfile-stages.js'
import { shellWord } from './dockerfile-words.js'
import type { EmitOptions } from './emitter.js'
import { printable } from './printable.js'

/** The instructions that make the lift's tree; `flag` says where a COPY takes its files from. */
export function copySteps(lift: Lift, origin: 'image' | 'context', flag: string): readonly Step[] {
  const groups = groupCopies(lift.copies, origin)
  const comments = commentsOf(lift, groups)
  return [
    ...groups.map((group, index) => copyStep(group, flag, comments[index])),
    ...bareDirectories(lift).map(makeDirectory),
    ...generatedSteps(lift),
  ]
}

/** The configuration of the new image, below an empty line. */
export function configOf(lift: Lift, options: EmitOptions): readonly string[] {
  const lines = configLines(lift, options, bareDirectories(lift))
  return lines.length === 0 ? [] : ['', ...lines]
}

/** The lines of a file, with no more than one empty line between two others. */
export function textOf(lines: readonly string[]): string {
  return `${lines.filter((line, index) => line !== '' || lines[index - 1] !== '').join('\n')}\n`
}

/** What was lifted, as a line of a comment. */
export function subjectsLine(paths: readonly string[]): string {
  const shown = paths.slice(0, MOST_SUBJECTS).map(printable)
  const rest = paths.length - shown.length
  return `#   ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

const MOST_SUBJECTS = 5

/** A `FROM` takes its name unquoted, so nothing but a reference may get there. */
export function imageName(from: string): string {
  if (/^[A-Za-z0-9[][\w.:/@+[\]-]*$/.test(from)) return from
  throw new LiftError('usage', `${printable(from)} cannot be the name of an image in a Dockerfile`)
}

/** A stage's name or number, as COPY --from takes it. */
export function stageName(stage: string): string {
  if (/^([A-Za-z][\w.-]*|[0-9]+)$/.test(stage)) return stage
  throw new LiftError('usage', `${printable(stage)} cannot be the name of a stage`, {
    hint: 'A stage is named by FROM image AS name: letters, digits, "-", "_" and ".".',
  })
}

/** What has to be done before any builder knows the image by its name. */
export function preparation(commands: readonly (readonly string[])[]): readonly string[] {
  if (commands.length === 0) return []
  return [`# First: ${commands.map((words) => words.map(shellWord).join(' ')).join(' && ')}`]
}

function copyStep(group: CopyGroup, flag: string, comment: string | undefined): Step {
  const one = `COPY ${flag}[${group.words.join(', ')}]`
  const short = group.words.length === 2 && one.length <= 120
  const above = comment === undefined ? '' : `# ${comment}\n`
  return `${above}${short ? one : `COPY ${flag}[ \\\n  ${group.words.join(', \\\n  ')} \\\n]`}`
}

/** The directories that no COPY makes on its way and no deeper directory of the list. */
function bareDirectories(lift: Lift): readonly string[] {
  const made = new Set<string>()
  const enter = (path: string) => {
    for (let at = path; at !== '' && !made.has(at); at = at.slice(0, at.lastIndexOf('/'))) made.add(at)
  }
  for (const copy of lift.copies)
    enter(copy.kind === 'directory' ? copy.to : copy.to.slice(0, copy.to.lastIndexOf('/')))
  const bare: string[] = []
  for (const path of [...lift.directories].sort().reverse()) {
    if (path === '/' || made.has(path)) continue
    bare.push(path)
    enter(path)
  }
  return bare.reverse()
}
