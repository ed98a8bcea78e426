import { decodeText } from '../bytes.js'

/** What a program printed on stderr, and what its loader wrote there between. */
export interface Separated {
  readonly log: readonly string[]
  readonly own: string
}

/**
 * Takes the lines of glibc's loader (LD_DEBUG, see ld.so(8)) out of a program's stderr. A line of the program that was
 * not ended stands in front of one of the loader's. Lines with control characters are left out: no name has them, and
 * terminals obey them.
 */
export function separate(stderr: Uint8Array): Separated {
  const log: string[] = []
  let own = ''
  for (const line of decodeText(stderr).split(/(?<=\n)/)) {
    const at = line.search(LOADERS)
    own += at < 0 ? line : line.slice(0, at)
    const text = at < 0 ? '' : line.slice(at).replace(/\n$/, '')
    if (text !== '' && !CONTROLS.test(text)) log.push(text)
  }
  return { log, own }
}

/** The number of the process, padded to ten characters, a tab, and one of the words that `files` and `libs` bring. */
const LOADERS =
  / {0,9}\d{1,10}:\t(?=\s|$|file=|find library=|calling |initialize program|transferring control|opening file=|closing file=)/
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/
