import { bufferOf } from '../bytes.js'

/** What `setcap` takes: capabilities by number, and the user of the namespace that they are good for. */
export interface CapabilityText {
  readonly text: string
  readonly rootId?: number
}

/** The attribute `security.capability` (struct vfs_cap_data of linux/capability.h) as text; undefined for a version that is none. */
export function capabilityText(value: Uint8Array): CapabilityText | undefined {
  const revision = value[3]
  if (!((revision === 2 && value.length === 20) || (revision === 3 && value.length === 24))) return undefined
  const buffer = bufferOf(value)
  const effective = buffer[0]! & 1 ? 'e' : ''
  const clauses: string[] = ['=']
  for (let number = 0; number < 64; number++) {
    const flags = `${isSet(buffer, 8, number) ? 'i' : ''}${isSet(buffer, 4, number) ? 'p' : ''}`
    if (flags !== '') clauses.push(`${number}+${effective}${flags}`)
  }
  const text = clauses.join(' ')
  return revision === 3 ? { text, rootId: buffer.readUInt32LE(20) } : { text }
}

/** Permitted and inheritable ones come by turns, 32 of each. */
function isSet(buffer: Buffer, at: number, number: number): boolean {
  return ((buffer.readUInt32LE(at + (number < 32 ? 0 : 8)) >>> (number % 32)) & 1) === 1
}
