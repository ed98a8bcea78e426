import { LiftError } from '../errors.js'
import { type ConfigOptions, EMPTY_CONFIG, type ImageConfig, mergedEnv } from '../image/config.js'
import type { Image } from '../image/image.js'
import { imageNameOf } from '../image/reference.js'
import { commandOf } from '../lift/command.js'
import type { TreeLift } from '../lift/lift.js'
import { subjectsOf } from '../lift/subjects.js'
import type { Packing } from './packing.js'

/** What the user wants of the new image, over what the source says. */
export interface NewImageOptions extends ConfigOptions {
  /** `NAME=value` annotations of the manifest. */
  readonly annotations?: readonly string[]
  /** SOURCE_DATE_EPOCH, in seconds. */
  readonly epoch?: number
}

/**
 * A lift as an image to pack: how it is run comes from the options, else from the source. Files are read from the
 * source as the packing is written, so that has to be open until then. Throws LiftError 'usage'.
 */
export function newImage(
  lift: TreeLift,
  source: Pick<Image, 'config' | 'rootfs'>,
  options: NewImageOptions,
): Packing {
  const { image, tree } = lift
  const { epoch } = options
  return {
    platform: image.platform,
    tree,
    open: (file) => source.rootfs.open(file),
    config: newConfig(lift, source.config, options),
    annotations: {
      ...baseAnnotations(lift),
      ...Object.fromEntries((options.annotations ?? []).map((line) => pairOf('annotation', line))),
    },
    createdBy: `liftbin build ${[...subjectsOf(lift)].sort().join(' ')}`,
    ...(epoch === undefined ? {} : { epoch }),
  }
}

/** Throws LiftError 'usage' for what is not of the form NAME=value, before there is an image to make. */
export function checkNewImageOptions({
  env = [],
  labels = [],
  annotations = [],
  user = '',
}: NewImageOptions): void {
  if (!/^([0-9]{1,10}(:[0-9]{1,10})?)?$/.test(user)) {
    throw new LiftError('usage', `--user ${user} is no number`, {
      hint: 'Write UID or UID:GID: the new image need not know any names.',
    })
  }
  for (const line of env) pairOf('env', line)
  for (const line of labels) pairOf('label', line)
  for (const line of annotations) pairOf('annotation', line)
}

/**
 * SOURCE_DATE_EPOCH of an environment (reproducible-builds.org, "SOURCE_DATE_EPOCH specification"), in seconds;
 * undefined where it is not set. Throws LiftError 'usage'.
 */
export function sourceDateEpoch(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const { SOURCE_DATE_EPOCH: text } = env
  if (text === undefined || text === '') return undefined
  if (/^[0-9]{1,11}$/.test(text)) return Number(text)
  throw new LiftError('usage', `SOURCE_DATE_EPOCH is ${JSON.stringify(text)}, not a number of seconds`)
}

function newConfig(lift: TreeLift, source: ImageConfig, options: NewImageOptions): ImageConfig {
  const { exposedPorts, volumes, stopSignal } = lift.programs.length > 0 ? source : EMPTY_CONFIG
  const user = options.user ?? lift.image.userNumbers ?? lift.image.user
  const workingDir = absolute(options.workdir ?? lift.image.workingDir)
  return {
    ...commandOf(lift, options),
    env: environment([...lift.image.env, ...homeOf(lift, options)], options.env ?? []),
    exposedPorts,
    volumes,
    labels: {
      ...keptLabels(source.labels),
      ...Object.fromEntries((options.labels ?? []).map((line) => pairOf('label', line))),
    },
    ...(user === undefined || user === '' ? {} : { user }),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
  }
}

/** From the root, as WORKDIR is; engines refuse a container that would begin anywhere else. */
function absolute(path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined
  return path.startsWith('/') ? path : `/${path}`
}

/** What engines would tell the source's user by the files of the source; of another user they know by themselves. */
function homeOf({ image: { userHome } }: TreeLift, { user }: NewImageOptions): readonly string[] {
  return user === undefined && userHome !== undefined ? [`HOME=${userHome}`] : []
}

function environment(ofImage: readonly string[], asked: readonly string[]): readonly string[] {
  for (const line of asked) pairOf('env', line)
  return mergedEnv(ofImage, asked)
}

/** What says what the source is, which the new image is not. */
const OF_THE_SOURCE = /^org\.opencontainers\.image\.(title|description|version|created|ref\.name|base\..*)$/

function keptLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !OF_THE_SOURCE.test(key)))
}

/** OCI image-spec, "Pre-Defined Annotation Keys". A path of this host would say nothing to others. */
function baseAnnotations({ image: { reference, digest } }: TreeLift): Record<string, string> {
  const [, location] = /^(?:docker|podman|registry):(.*)$/s.exec(reference) ?? []
  const base = 'org.opencontainers.image.base'
  return {
    ...(location === undefined ? {} : nameAnnotation(`${base}.name`, location)),
    ...(digest === undefined ? {} : { [`${base}.digest`]: digest }),
  }
}

/** Engines also know images by their IDs, which are no names. */
function nameAnnotation(key: string, location: string): Record<string, string> {
  const name = imageNameOf(location)
  if (name === undefined) return {}
  const { registry, repository, tag, digest } = name
  const end = digest === undefined ? `:${tag ?? 'latest'}` : `@${digest}`
  return { [key]: `${registry}/${repository}${end}` }
}

function pairOf(option: string, line: string): readonly [string, string] {
  const cut = line.indexOf('=')
  if (cut > 0) return [line.slice(0, cut), line.slice(cut + 1)]
  throw new LiftError('usage', `--${option} ${line} is not of the form NAME=value`)
}
