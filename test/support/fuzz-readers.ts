import assert from 'node:assert/strict'
import type { ByteReader } from '../../src/bytes.js'

/** What was asked of a reader. */
export interface Asked {
  reads: number
  /** Sum of the lengths given. */
  bytes: number
  /** The largest length asked for, which is what a reader of files allocates. */
  largest: number
}

/** The same bytes, every read counted; one that does not begin in the file fails the test. */
export function watched(inner: ByteReader): { readonly reader: ByteReader; readonly asked: Asked } {
  const asked: Asked = { reads: 0, bytes: 0, largest: 0 }
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    assert(Number.isSafeInteger(offset) && offset >= 0 && offset <= inner.size, `a read at ${offset}`)
    assert(Number.isSafeInteger(length) && length >= 0, `a read of ${length} bytes`)
    asked.reads++
    asked.largest = Math.max(asked.largest, length)
    const bytes = await inner.read(offset, length)
    asked.bytes += bytes.length
    return bytes
  }
  return { reader: { size: inner.size, read }, asked }
}

/** No answer of a giant is longer than this; who asks for more would have allocated it. */
const GIANT_READ = 64 * 1024 * 1024

/** A file of any size that exists nowhere: the start is given, the rest repeats a pattern. */
export function giant(start: Uint8Array, pattern: Uint8Array, size: number): ByteReader {
  return {
    size,
    read: async (offset, length) => {
      const wanted = Math.max(0, Math.min(length, size - offset))
      assert(wanted <= GIANT_READ, `a read of ${wanted} bytes at once`)
      const out = new Uint8Array(wanted)
      for (let at = 0; at < wanted; ) {
        const phase = (offset + at) % pattern.length
        const part = pattern.subarray(phase, phase + wanted - at)
        out.set(part, at)
        at += part.length
      }
      if (offset < start.length) out.set(start.subarray(offset, offset + wanted))
      return out
    },
  }
}
