import { LiftError } from '../errors.js'
import { canonicalPlatform, formatPlatform, type Platform } from '../image/platform.js'
import type { LiftedImage } from '../lift/lift.js'
import { subjectsOf } from '../lift/subjects.js'
import { configOf, copySteps, imageName, preparation, stageName, subjectsLine } from './dockerfile-parts.js'
import { stages } from './dockerfile-stages.js'
import type { EmitOptions, PlatformLift } from './emitter.js'
import { byPlatform } from './platform-order.js'
import { printable } from './printable.js'

/**
 * One Dockerfile for several platforms. Each has stages of its own, with its own files and configuration; the last
 * line takes those of the platform that is built for, and BuildKit builds no other. ARG TARGETARCH is not declared:
 * above the first FROM, Docker 20.10 would take it for empty.
 * Throws LiftError 'usage' where the lifts or options cannot be written so.
 */
export function platformsFile(lifts: readonly PlatformLift[], options: EmitOptions): readonly string[] {
  const sorted = byPlatform(lifts)
  checkStages(sorted)
  return [
    ...header(sorted),
    ...(options.stage === undefined ? howToBuild(sorted) : whereToPut(stageName(options.stage))),
    ...sorted.flatMap((one) => ['', ...stagesOf(one, options)]),
    '',
    '# the stage of the platform that is built for',
    `FROM liftbin-${selector(sorted)}`,
  ]
}

function checkStages(lifts: readonly PlatformLift[]): void {
  const names = lifts.map(({ platform }) => suffix(platform))
  const twice = lifts.find((_, index) => names.indexOf(names[index]!) !== index)
  if (twice === undefined && lifts.length > 0) return
  throw new LiftError(
    'usage',
    twice === undefined
      ? 'there is no lift to write'
      : `a Dockerfile cannot tell two lifts for ${printable(formatPlatform(twice.platform))} apart`,
  )
}

function header(lifts: readonly PlatformLift[]): readonly string[] {
  const references = new Set(lifts.map(({ lift }) => printable(lift.image.reference)))
  const subjects = lifts.flatMap(({ lift }) => subjectsOf(lift))
  return [
    `# Lifted by liftbin from ${[...references].join(', ')}`,
    ...lifts.map(({ platform, lift }) => `#   ${nameOf(platform)}${pinOf(lift.image)}`),
    subjectsLine([...new Set(subjects)]),
  ]
}

function pinOf({ copySource, digest }: LiftedImage): string {
  const own = copySource.kind === 'image' ? copySource.ofPlatform?.split('@').at(-1) : undefined
  const known = own ?? digest
  return known === undefined ? '' : `, ${printable(known)}`
}

const BUILDKIT = '# Only BuildKit builds it: it says by TARGETARCH what is built for.'

function howToBuild(lifts: readonly PlatformLift[]): readonly string[] {
  const commands = lifts.flatMap(({ lift: { image } }) =>
    image.copySource.kind === 'image' ? preparation(image.copySource.madeBy ?? []) : [],
  )
  const names = lifts.map(({ platform }) => nameOf(platform))
  // What has to be loaded first is in the engine, which builds for one platform at a time.
  const all = `# Build for all: docker buildx build --platform ${names.join(',')} - < Dockerfile`
  return [
    ...new Set(commands),
    `# Build for one: DOCKER_BUILDKIT=1 docker build --platform ${names[0]} - < Dockerfile`,
    ...(commands.length === 0 ? [all] : []),
    `${BUILDKIT} Nothing is run, so nothing is emulated.`,
  ]
}

function whereToPut(stage: string): readonly string[] {
  return [
    `# For the end of a Dockerfile, below the stage ${stage}; FROM scratch is among these lines`,
    BUILDKIT,
    '# There may be no ARG TARGETARCH above the first FROM: some versions take it for empty then.',
  ]
}

function stagesOf({ platform, lift }: PlatformLift, options: EmitOptions): readonly string[] {
  const own = suffix(platform)
  const { from, head } =
    options.stage === undefined ? sourceStage(lift.image, own) : readersStage(options.stage)
  const names = { last: ` AS liftbin-${own}`, part: `liftbin-files-${own}` }
  return [...head, ...stages(copySteps(lift, 'image', `--from=${from} `), names), ...configOf(lift, options)]
}

interface SourceStage {
  readonly from: string
  readonly head: readonly string[]
}

function readersStage(stage: string): SourceStage {
  return { from: stageName(stage), head: [] }
}

function sourceStage({ copySource, reference, platform }: LiftedImage, own: string): SourceStage {
  if (copySource.kind === 'context') {
    throw new LiftError('usage', `${printable(reference)} is a build context, which is for one platform`)
  }
  const from = `liftbin-source-${own}`
  const image = imageName(copySource.ofPlatform ?? copySource.from)
  return { from, head: [`FROM --platform=${wordOf(platform)} ${image} AS ${from}`, ''] }
}

/** What the image says that it is for: it may be another variant than the one that is built for. */
function wordOf(platform: Platform): string {
  const text = formatPlatform(platform)
  if (/^[a-z0-9]+(\/[a-z0-9_.]+){1,2}$/.test(text)) return text
  throw new LiftError('usage', `${printable(text)} cannot be the platform of an image in a Dockerfile`)
}

/** What the names of a platform's stages end with, as `selector` spells it out. */
function suffix(platform: Platform): string {
  const { os, architecture, variant } = canonicalPlatform(platform)
  const words = variant === undefined ? [architecture] : [architecture, variant]
  if (os === 'linux' && words.every((word) => /^[a-z0-9_.]+$/.test(word))) return words.join('-')
  throw new LiftError('usage', `no stage can be chosen for the platform ${nameOf(platform)}`)
}

/** Without variants, a build for one of them takes what there is for its architecture. */
function selector(lifts: readonly PlatformLift[]): string {
  const hasVariants = lifts.some(({ platform }) => canonicalPlatform(platform).variant !== undefined)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the builder that fills them in
  return hasVariants ? '${TARGETARCH}${TARGETVARIANT:+-$TARGETVARIANT}' : '${TARGETARCH}'
}

function nameOf(platform: Platform): string {
  return printable(formatPlatform(platform))
}
