import { existsSync } from 'node:fs'

/** A path on the host, and the name of one image in what lies there or will lie there. */
export interface HostLocation {
  readonly path: string
  readonly name: string | undefined
}

/**
 * Takes `PATH[:NAME]` apart: the longest beginning that exists is the path, since both may hold colons; else what stands
 * before the first colon.
 */
export function parseHostLocation(location: string): HostLocation {
  for (let end = location.length; end > 0; end = location.lastIndexOf(':', end - 1)) {
    if (existsSync(location.slice(0, end))) return splitAt(location, end)
  }
  const colon = location.indexOf(':')
  return splitAt(location, colon > 0 ? colon : location.length)
}

function splitAt(location: string, end: number): HostLocation {
  return { path: location.slice(0, end), name: location.slice(end + 1) || undefined }
}
