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
