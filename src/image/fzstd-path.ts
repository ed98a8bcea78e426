import { createRequire } from 'node:module'

/** Where the CommonJS form of fzstd lies, for a thread that loads it. Bundles have their own in place of this file. */
export function fzstdPath(): string {
  return createRequire(import.meta.url).resolve('fzstd')
}
