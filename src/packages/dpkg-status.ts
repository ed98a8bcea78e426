import { MOST_PACKAGES, tooLarge } from './content.js'
import type { Package } from './package.js'

/** One installed package as dpkg's status has it (deb822(5), each byte one character). */
export interface Paragraph {
  readonly package: Package & { readonly architecture: string }
  /** What its lists are called in the info directory, without their extension. */
  readonly stem: string
  /** As in the file, without the blank line after it. */
  readonly text: string
}

/**
 * The packages that have files in the image. Those of the native architecture need no further name: it is that of
 * dpkg's own package, or else the first one of dpkg's list of architectures.
 */
export function installedIn(status: string, architectures: string): readonly Paragraph[] {
  const texts = status.split(/\n(?:[ \t]*\n)+/)
  if (texts.length > MOST_PACKAGES) throw tooLarge(`${texts.length} packages`)
  const dpkg = texts.find((text) => fieldOf(text, 'Package') === 'dpkg')
  const native = dpkg === undefined ? architectures.split('\n')[0]! : fieldOf(dpkg, 'Architecture')
  return texts.map((text) => paragraphOf(text, native)).filter((one) => one !== undefined)
}

function paragraphOf(text: string, native: string | undefined): Paragraph | undefined {
  const name = fieldOf(text, 'Package') ?? ''
  const version = fieldOf(text, 'Version') ?? ''
  const architecture = fieldOf(text, 'Architecture') ?? 'all'
  // Names become names of files, so only what dpkg itself would take for one is taken.
  if (!NAME.test(name) || !ARCHITECTURE.test(architecture) || version === '' || !hasFiles(text))
    return undefined
  const isSame = fieldOf(text, 'Multi-Arch') === 'same'
  const isForeign = native !== undefined && native !== '' && architecture !== native && architecture !== 'all'
  const full = `${name}:${architecture}`
  return {
    package: { name, version, architecture, label: isSame || isForeign ? full : name },
    stem: isSame ? full : name,
    text: text.trimEnd(),
  }
}

/** With the ends of their names, lists then have names that a file can have. */
const NAME = /^[a-z0-9][a-z0-9+._-]{0,149}$/i
const ARCHITECTURE = /^[a-z0-9][a-z0-9-]{0,39}$/i

/** Of a package that was removed only its configuration may be there. Distroless images say nothing of a state. */
function hasFiles(text: string): boolean {
  const status = fieldOf(text, 'Status')
  const state = status?.split(/[ \t]+/)[2]
  return status === undefined || !(state === 'config-files' || state === 'not-installed')
}

/** The value of a field of one line, as dpkg writes it. */
export function fieldOf(text: string, name: string): string | undefined {
  const head = `${name}:`
  const found = text.startsWith(head) ? -1 : text.indexOf(`\n${head}`)
  if (found < 0 && !text.startsWith(head)) return undefined
  const start = found + 1 + head.length
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? text.length : end).trim()
}
