import { LiftError } from '../errors.js'
import type { EngineClient } from './engine-client.js'
import { engineMessage } from './engine-errors.js'

/** What a container prints, in pieces, and a way to its standard input. */
export interface Attached {
  /** To be read once; ends when the container has. Throws LiftError 'engine-failed'. */
  readonly printed: AsyncIterable<PrintedPiece>
  /** All that the container reads; then its input ends. */
  give(bytes: Uint8Array): void
  /** Leaves, whatever is still to come. */
  leave(): void
}

/** Some bytes of one of the streams. */
export interface PrintedPiece {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Uint8Array
}

/**
 * Attaches to a container that has no terminal and was not started yet (Docker API, "Attach to a container"): the
 * connection is taken over by its streams. Throws LiftError 'engine-failed'.
 */
export async function attachTo(client: EngineClient, name: string): Promise<Attached> {
  const stream = await client.connect()
  stream.on('error', () => {})
  try {
    const query = 'stream=1&stdin=1&stdout=1&stderr=1'
    stream.write(
      `POST /containers/${name}/attach?${query} HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n`,
    )
    const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    const { head, rest } = await readHead(pieces, client)
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]
    if (status !== '101' && status !== '200') throw refused(client, rest)
    return {
      printed: framesOf(rest, pieces, client),
      give: (bytes) => void (bytes.length === 0 ? stream.end() : stream.end(bytes)),
      leave: () => void stream.destroy(),
    }
  } catch (error) {
    stream.destroy()
    throw error
  }
}

const HEAD_END = '\r\n\r\n'
const LONGEST_HEAD = 1 << 16

async function readHead(pieces: AsyncIterator<Buffer>, client: EngineClient) {
  let bytes: Buffer = Buffer.alloc(0)
  while (bytes.length < LONGEST_HEAD) {
    const end = bytes.indexOf(HEAD_END)
    if (end >= 0)
      return { head: bytes.subarray(0, end).toString('latin1'), rest: bytes.subarray(end + HEAD_END.length) }
    const next = await nextOf(pieces, client)
    if (next === undefined) break
    bytes = Buffer.concat([bytes, next])
  }
  throw new LiftError('engine-failed', `${client.engine} does not let a container be attached to`)
}

async function nextOf(pieces: AsyncIterator<Buffer>, client: EngineClient): Promise<Buffer | undefined> {
  try {
    const { done, value } = await pieces.next()
    return done ? undefined : value
  } catch (error) {
    // Nobody reads what the container was to be given, since it has ended.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return undefined
    const why = error instanceof Error ? error.message : String(error)
    throw new LiftError('engine-failed', `${client.engine} broke off while a container ran: ${why}`, {
      cause: error,
    })
  }
}

function refused(client: EngineClient, body: Buffer): LiftError {
  const text = body.toString()
  let value: unknown = { message: text }
  try {
    value = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))
  } catch {}
  return new LiftError(
    'engine-failed',
    `${client.engine} does not let a container be attached to: ${engineMessage(value)}`,
  )
}

const FRAME_HEADER = 8
const STDERR = 2

/** Frames: which stream, three zeros, the length, the bytes. They are handed on as they come, however long one is. */
async function* framesOf(
  first: Buffer,
  pieces: AsyncIterator<Buffer>,
  client: EngineClient,
): AsyncGenerator<PrintedPiece> {
  let bytes = first
  let left = 0
  let stream: PrintedPiece['stream'] = 'stdout'
  for (;;) {
    while (left > 0 ? bytes.length > 0 : bytes.length >= FRAME_HEADER) {
      if (left === 0) {
        stream = bytes[0] === STDERR ? 'stderr' : 'stdout'
        left = bytes.readUInt32BE(4)
        bytes = bytes.subarray(FRAME_HEADER)
      }
      const piece = bytes.subarray(0, left)
      bytes = bytes.subarray(piece.length)
      left -= piece.length
      if (piece.length > 0) yield { stream, bytes: piece }
    }
    const next = await nextOf(pieces, client)
    if (next === undefined) return
    bytes = bytes.length === 0 ? next : Buffer.concat([bytes, next])
  }
}
