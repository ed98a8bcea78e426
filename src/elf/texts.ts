import { type ByteReader, bufferOf } from '../bytes.js'
import type { ElfFile, Segment } from './elf.js'

/** What of a file is read at most, and how many of its texts are kept. */
export interface TextLimits {
  readonly bytes: number
  readonly texts: number
}

/** Far more than real files have, but for those that hold their data in themselves. */
const LIMITS: TextLimits = { bytes: 64 * 1024 * 1024, texts: 100_000 }

/**
 * The texts among the constants of a file that satisfy a condition, each once: what stands printable and without
 * blanks in front of a NUL. Constants are in the segments that are neither written to nor run; where there are none,
 * in those that are run (older linkers put both into one). Nothing is known of a text but its bytes.
 */
export async function constantTexts(
  reader: ByteReader,
  elf: ElfFile,
  isWanted: (text: string) => boolean,
  limits: TextLimits = LIMITS,
): Promise<readonly string[]> {
  const found = new Set<string>()
  let left = limits.bytes
  for (const { offset, filesz } of constantSegments(elf)) {
    const end = Math.min(reader.size, offset + Math.min(filesz, left))
    await scan(reader, offset, end, (text) => {
      if (found.size < limits.texts && isWanted(text)) found.add(text)
    })
    left -= Math.max(0, end - offset)
    if (left <= 0 || found.size >= limits.texts) break
  }
  return [...found]
}

const PT_LOAD = 1
const [RUN, WRITE, READ] = [1, 2, 4]

function constantSegments({ segments }: ElfFile): readonly Segment[] {
  const loaded = segments.filter(({ type, filesz }) => type === PT_LOAD && filesz > 0)
  const having = (flags: number) => loaded.filter((one) => (one.flags & (READ | WRITE | RUN)) === flags)
  const constant = having(READ)
  return constant.length > 0 ? constant : having(READ | RUN)
}

const PIECE = 1 << 20
/** A path of the kernel's greatest length is no constant of any program. */
const LONGEST = 512
const SHORTEST = 3

/** Gives each text between two places of a file, read piece by piece. */
async function scan(
  reader: ByteReader,
  from: number,
  to: number,
  give: (text: string) => void,
): Promise<void> {
  let begun = ''
  for (let at = from; at < to; at += PIECE) {
    const bytes = await reader.read(at, Math.min(PIECE, to - at))
    if (bytes.length === 0) return
    begun = scanPiece(bufferOf(bytes), begun, give)
  }
}

/** `begun` is the printable end of what was read before; gives the same of this piece. */
function scanPiece(bytes: Buffer, begun: string, give: (text: string) => void): string {
  let before = begun
  let start = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte >= PRINTABLE && byte < DELETE) continue
    const length = before.length + at - start
    if (byte === 0 && length >= SHORTEST && length <= LONGEST) {
      const text = before + bytes.toString('latin1', start, at)
      if (!text.includes(' ')) give(text)
    }
    before = ''
    start = at + 1
  }
  return before + bytes.toString('latin1', start, Math.min(bytes.length, start + LONGEST + 1))
}

const PRINTABLE = 0x20
const DELETE = 0x7f
