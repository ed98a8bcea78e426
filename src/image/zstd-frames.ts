/**
 * The largest window an encoder of layers is known to want. A decompressor keeps as much in memory, and moves all
 * of it for each block.
 */
const MAX_WINDOW = 32 << 20
/** RFC 8878, "Blocks". */
const MAX_BLOCK = 128 << 10

/**
 * Follows the frames of a zstd stream as it comes, without undoing them (RFC 8878, "Frames", "Blocks"), and cuts it
 * into pieces that each make a decompressor work for a short while and give a few MiB at most. What would be too
 * much to keep is refused before a decompressor sees it: the function it gives throws Error.
 */
export function zstdCutter(): (chunk: Uint8Array) => Generator<Uint8Array> {
  let held: Uint8Array = new Uint8Array(0)
  let skip = 0
  let frame: Frame | undefined
  let work = 0
  return function* (chunk) {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const before = held.length
    let from = 0
    let at = 0
    for (;;) {
      const jump = Math.min(skip, bytes.length - at)
      skip -= jump
      at += jump
      const rest = bytes.subarray(at)
      const part = skip > 0 ? undefined : frame === undefined ? frameAt(rest) : blockAt(rest, frame)
      if (part === undefined) break
      work += part.work
      if (work > MAX_WORK) {
        if (at - before > from) yield chunk.subarray(from, at - before)
        from = Math.max(0, at - before)
        work = part.work
      }
      skip = part.length
      frame = part.frame
    }
    // A few bytes at most, of a header that goes on in the next chunk.
    held = Uint8Array.from(bytes.subarray(at))
    if (from < chunk.length) yield chunk.subarray(from)
  }
}

/** What a piece may cost, in bytes moved: about 20 milliseconds. */
const MAX_WORK = 128 << 20
/** A byte that is made costs as much as so many that are moved. */
const MADE = 64
/** The tables and calls of a frame. */
const FRAME_WORK = 64 << 10

interface Frame {
  readonly window: number
  readonly hasChecksum: boolean
}

/** A header with what follows it as a whole, and the frame whose blocks come next. */
interface Part {
  readonly length: number
  readonly work: number
  readonly frame: Frame | undefined
}

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50

function frameAt(bytes: Uint8Array): Part | undefined {
  if (bytes.length < 8) return undefined
  const magic = little(bytes, 0, 4)
  if (magic - (magic % 16) === SKIPPABLE)
    return { length: 8 + little(bytes, 4, 4), work: FRAME_WORK, frame: undefined }
  if (magic !== MAGIC) throw new Error('a frame in it has no magic number')
  const descriptor = bytes[4]!
  const isSingle = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]!
  const sizeAt = 5 + (isSingle ? 0 : 1) + dictionary
  const sizeLength = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  if (bytes.length < sizeAt + sizeLength) return undefined
  const window = isSingle
    ? little(bytes, sizeAt, sizeLength) + (sizeLength === 2 ? 256 : 0)
    : 2 ** (10 + (bytes[5]! >> 3)) * (1 + (bytes[5]! & 7) / 8)
  checkWindow(window)
  const frame = { window, hasChecksum: (descriptor & 4) !== 0 }
  return { length: sizeAt + sizeLength, work: FRAME_WORK + window, frame }
}

function checkWindow(window: number): void {
  if (window <= MAX_WINDOW) return
  throw new Error(
    `it needs a window of ${window} bytes, and ${MAX_WINDOW} is the most that is taken; ` +
      'compress it anew, with zstd without --long and --ultra',
  )
}

const REPEATED_BYTE = 1
const COMPRESSED = 2

function blockAt(bytes: Uint8Array, frame: Frame): Part | undefined {
  if (bytes.length < 3) return undefined
  const header = little(bytes, 0, 3)
  const kind = (header >> 1) & 3
  const size = header >> 3
  const largest = Math.min(frame.window, MAX_BLOCK)
  if (size > largest) throw new Error(`a block in it is larger than ${largest} bytes`)
  const content = kind === REPEATED_BYTE ? 1 : size
  const work = frame.window + MADE * (kind === COMPRESSED ? largest : size)
  if ((header & 1) === 0) return { length: 3 + content, work, frame }
  return { length: 3 + content + (frame.hasChecksum ? 4 : 0), work, frame: undefined }
}

function little(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let index = length - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!
  return value
}
