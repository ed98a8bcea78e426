import { decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import { wholeSeconds } from '../rootfs/mtime.js'

/** Headers, and the units that content is padded to, have this many bytes. */
export const BLOCK = 512

/** An octal field, or GNU's base 256 when the highest bit is set. Negative numbers are refused. */
export function number(block: Uint8Array, at: number, length: number): number {
  if ((block[at]! & 0x80) === 0) {
    const digits = text(block, at, length).trim()
    if (!/^[0-7]*$/.test(digits)) throw damaged('a number in it is malformed')
    return Number.parseInt(digits || '0', 8)
  }
  let value = block[at]! & 0x7f
  for (let i = 1; i < length; i++) value = value * 256 + block[at + i]!
  if (block[at] === 0xff || !Number.isSafeInteger(value)) throw damaged('a number in it is out of range')
  return value
}

/** The field of a time, which may be negative and of any size. Throws LiftError 'unreadable' for what is no number. */
export function time(block: Uint8Array, at: number): number {
  // In base 256 the second highest bit is the sign.
  if (block[at]! >= 0xc0) return 0
  if ((block[at]! & 0x80) === 0) return wholeSeconds(number(block, at, TIME))
  let value = block[at]! & 0x3f
  for (let i = 1; i < TIME; i++) value = value * 256 + block[at + i]!
  return wholeSeconds(value)
}

const TIME = 12

/** A field's text, up to its first NUL. */
export function text(block: Uint8Array, at: number, length: number): string {
  return decodeText(untilNul(block.subarray(at, at + length)))
}

/** PATH_MAX of linux/limits.h, in bytes, the NUL included. */
export const MAX_PATH = 4096

/** A name of any length. Throws LiftError 'unreadable', naming it as `what`, for what no system could hold. */
export function longName(bytes: Uint8Array, what: 'name' | 'link'): string {
  const name = untilNul(bytes)
  if (name.length >= MAX_PATH) throw damaged(`a ${what} in it is too long`)
  return decodeText(name)
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const nul = bytes.indexOf(0)
  return nul < 0 ? bytes : bytes.subarray(0, nul)
}

/**
 * The sum of a header's bytes with the sum's own field as spaces; some old writers took bytes as signed.
 * Throws LiftError 'unreadable' where neither is what the header says.
 */
export function checkSum(block: Uint8Array): void {
  let unsigned = 0
  let signed = 0
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  const written = number(block, 148, 8)
  if (written !== unsigned && written !== signed) throw damaged('a header in it has a wrong checksum')
}

/** An archive that cannot be read on. */
export function damaged(why: string): LiftError {
  return new LiftError('unreadable', `the tar archive is damaged: ${why}`)
}
