import type { Confidence, Finder, Need } from './finder.js'

/** Libraries that an object says it opens by itself (UAPI group specification "ELF dlopen metadata"). */
export const dlopenNotes: Finder = {
  describe: 'libraries that a file declares to open by dlopen',
  symbols: [],
  reads: 'notes',
  find: ({ dlopenNotes }) => dlopenNotes.flatMap(needsIn),
}

const PRIORITIES: ReadonlyMap<unknown, Confidence> = new Map([
  ['required', 'certain'],
  ['recommended', 'likely'],
  ['suggested', 'possible'],
])

/** Real notes have one entry; libraries of systemd have a dozen notes. */
const MOST_ENTRIES = 256
const MOST_NAMES = 16
const LONGEST_NAME = 255

/** What one note says. */
function needsIn(text: string): readonly Need[] {
  const document = parse(text)
  if (document === undefined) return [UNCLEAR]
  const entries = Array.isArray(document) ? document : [document]
  return entries.slice(0, MOST_ENTRIES).flatMap(needOf)
}

const UNCLEAR: Need = {
  kind: 'unclear',
  confidence: 'likely',
  why: 'declares what it opens by dlopen in a note that is not JSON',
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Early drafts had a single name in place of the array. */
function needOf(entry: unknown): readonly Need[] {
  if (typeof entry !== 'object' || entry === null) return []
  const { soname, feature, description, priority } = entry as Readonly<Record<string, unknown>>
  const names = (Array.isArray(soname) ? soname : [soname]).filter(isName).slice(0, MOST_NAMES)
  if (names.length === 0) return []
  const confidence = PRIORITIES.get(priority) ?? 'likely'
  const said = typeof feature === 'string' ? ` for its feature ${short(feature)}` : ''
  const meaning = typeof description === 'string' ? ` (${short(description)})` : ''
  return [{ kind: 'library', names, confidence, why: `declares to open it${said}${meaning}` }]
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.length <= LONGEST_NAME && !name.includes('\0')
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
