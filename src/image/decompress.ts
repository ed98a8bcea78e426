import type { Gunzip } from 'node:zlib'
import { LiftError } from '../errors.js'
import { zstdCutter } from './zstd-frames.js'

export type Compression = 'gzip' | 'zstd'

/** The compression that the first bytes of a file show (RFC 1952; RFC 8878), whatever its name or media type says. */
export function compressionOf(start: Uint8Array): Compression | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip'
  const magic = start.length < 4 ? 0 : Buffer.from(start).readUInt32LE(0)
  // Skippable frames may come first.
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : undefined
}

/**
 * Undoes a compression as the bytes come. Throws LiftError 'unreadable', naming `what`, or why the signal was
 * aborted.
 */
export async function* decompressed(
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
  what: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const pieces = inLargePieces(bytes)
  try {
    for await (const piece of compression === 'gzip' ? gunzipped(pieces) : unzstd(pieces, signal)) {
      signal?.throwIfAborted()
      yield piece
    }
  } catch (error) {
    if (error instanceof LiftError || signal?.aborted) throw error
    if ((error as Error).name === 'AbortError') throw error
    throw new LiftError('unreadable', `${what} cannot be decompressed: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Both ends of zlib in pieces of this size: with the default, half the speed is lost to the calls. */
const PIECE = 256 << 10

async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import('node:zlib')
  const gunzip = createGunzip({ chunkSize: PIECE })
  const fed = feed(gunzip, bytes)
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } finally {
    gunzip.destroy()
  }
  if ((await fed) > gunzip.bytesWritten) throw new Error('something else follows its end')
}

/**
 * Writes all bytes into a stream, and gives their number; what comes after the stream has ended is read all the
 * same, since whoever gives the bytes checks them at their end.
 */
async function feed(into: Gunzip, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let total = 0
  try {
    for await (const piece of bytes) {
      total += piece.length
      if (into.destroyed && !into.readableEnded) break
      if (into.destroyed || into.write(piece)) continue
      await new Promise<void>((go) => {
        const done = () => {
          into.off('drain', done).off('close', done)
          go()
        }
        into.on('drain', done).on('close', done)
      })
    }
    into.end()
  } catch (error) {
    into.destroy(error as Error)
  }
  return total
}

async function* unzstd(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { zstdThread } = await import('./zstd-thread.js')
  await using thread = zstdThread()
  const cut = zstdCutter()
  for await (const chunk of bytes) {
    for (const piece of cut(chunk)) if (piece.length > 0) yield* await thread.push(piece, signal)
  }
  yield* await thread.push(new Uint8Array(0), signal)
}

/** Network chunks joined: each call into a decompressor has its price. */
async function* inLargePieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    held.push(chunk)
    size += chunk.length
    if (size < PIECE) continue
    yield held.length === 1 ? held[0]! : Buffer.concat(held)
    held = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(held)
}
