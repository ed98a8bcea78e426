/** What the `zstd` command takes unless it is told to take more. A decompressor keeps as much in memory. */
const MAX_WINDOW = 128 << 20

/**
 * Follows the frames of a zstd stream as it comes, without undoing them (RFC 8878, "Frames", "Blocks"), so that a
 * frame that wants too much memory is known before a decompressor sees it. The function it gives throws Error.
 */
export function zstdWindowCheck(): (chunk: Uint8Array) => void {
  let held: Uint8Array = new Uint8Array(0)
  let skip = 0
  let frame: Frame | undefined
  return (chunk) => {
    let bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    for (;;) {
      const jump = Math.min(skip, bytes.length)
      skip -= jump
      bytes = bytes.subarray(jump)
      const part: Part | undefined =
        skip > 0 ? undefined : frame === undefined ? frameAt(bytes) : blockAt(bytes, frame)
      if (part === undefined) break
      skip = part.length
      frame = part.frame
    }
    // A few bytes at most, of a header that goes on in the next piece.
    held = Uint8Array.from(bytes)
  }
}

interface Frame {
  readonly hasChecksum: boolean
}

/** A header with what follows it as a whole, and the frame whose blocks come next. */
interface Part {
  readonly length: number
  readonly frame: Frame | undefined
}

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50

function frameAt(bytes: Uint8Array): Part | undefined {
  if (bytes.length < 8) return undefined
  const magic = little(bytes, 0, 4)
  if (magic - (magic % 16) === SKIPPABLE) return { length: 8 + little(bytes, 4, 4), frame: undefined }
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
  if (window > MAX_WINDOW) throw new Error(`it needs a window of ${window} bytes`)
  return { length: sizeAt + sizeLength, frame: { hasChecksum: (descriptor & 4) !== 0 } }
}

const REPEATED_BYTE = 1

function blockAt(bytes: Uint8Array, frame: Frame): Part | undefined {
  if (bytes.length < 3) return undefined
  const header = little(bytes, 0, 3)
  const content = ((header >> 1) & 3) === REPEATED_BYTE ? 1 : header >> 3
  if ((header & 1) === 0) return { length: 3 + content, frame }
  return { length: 3 + content + (frame.hasChecksum ? 4 : 0), frame: undefined }
}

function little(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let index = length - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!
  return value
}
