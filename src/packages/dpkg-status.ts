import { tooLarge } from './content.js'
import type { Package } from './package.js'

/** One installed package as dpkg's status has it (deb822(5), each byte one character). */
export interface Paragraph {
  readonly package: Package & { readonly architecture: string }
  /** What its lists are called in the info directory, without their extension. */
  readonly stem: string
  /** As in the file, without the blank line after it. */
  readonly text: string
}

/** More than the whole of Debian has. */
const MOST_PARAGRAPHS = 200_000

/** The packages that have files in the image; `native` is the architecture whose packages need no further name. */
export function installedIn(status: string, native: string | undefined): readonly Paragraph[] {
  const texts = status.split(/\n(?:[ \t]*\n)+/)
  if (texts.length > MOST_PARAGRAPHS) throw tooLarge(`${texts.length} packages`)
  return texts.map((text) => paragraphOf(text, native)).filter((one) => one !== undefined)
}

/** The architecture of dpkg's own package; it is the one that dpkg itself was built for. */
export function nativeArchitecture(status: string): string | undefined {
  const dpkg = status.split(/\n(?:[ \t]*\n)+/).find((text) => /^Package:[ \t]*dpkg[ \t]*$/im.test(text))
  return dpkg === undefined ? undefined : fieldOf(dpkg, 'Architecture')
}

function paragraphOf(text: string, native: string | undefined): Paragraph | undefined {
  const name = fieldOf(text, 'Package') ?? ''
  const version = fieldOf(text, 'Version') ?? ''
  const architecture = fieldOf(text, 'Architecture') ?? 'all'
  // Names become names of files, so only what dpkg itself would take for one is taken.
  if (!NAME.test(name) || !NAME.test(architecture) || version === '' || !hasFiles(text)) return undefined
  const isSame = fieldOf(text, 'Multi-Arch') === 'same'
  const isForeign = native !== undefined && architecture !== native && architecture !== 'all'
  const full = `${name}:${architecture}`
  return {
    package: { name, version, architecture, label: isSame || isForeign ? full : name },
    stem: isSame ? full : name,
    text: text.trimEnd(),
  }
}

const NAME = /^[a-z0-9][a-z0-9+._-]*$/i

/** Of a package that was removed only its configuration may be there. Distroless images say nothing of a state. */
function hasFiles(text: string): boolean {
  const status = fieldOf(text, 'Status')
  const state = status?.split(/[ \t]+/)[2]
  return status === undefined || !(state === 'config-files' || state === 'not-installed')
}

/** The value of a field of one line; names of fields are told without case. */
export function fieldOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t\\r]*$`, 'im').exec(text)?.[1]
}
