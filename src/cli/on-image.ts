import type { Image, Limits, OpenOptions, Platform } from '../reading.js'
import type { CommonFlags, Context, Door, SourceFlags } from './context.js'
import { type Progress, startProgress } from './progress.js'

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
  const targets = await targetsOf(reference, flags, context)
  if (targets.length === 1) return whileOpen(targets, flags, context, ([opened]) => ask(opened!))
  const { LiftError } = await context.door()
  const named = targets.map(({ text }) => text).join(', ')
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
  const answers: PlatformAnswer<T>[] = []
  for (const target of await targetsOf(reference, flags, context)) {
    const answer = await whileOpen([target], flags, context, ([opened]) => ask(opened!))
    answers.push({ platform: target.platform, answer })
  }
  return answers
}

/** Asks once, while the images of all platforms are open, in the same order, for what is made of all of them. */
export async function onAllImages<T>(
  reference: string,
  flags: CommonFlags & SourceFlags,
  context: Context,
  ask: (opened: readonly Opened[]) => Promise<T>,
): Promise<T> {
  return whileOpen(await targetsOf(reference, flags, context), flags, context, ask)
}

/** An image to open, for one platform or for any. */
interface Target {
  readonly reference: string
  readonly platform: Platform | undefined
  readonly text: string | undefined
  /** The other platforms that it is asked for. */
  readonly others: readonly string[]
}

async function targetsOf(
  reference: string,
  { platform = [] }: SourceFlags,
  context: Context,
): Promise<readonly Target[]> {
  const { parsePlatforms, formatPlatform } = await context.door()
  const platforms = parsePlatforms(platform)
  if (platforms.length === 0) return [{ reference, platform: undefined, text: undefined, others: [] }]
  const names = platforms.map(formatPlatform)
  return platforms.map((one, index) => ({
    reference,
    platform: one,
    text: names[index],
    others: names.toSpliced(index, 1),
  }))
}

async function whileOpen<T>(
  targets: readonly Target[],
  flags: CommonFlags & SourceFlags,
  context: Context,
  ask: (opened: readonly Opened[]) => Promise<T>,
): Promise<T> {
  const door = await context.door()
  const progress = startProgress(context, flags, door.printable)
  const openFrom = async (index: number, opened: readonly Opened[]): Promise<T> => {
    const target = targets[index]
    if (target === undefined) return askInContext(targets, opened, ask)
    const common = { signal: context.signal, onStep: stepsOf(target, progress) }
    await using image = await door.openImage(target.reference, {
      ...common,
      onLayer: progress.layer,
      ...sourceOptions(flags, context),
      ...platformOptions(target),
    })
    return await openFrom(index + 1, [...opened, { image, door, common }])
  }
  try {
    return await openFrom(0, [])
  } finally {
    progress.done()
  }
}

/** An error is that of the image, unless there are several: then whoever asks them knows which one it is. */
async function askInContext<T>(
  [target]: readonly Target[],
  opened: readonly Opened[],
  ask: (opened: readonly Opened[]) => Promise<T>,
): Promise<T> {
  const [first] = opened
  if (first === undefined || target === undefined || opened.length > 1) return ask(opened)
  const { image, door } = first
  return ask(opened).catch((error) => {
    const where = target.others.length > 0 ? `${image.reference} for ${target.text}` : image.reference
    throw door.inContext(error, where)
  })
}

function stepsOf({ text, others }: Target, { step }: Progress): Progress['step'] {
  return others.length > 0 ? (words) => step(`${text}: ${words}`) : step
}

function platformOptions({ text, others }: Target): OpenOptions {
  return {
    ...(text === undefined ? {} : { platform: text }),
    ...(others.length === 0 ? {} : { otherPlatforms: others }),
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
