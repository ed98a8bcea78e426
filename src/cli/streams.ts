import { fstatSync, type Stats, writeSync } from 'node:fs'
import type { Stream } from './context.js'

/**
 * Stdout (1) or stderr (2) of the process. A file, and a pipe with room, are written to by descriptor, since
 * loading Node's streams takes a tenth of a bare start. They are used for all that may have to wait: terminals,
 * and pipes once they may be full. `done` gets what the system says; a reader that has gone away is EPIPE.
 */
export function streamOf(descriptor: 1 | 2, nodes: () => NodeJS.WriteStream): Stream {
  const stats = fstatSync(descriptor)
  if (mayBeTerminal(stats)) return unfailing(nodes())
  let room = stats.isFIFO() || stats.isSocket() ? PIPE_ROOM : Number.POSITIVE_INFINITY
  let stream: Stream | undefined
  const writeNow = (bytes: Uint8Array): number => {
    if (bytes.length > room) return 0
    room -= bytes.length
    try {
      return writeSync(descriptor, bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
      throw error
    }
  }
  return {
    write: (text, done) => {
      let rest: Uint8Array = Buffer.from(text)
      try {
        while (stream === undefined && rest.length > 0) {
          const written = writeNow(rest)
          if (written === 0) stream = unfailing(nodes())
          rest = rest.subarray(written)
        }
      } catch (error) {
        done?.(error as Error)
        return true
      }
      if (stream !== undefined) return stream.write(rest, done)
      done?.()
      return true
    },
  }
}

/** Half of what a pipe holds by default (pipe(7)), in bytes: a write that has to wait could not be interrupted. */
const PIPE_ROOM = 0x8000

/** The writers are told of errors by their callbacks. */
function unfailing(stream: NodeJS.WriteStream): Stream {
  return stream.on('error', () => {})
}

/** The major number of /dev/null and /dev/full (Linux Documentation/admin-guide/devices.txt). */
const MEMORY = 1

function mayBeTerminal(stats: Stats): boolean {
  return stats.isCharacterDevice() && ((stats.rdev >> 8) & 0xfff) !== MEMORY
}
