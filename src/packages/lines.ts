import { basename } from '../rootfs/path.js'

/**
 * Gives the lines whose last path component is one of some names. Lists have hundreds of thousands of lines and a
 * handful of them match, so nearly all are told by their last two bytes and never made into text.
 */
export function linesEndingIn(names: ReadonlySet<string>): (bytes: Buffer, take: Take) => void {
  const ends = new Uint8Array(0x1_0000)
  for (const name of names) ends[endOf(`/${name}`)] = 1
  return (bytes, take) => {
    for (let start = 0; start < bytes.length; ) {
      const found = bytes.indexOf(NEWLINE, start)
      const stop = found < 0 ? bytes.length : found
      if (stop - start > 1 && ends[(bytes[stop - 2]! << 8) | bytes[stop - 1]!] === 1) {
        const line = bytes.toString('latin1', start, stop)
        if (names.has(basename(line))) take(line)
      }
      start = stop + 1
    }
  }
}

/** The paths before the last slash of each line, neighbours that are alike once. */
export function* parentsIn(bytes: Buffer): Generator<string> {
  let last = ''
  for (const line of bytes.toString('latin1').split('\n')) {
    const above = line.slice(0, Math.max(line.lastIndexOf('/'), 0))
    if (above !== last) yield above
    last = above
  }
}

/** Is given a line without its end, each byte as one character. */
export type Take = (line: string) => void

const NEWLINE = 10

function endOf(text: string): number {
  return (text.charCodeAt(text.length - 2) << 8) | text.charCodeAt(text.length - 1)
}
