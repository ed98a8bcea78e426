import { decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'

/** Most bytes of a text; hours of a busy program. */
export const MOST_BYTES = 4 * 2 ** 30
/** Longer lines hold data or environments, and no name in full. */
const LONGEST_LINE = 1 << 20
const LINE_END = 10

/** The lines of a text that comes in pieces, without what is too long to be one. Throws LiftError 'limit'. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  most: number = MOST_BYTES,
): AsyncGenerator<string> {
  let [size, held, isTooLong] = [0, new Uint8Array(0), false]
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > most) throw new LiftError('limit', `the trace is longer than ${most} bytes`)
    let start = 0
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      if (!isTooLong && held.length + end - start <= LONGEST_LINE)
        yield decodeText(joined(held, chunk.subarray(start, end)))
      ;[held, isTooLong, start] = [new Uint8Array(0), false, end + 1]
    }
    isTooLong ||= held.length + chunk.length - start > LONGEST_LINE
    held = isTooLong ? new Uint8Array(0) : joined(held, chunk.subarray(start))
  }
  if (!isTooLong && held.length > 0) yield decodeText(held)
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
