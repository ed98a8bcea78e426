import { formatPlatform } from '../image/platform.js'
import type { Lift } from '../lift/lift.js'
import { subjectsOf } from '../lift/subjects.js'
import {
  configOf,
  copySteps,
  imageName,
  preparation,
  stageName,
  subjectsLine,
  textOf,
} from './dockerfile-parts.js'
import { platformsFile } from './dockerfile-platforms.js'
import { fitsOneStage, stages } from './dockerfile-stages.js'
import { shellWord } from './dockerfile-words.js'
import type { EmitOptions, Emitter } from './emitter.js'
import { printable } from './printable.js'

/**
 * A Dockerfile that makes the lift's tree from scratch, each file at the path it is opened by, or with a stage a
 * fragment for the reader's own. Only instructions that the builders of Docker 20.10 know are used; the file for
 * several platforms needs BuildKit, since the legacy builder does not say what it builds for.
 */
export const dockerfile: Emitter = {
  describe: 'a FROM scratch Dockerfile, or with --stage the lines for one of your own',
  extension: 'Dockerfile',
  emit: (lift, options) =>
    textOf(options.stage === undefined ? wholeFile(lift, options) : fragment(lift, options, options.stage)),
  emitMany: (lifts, options) => textOf(platformsFile(lifts, options)),
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
      ...howToUse(lift),
      '',
      ...stages(copySteps(lift, 'context', '')),
      ...configOf(lift, options),
    ]
  }
  return [
    ...header(lift),
    ...preparation(copySource.madeBy ?? []),
    `# Build: docker build --platform ${printable(formatPlatform(lift.image.platform))} - < Dockerfile`,
    ...howToUse(lift),
    '',
    `FROM ${imageName(copySource.from)} AS ${SOURCE_STAGE}`,
    '',
    ...stages(copySteps(lift, 'image', `--from=${SOURCE_STAGE} `)),
    ...configOf(lift, options),
  ]
}

/** What an image is for that starts nothing. */
function howToUse({ programs }: Lift): readonly string[] {
  if (programs.length > 0) return []
  return ['# Nothing starts in it; other Dockerfiles take its files: COPY --from=NAME PATH PATH']
}

function fragment(lift: Lift, options: EmitOptions, stage: string): readonly string[] {
  const all = copySteps(lift, 'image', `--from=${stageName(stage)} `)
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
  return [
    `# Lifted by liftbin from ${printable(reference)}`,
    `#   ${printable(formatPlatform(platform))}${digest === undefined ? '' : `, ${printable(digest)}`}`,
    subjectsLine(subjectsOf(lift)),
  ]
}

function contextName(reference: string): string {
  return shellWord(reference.startsWith('dir:') ? reference.slice('dir:'.length) : reference)
}
