import type { Image, Limits, OpenOptions, Platform } from '../index.js'
import type { CommonFlags, Context, Door, SourceFlags } from './context.js'
import { startProgress } from './progress.js'

/** What a command that asks an image is given. */
export interface Opened {
  readonly image: Image
  readonly door: Door
  /** For every call of the library that may take long. */
  readonly common: { readonly signal: AbortSignal; readonly onStep: (step: string) => void }
}

/**
 * Opens an image, asks it and closes it again, with a progress line while that lasts.
 * Throws LiftError 'usage' where --platform names several.
 */
export async function onImage<T>(
  reference: string,
  flags: CommonFlags & SourceFlags,
  context: Context,
  ask: (opened: Opened) => Promise<T>,
): Promise<T> {
  const platforms = await platformsOf(flags, context)
  const [platform, ...others] = platforms.map(({ text }) => text)
  if (others.length === 0) return onOne({ reference, platform, others }, flags, context, ask)
  const { LiftError } = await context.door()
  const named = platforms.map(({ text }) => text).join(', ')
  throw new LiftError('usage', `--platform takes one platform here, not ${named}`)
}

/** What the image of one platform answered. */
export interface PlatformAnswer<T> {
  /** The one of --platform; undefined without that. */
  readonly platform: Platform | undefined
  readonly answer: T
}

/** Asks as `onImage` does, for each platform that --platform names, one after the other, sorted by name. */
export async function onImages<T>(
  reference: string,
  flags: CommonFlags & SourceFlags,
  context: Context,
  ask: (opened: Opened) => Promise<T>,
): Promise<readonly PlatformAnswer<T>[]> {
  const named = await platformsOf(flags, context)
  const answers: PlatformAnswer<T>[] = []
  for (const { platform, text } of named.length === 0 ? [ANY] : named) {
    const others = named.map((one) => one.text).filter((other) => other !== text)
    const answer = await onOne({ reference, platform: text, others }, flags, context, ask)
    answers.push({ platform, answer })
  }
  return answers
}

const ANY = { platform: undefined, text: undefined }

interface NamedPlatform {
  readonly platform: Platform
  readonly text: string
}

async function platformsOf(
  { platform = [] }: SourceFlags,
  context: Context,
): Promise<readonly NamedPlatform[]> {
  const { parsePlatforms, formatPlatform } = await context.door()
  return parsePlatforms(platform).map((one) => ({ platform: one, text: formatPlatform(one) }))
}

/** One image, and the other platforms it is asked for besides. */
interface Target {
  readonly reference: string
  readonly platform: string | undefined
  readonly others: readonly string[]
}

async function onOne<T>(
  { reference, platform, others }: Target,
  flags: CommonFlags & SourceFlags,
  context: Context,
  ask: (opened: Opened) => Promise<T>,
): Promise<T> {
  const door = await context.door()
  const progress = startProgress(context, flags, door.printable)
  const isOneOfMany = platform !== undefined && others.length > 0
  const onStep = isOneOfMany ? (step: string) => progress.step(`${platform}: ${step}`) : progress.step
  try {
    const common = { signal: context.signal, onStep }
    await using image = await door.openImage(reference, {
      ...common,
      onLayer: progress.layer,
      ...sourceOptions(flags, context),
      ...(platform === undefined ? {} : { platform }),
      ...(isOneOfMany ? { otherPlatforms: others } : {}),
    })
    return await ask({ image, door, common }).catch((error) => {
      throw door.inContext(error, isOneOfMany ? `${image.reference} for ${platform}` : image.reference)
    })
  } finally {
    progress.done()
  }
}

function sourceOptions(flags: SourceFlags, { env }: Context): OpenOptions {
  const { cache, cacheSize, insecureRegistry, registryMirror } = flags
  return {
    env,
    limits: limitsOf(flags),
    ...(cache === false ? { cache: 'none' } : cacheSize === undefined ? {} : { cache: { size: cacheSize } }),
    ...(insecureRegistry === undefined ? {} : { insecureRegistries: insecureRegistry }),
    ...(registryMirror === undefined ? {} : { registryMirrors: registryMirror }),
  }
}

function limitsOf({ maxSize, maxFiles, maxRatio, maxPath, maxNesting }: SourceFlags): Partial<Limits> {
  return {
    ...(maxSize === undefined ? {} : { unpacked: maxSize }),
    ...(maxFiles === undefined ? {} : { entries: maxFiles }),
    ...(maxRatio === undefined ? {} : { ratio: maxRatio }),
    ...(maxPath === undefined ? {} : { path: maxPath }),
    ...(maxNesting === undefined ? {} : { nesting: maxNesting }),
  }
}
