import type { Port } from './candidate.js'

/** Whether a loader of this ABI takes entries with these flags (sysdeps/…/dl-cache.h, _dl_cache_check_flags). */
export function acceptsFlags(flags: number, port: Port): boolean {
  const own = CACHE_ABI.find(
    (row) => row.machine === port.machineNumber && row.class === port.class && row.fits(port),
  )
  return own === undefined ? flags === 3 : own.accepts.includes(flags)
}

interface CacheAbi {
  readonly machine: number
  readonly class: 32 | 64
  fits(port: Port): boolean
  readonly accepts: readonly number[]
}

const always = (): boolean => true
const flagIs =
  (mask: number, value: number) =>
  (port: Port): boolean =>
    (port.flags & mask) === value

const CACHE_ABI: readonly CacheAbi[] = [
  { machine: 62, class: 64, fits: always, accepts: [0x0303] },
  { machine: 62, class: 32, fits: always, accepts: [0x0803] },
  { machine: 3, class: 32, fits: always, accepts: [1, 3] },
  { machine: 183, class: 64, fits: always, accepts: [0x0a03] },
  { machine: 40, class: 32, fits: flagIs(0x400, 0x400), accepts: [0x0903, 3] },
  { machine: 40, class: 32, fits: always, accepts: [0x0b03, 3] },
  { machine: 22, class: 64, fits: always, accepts: [0x0403] },
  { machine: 21, class: 64, fits: always, accepts: [0x0503] },
  { machine: 243, class: 64, fits: flagIs(6, 4), accepts: [0x1003] },
  { machine: 243, class: 64, fits: flagIs(6, 0), accepts: [0x0f03] },
  { machine: 258, class: 64, fits: flagIs(7, 3), accepts: [0x1203] },
  { machine: 258, class: 64, fits: flagIs(7, 1), accepts: [0x1103] },
  { machine: 43, class: 64, fits: always, accepts: [0x0103] },
  { machine: 50, class: 64, fits: always, accepts: [0x0203] },
  { machine: 8, class: 64, fits: flagIs(0x400, 0), accepts: [0x0703] },
  { machine: 8, class: 64, fits: always, accepts: [0x0e03] },
  { machine: 8, class: 32, fits: flagIs(0x420, 0x20), accepts: [0x0603] },
  { machine: 8, class: 32, fits: flagIs(0x420, 0x420), accepts: [0x0d03] },
  { machine: 8, class: 32, fits: flagIs(0x420, 0x400), accepts: [0x0c03] },
  { machine: 8, class: 32, fits: always, accepts: [1, 3] },
]
