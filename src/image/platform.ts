import { LiftError } from '../errors.js'

/** An OCI platform (image-spec, "image index", platform object). */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** `os/architecture[/variant]`. */
export function formatPlatform(platform: Platform): string {
  const base = `${platform.os}/${platform.architecture}`
  return platform.variant === undefined ? base : `${base}/${platform.variant}`
}

/** Operating systems of images: one alone is no platform, and no architecture either. */
const SYSTEMS: readonly string[] = ['linux', 'windows', 'darwin', 'freebsd']

/** Other names of an architecture, as `docker --platform` takes them. */
const ALIASES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  i386: '386',
  x86: '386',
}

/**
 * A platform as users write it: `linux/arm64`, `linux/arm/v7`, or the architecture alone (`arm64`).
 * Throws LiftError 'usage'.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/')
  const [os, architecture, variant] = parts.length === 1 ? ['linux', ...parts] : parts
  if (
    !os ||
    !architecture ||
    parts.length > 3 ||
    SYSTEMS.includes(architecture) ||
    !parts.every((part) => /^[a-z0-9][a-z0-9._-]*$/.test(part))
  ) {
    throw new LiftError('usage', `${JSON.stringify(text)} is not a platform`, {
      hint: 'Write os/architecture[/variant], for example linux/arm64.',
    })
  }
  const platform = {
    os,
    architecture: Object.hasOwn(ALIASES, architecture) ? ALIASES[architecture]! : architecture,
  }
  return variant === undefined ? platform : { ...platform, variant }
}

/**
 * Several platforms as users write them, each text one or a list with commas. Each is there once, in an order that
 * does not depend on theirs. Throws LiftError 'usage'.
 */
export function parsePlatforms(texts: readonly string[]): readonly Platform[] {
  const platforms = texts.flatMap((text) => text.split(',')).map((text) => parsePlatform(text.trim()))
  const named = new Map<string, Platform>()
  for (const platform of platforms.sort(byName)) {
    const name = formatPlatform(canonicalPlatform(platform))
    if (!named.has(name)) named.set(name, platform)
  }
  return [...named.values()]
}

function byName(a: Platform, b: Platform): number {
  const [one, other] = [formatPlatform(a), formatPlatform(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

/**
 * A platform as builders call it (containerd's platforms.Normalize): arm has a variant always, and what every
 * arm64 or amd64 is has no name.
 */
export function canonicalPlatform({ os, architecture, variant }: Platform): Platform {
  const usual = DEFAULT_VARIANTS[architecture]
  const full = variant === undefined ? usual : variant.replace(/^(?=\d)/, 'v')
  const isSaid = full !== undefined && (full !== usual || architecture === 'arm')
  return isSaid ? { os, architecture, variant: full } : { os, architecture }
}

/** Whether an image of platform `have` is one of platform `want`; a variant counts only where both name one. */
export function platformMatches(have: Platform, want: Platform): boolean {
  if (have.os !== want.os || have.architecture !== want.architecture) return false
  return have.variant === undefined || want.variant === undefined || have.variant === want.variant
}

/** Node's names of architectures that differ from OCI's (which are Go's). */
const NODE_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }

/** The platform of Linux programs on this machine; images hold Linux programs wherever liftbin itself runs. */
export function hostPlatform(): Platform {
  return { os: 'linux', architecture: NODE_ARCHITECTURES[process.arch] ?? process.arch }
}

/** The variant that an architecture without one means (as in containerd's platforms.Normalize). */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm: 'v7', arm64: 'v8', amd64: 'v1' }

/**
 * The best of some candidates for a platform, or undefined when none runs on it. A candidate of a lower variant
 * runs on a higher one (arm v5, v6, v7; amd64 v1 to v4), and the highest that runs is best.
 */
export function bestMatch<T extends { readonly platform?: Platform }>(
  candidates: readonly T[],
  want: Platform,
): T | undefined {
  const limit = variantNumber(want)
  const fitting = candidates.filter(({ platform }) => {
    if (platform === undefined || platform.os !== want.os) return false
    return platform.architecture === want.architecture && variantNumber(platform) <= limit
  })
  return fitting.sort((a, b) => variantNumber(b.platform!) - variantNumber(a.platform!))[0]
}

function variantNumber({ architecture, variant }: Platform): number {
  const text = variant ?? DEFAULT_VARIANTS[architecture] ?? 'v0'
  return Number(/^v(\d{1,3})/.exec(text)?.[1] ?? 0)
}
