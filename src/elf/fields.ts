import { LiftError } from '../errors.js'
import type { ElfHeader } from './elf.js'

/** A view of the same bytes, for reading numbers of either byte order. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Class and byte order: all that is needed to read a field. */
export type Layout = Pick<ElfHeader, 'class' | 'endian'>

/**
 * An address-sized field: 4 or 8 bytes. A 64-bit value above 2^53 comes out rounded, which is harmless since
 * no file is that long and every value is compared with a size before it is used.
 */
export function wordAt(view: DataView, at: number, layout: Layout): number {
  const little = layout.endian === 'little'
  const first = view.getUint32(at, little)
  if (layout.class === 32) return first
  const second = view.getUint32(at + 4, little)
  return little ? first + second * HIGH : first * HIGH + second
}

/**
 * Bytes as numbers of four bytes each, without what is left over. Where they lie as the host keeps numbers, they are
 * not copied; reading them costs a fraction of what a DataView does.
 */
export function wordsOf(bytes: Uint8Array, little: boolean): Uint32Array {
  const count = bytes.length >>> 2
  if (little === HOST_IS_LITTLE && bytes.byteOffset % 4 === 0)
    return new Uint32Array(bytes.buffer, bytes.byteOffset, count)
  const view = viewOf(bytes)
  return Uint32Array.from({ length: count }, (_, index) => view.getUint32(4 * index, little))
}

const HOST_IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Which of the two words of a 64-bit number are its low and its high half. */
export function halvesOf(little: boolean): { readonly low: 0 | 1; readonly high: 0 | 1 } {
  return little ? { low: 0, high: 1 } : { low: 1, high: 0 }
}

/** What the high half of a 64-bit number counts. */
export const HIGH = 0x1_0000_0000

/** LiftError 'malformed-elf' that names the table and where it lies in the file. */
export function malformed(table: string, offset: number, problem: string): LiftError {
  return new LiftError('malformed-elf', `${table} at offset ${hex(offset)}: ${problem}`)
}

/** A number as `0x…`, for messages. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`
}
