import { existsSync } from 'node:fs'

/** A path on the host, and a name for the image in what will lie there. */
export interface NewLocation {
  readonly path: string
  readonly name: string | undefined
}

/**
 * Takes `PATH[:NAME]` apart: the longest beginning that exists is the path, as it is for sources; else what stands
 * before the first colon.
 */
export function parseNewLocation(location: string): NewLocation {
  for (let end = location.length; end > 0; end = location.lastIndexOf(':', end - 1)) {
    const path = location.slice(0, end)
    if (existsSync(path)) return { path, name: location.slice(end + 1) || undefined }
  }
  const colon = location.indexOf(':')
  if (colon <= 0) return { path: location, name: undefined }
  return { path: location.slice(0, colon), name: location.slice(colon + 1) || undefined }
}
