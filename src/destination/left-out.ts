import type { Packing } from '../pack/packing.js'

/** What no destination can hold: of devices, FIFOs and sockets only the place is known. */
export function leftOut({ tree }: Packing): readonly string[] {
  const special = tree.filter(({ entry }) => entry.kind === 'special')
  const [first] = special
  if (first === undefined) return []
  const what =
    special.length === 1 ? '1 device, FIFO or socket was' : `${special.length} devices, FIFOs or sockets were`
  return [`${what} left out: ${first.entry.path}${special.length === 1 ? '' : ' and others'}`]
}
