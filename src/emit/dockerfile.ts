import { LiftError } from '../errors.js'
import { formatPlatform } from '../image/platform.js'
import type { Lift } from '../lift/lift.js'
import { commentsOf } from './dockerfile-comments.js'
import { configLines, makeDirectory } from './dockerfile-config.js'
import { type CopyGroup, groupCopies } from './dockerfile-groups.js'
import { fitsOneStage, type Step, stages } from './dockerfile-stages.js'
import { shellWord } from './dockerfile-words.js'
import type { EmitOptions, Emitter } from './emitter.js'
import { printable } from './printable.js'

/**
 * A Dockerfile that makes the lift's tree from scratch, each file at the path it is opened by, or with a stage a
 * fragment for the reader's own. Only instructions that the builders of Docker 20.10 know are used.
 */
export const dockerfile: Emitter = {
  describe: 'a FROM scratch Dockerfile, or with --stage the lines for one of your own',
  extension: 'Dockerfile',
  emit: (lift, options) => {
    const lines =
      options.stage === undefined ? wholeFile(lift, options) : fragment(lift, options, options.stage)
    return `${lines.join('\n').replace(/\n{3,}/g, '\n\n')}\n`
  },
}

/** No stage or image of a reader is likely to have this name. */
const SOURCE_STAGE = 'liftbin-source'

function wholeFile(lift: Lift, options: EmitOptions): readonly string[] {
  const { copySource } = lift.image
  if (copySource.kind === 'context') {
    return [
      ...header(lift),
      `# Build: docker build -f Dockerfile ${contextName(lift.image.reference)}`,
      '# COPY from a build context gives all files to root; the legacy builder drops setuid bits as well.',
      '',
      ...stages(steps(lift, 'context', '')),
      ...configOf(lift, options),
    ]
  }
  return [
    ...header(lift),
    ...preparation(copySource.madeBy ?? []),
    `# Build: docker build --platform ${printable(formatPlatform(lift.image.platform))} - < Dockerfile`,
    '',
    `FROM ${imageName(copySource.from)} AS ${SOURCE_STAGE}`,
    '',
    ...stages(steps(lift, 'image', `--from=${SOURCE_STAGE} `)),
    ...configOf(lift, options),
  ]
}

function fragment(lift: Lift, options: EmitOptions, stage: string): readonly string[] {
  const all = steps(lift, 'image', `--from=${stageName(stage)} `)
  const fits = fitsOneStage(all)
  return [
    ...header(lift),
    fits
      ? `# For a FROM scratch below the stage ${stage}`
      : `# For the end of a Dockerfile, below the stage ${stage}; FROM scratch is among these lines`,
    '',
    ...(fits ? all : stages(all)),
    ...configOf(lift, options),
  ]
}

function header(lift: Lift): readonly string[] {
  const { reference, digest, platform } = lift.image
  const programs = lift.programs.slice(0, 5).map((program) => printable(program.path))
  const rest = lift.programs.length - programs.length
  return [
    `# Lifted by liftbin from ${printable(reference)}`,
    `#   ${printable(formatPlatform(platform))}${digest === undefined ? '' : `, ${printable(digest)}`}`,
    `#   ${programs.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`,
  ]
}

function steps(lift: Lift, origin: 'image' | 'context', flag: string): readonly Step[] {
  const groups = groupCopies(lift.copies, origin)
  const comments = commentsOf(lift, groups)
  return [
    ...groups.map((group, index) => copyStep(group, flag, comments[index])),
    ...bareDirectories(lift).map(makeDirectory),
  ]
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

function configOf(lift: Lift, options: EmitOptions): readonly string[] {
  const lines = configLines(lift, options, bareDirectories(lift))
  return lines.length === 0 ? [] : ['', ...lines]
}

/** A `FROM` takes its name unquoted, so nothing but a reference may get there. */
function imageName(from: string): string {
  if (/^[A-Za-z0-9[][\w.:/@+[\]-]*$/.test(from)) return from
  throw new LiftError('usage', `${printable(from)} cannot be the name of an image in a Dockerfile`)
}

/** A stage's name or number, as COPY --from takes it. */
function stageName(stage: string): string {
  if (/^([A-Za-z][\w.-]*|[0-9]+)$/.test(stage)) return stage
  throw new LiftError('usage', `${printable(stage)} cannot be the name of a stage`, {
    hint: 'A stage is named by FROM image AS name: letters, digits, "-", "_" and ".".',
  })
}

function contextName(reference: string): string {
  return shellWord(reference.startsWith('dir:') ? reference.slice('dir:'.length) : reference)
}

/** What has to be done before any builder knows the image by its name. */
function preparation(commands: readonly (readonly string[])[]): readonly string[] {
  if (commands.length === 0) return []
  return [`# First: ${commands.map((words) => words.map(shellWord).join(' ')).join(' && ')}`]
}
