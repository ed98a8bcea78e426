import { createRequire } from 'node:module'

/** Where the CommonJS form of fflate lies, for a thread that loads it. Bundles have their own in place of this file. */
export function fflatePath(): string {
  return createRequire(import.meta.url).resolve('fflate')
}
