import { bufferOf, decodeText } from '../bytes.js'
import type { End, Printed, Ran } from './verification.js'

/** A run as the runner saw it: all that was printed, up to the limit. */
export interface Outcome {
  readonly end: End
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly milliseconds: number
}

/** Most bytes of one stream that are looked at; a program that prints more is ended. */
const MOST_OUTPUT = 16 << 20

/** Most bytes of one stream that are kept in the result. */
const KEPT = 4096

/** What is kept of an outcome. */
export function ranOf({ end, stdout, stderr, milliseconds }: Outcome): Ran {
  return { end, stdout: printedOf(stdout), stderr: printedOf(stderr), milliseconds }
}

function printedOf(bytes: Uint8Array): Printed {
  const { length } = bytes
  return { size: length, text: decodeText(bytes.subarray(0, KEPT)), isWhole: length <= KEPT }
}

/** Collects a stream up to a limit. */
export class Collected {
  readonly #chunks: Uint8Array[] = []
  #size = 0
  readonly #limit: number

  constructor(limit: number = MOST_OUTPUT) {
    this.#limit = limit
  }

  /** Whether there is room for more; what goes over the limit is dropped. */
  add(chunk: Uint8Array): boolean {
    const room = this.#limit - this.#size
    this.#size += chunk.length
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, Math.max(0, room)) : chunk)
    return chunk.length <= room
  }

  bytes(): Uint8Array {
    return bufferOf(Buffer.concat(this.#chunks))
  }
}
