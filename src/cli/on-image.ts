import type { Image, Limits, OpenOptions } from '../index.js'
import type { CommonFlags, Context, Door, SourceFlags } from './context.js'
import { startProgress } from './progress.js'

/** What a command that asks an image is given. */
export interface Opened {
  readonly image: Image
  readonly door: Door
  /** For every call of the library that may take long. */
  readonly common: { readonly signal: AbortSignal; readonly onStep: (step: string) => void }
}

/** Opens an image, asks it and closes it again, with a progress line while that lasts. */
export async function onImage<T>(
  reference: string,
  flags: CommonFlags & SourceFlags,
  context: Context,
  ask: (opened: Opened) => Promise<T>,
): Promise<T> {
  const door = await context.door()
  const progress = startProgress(context, flags, door.printable)
  try {
    const common = { signal: context.signal, onStep: progress.step }
    await using image = await door.openImage(reference, {
      ...common,
      onLayer: progress.layer,
      ...sourceOptions(flags, context),
    })
    return await ask({ image, door, common }).catch((error) => {
      throw door.inContext(error, image.reference)
    })
  } finally {
    progress.done()
  }
}

function sourceOptions(flags: SourceFlags, { env }: Context): OpenOptions {
  const { platform, cache, cacheSize, insecureRegistry, registryMirror } = flags
  return {
    env,
    limits: limitsOf(flags),
    ...(platform === undefined ? {} : { platform }),
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
