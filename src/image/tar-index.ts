import type { ByteReader } from '../bytes.js'
import { BLOCK, damaged } from './tar-fields.js'
import { headerSequence, type Step, type TarEntry } from './tar-header.js'

export type { TarEntry }

/** Reads a tar as it arrives. */
export interface TarScanner {
  /** Takes the next piece and gives the members whose headers it completes. Throws LiftError 'unreadable'. */
  push(chunk: Uint8Array): TarEntry[]
  /** Says that nothing follows. Throws LiftError 'unreadable' when the archive stops before its end mark. */
  finish(): void
}

/**
 * What an archive must end with. Some tools leave out the end mark of layers, and the padding before it, as Go's
 * archive/tar and so every engine allows; where a digest vouches for all bytes that does no harm.
 */
export type TarEnding = 'marked' | 'any'

/** Where no budget counts them: far above the largest images known (about a million files). */
const MOST_MEMBERS = 2_000_000

/** The members of a tar in any reader, jumping over their content. Throws LiftError 'unreadable'. */
export async function* readTar(
  tar: ByteReader,
  ending: TarEnding = 'marked',
  most = MOST_MEMBERS,
): AsyncGenerator<TarEntry> {
  const reader = readingAhead(tar)
  const headers = headerSequence(most)
  let padding = 0
  for (let at = 0; ; ) {
    const block = await reader.read(at, BLOCK)
    if (block.length === 0 && ending === 'any' && at - padding <= reader.size) return
    if (block.length < BLOCK) throw cutOff()
    at += BLOCK
    let step: Step | undefined = headers.next(block, at)
    while (step !== undefined) {
      if (step === 'end') return
      if (step.entry !== undefined) yield step.entry
      const start = at
      at += padded(step.length)
      padding = padded(step.length) - step.length
      step = step.extension ? headers.extend(await readExtension(reader, start, step.length), at) : undefined
    }
  }
}

/** Most members are small, so the next headers mostly lie in what one read gives. */
const AHEAD = 32 << 10

function readingAhead(inner: ByteReader): ByteReader {
  let start = 0
  let held: Uint8Array = new Uint8Array(0)
  return {
    size: inner.size,
    read: async (offset, length) => {
      if (offset < start || offset + length > start + held.length) {
        held = await inner.read(offset, Math.max(length, AHEAD))
        start = offset
      }
      return held.subarray(offset - start, offset - start + length)
    },
  }
}

/** Its padding has to be there too, as for a scanner. */
async function readExtension(reader: ByteReader, at: number, length: number): Promise<Uint8Array> {
  const bytes = await reader.read(at, padded(length))
  if (bytes.length < padded(length)) throw cutOff()
  return bytes.subarray(0, length)
}

function cutOff(): Error {
  return damaged('it stops before its end mark')
}

/** A scanner for a tar that comes in pieces of any size. */
export function tarScanner(ending: TarEnding = 'marked', most = MOST_MEMBERS): TarScanner {
  const headers = headerSequence(most)
  let position = 0
  let skip = 0
  let padding = 0
  let extension: number | undefined
  let ended = false
  let held: Uint8Array = new Uint8Array(0)

  const take = (step: Step, out: TarEntry[]) => {
    if (step === 'end') ended = true
    else if (step.extension) extension = step.length
    else {
      skip = padded(step.length)
      padding = skip - step.length
    }
    if (step !== 'end' && step.entry !== undefined) out.push(step.entry)
  }
  return {
    push: (chunk) => {
      const out: TarEntry[] = []
      let bytes = held.length === 0 ? chunk : joined(held, chunk)
      held = bytes.subarray(0, 0)
      while (!ended) {
        const jump = Math.min(skip, bytes.length)
        skip -= jump
        position += jump
        bytes = bytes.subarray(jump)
        const wanted = extension === undefined ? BLOCK : padded(extension)
        if (skip > 0 || bytes.length < wanted) break
        position += wanted
        const taken = bytes.subarray(0, wanted)
        bytes = bytes.subarray(wanted)
        const length = extension
        extension = undefined
        const step =
          length === undefined
            ? headers.next(taken, position)
            : headers.extend(taken.subarray(0, length), position)
        if (step !== undefined) take(step, out)
      }
      if (!ended && bytes.length > 0) held = Uint8Array.from(bytes)
      return out
    },
    finish: () => {
      const isBetween = extension === undefined && held.length === 0 && skip <= padding
      if (!ended && !(ending === 'any' && isBetween)) throw cutOff()
    },
  }
}

function padded(length: number): number {
  return Math.ceil(length / BLOCK) * BLOCK
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const out = new Uint8Array(first.length + second.length)
  out.set(first)
  out.set(second, first.length)
  return out
}
