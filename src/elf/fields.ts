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
  return layout.class === 32 ? view.getUint32(at, little) : word64(view, at, little)
}

/** The same of 8 bytes. */
export function word64(view: DataView, at: number, little: boolean): number {
  const first = view.getUint32(at, little)
  const second = view.getUint32(at + 4, little)
  return little ? first + second * 0x1_0000_0000 : first * 0x1_0000_0000 + second
}

/** LiftError 'malformed-elf' that names the table and where it lies in the file. */
export function malformed(table: string, offset: number, problem: string): LiftError {
  return new LiftError('malformed-elf', `${table} at offset ${hex(offset)}: ${problem}`)
}

/** A number as `0x…`, for messages. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`
}
