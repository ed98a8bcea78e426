import { decodeText } from '../bytes.js'
import { basename, type RootPath } from '../rootfs/path.js'
import { tooLarge } from './content.js'
import { bytesOf } from './wanted.js'

/** A file that all packages but one have to put elsewhere (dpkg-divert(1)). */
export interface Diversion {
  readonly from: RootPath
  readonly to: RootPath
  /** Who has `from` for itself; a colon where the administrator said so, for whom no package has. */
  readonly by: string
}

/** Real ones have some hundreds. */
const MOST_LINES = 300_000

/** Reads three lines each: the place, the other place, the package. */
export function diversionsIn(text: string): readonly Diversion[] {
  const texts = text.split('\n')
  if (texts.length > MOST_LINES) throw tooLarge(`${texts.length} lines of diversions`)
  const lines = texts.map((line) => decodeText(Buffer.from(line, 'latin1')))
  const found: Diversion[] = []
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const [from, to, by] = lines.slice(at, at + 3) as [RootPath, RootPath, string]
    if (from.startsWith('/') && to.startsWith('/')) found.push({ from, to, by })
  }
  return found
}

/** The same as dpkg has it. */
export function diversionsText(diversions: readonly Diversion[]): string {
  return diversions.map(({ from, to, by }) => `${[from, to, by].map(bytesOf).join('\n')}\n`).join('')
}

/** Where a package's listed file really was put. */
export type Divert = (listed: RootPath, name: string) => RootPath

/** The rule of all diversions. */
export function diverting(diversions: readonly Diversion[]): Divert {
  const byPlace = new Map(diversions.map((one) => [one.from, one]))
  return (listed, name) => {
    const found = byPlace.get(listed)
    return found === undefined || found.by === name ? listed : found.to
  }
}

/** These names, and those that files of these names have in lists because they are diverted. */
export function withDiverted(
  names: ReadonlySet<string>,
  diversions: readonly Diversion[],
): ReadonlySet<string> {
  const more = diversions.filter(({ to }) => names.has(bytesOf(basename(to))))
  return new Set([...names, ...more.map(({ from }) => bytesOf(basename(from)))])
}
