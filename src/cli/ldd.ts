import type { Finding, LiftOptions } from '../reading.js'
import type { LddFlag } from './context.js'
import type { Manner } from './print.js'

/** What `--ldd` is for the library. */
export function lddOptions({ ldd }: LddFlag): Pick<LiftOptions, 'ldd'> {
  return ldd === true ? { ldd: 'where-missing' } : {}
}

const MISSING: readonly Finding['kind'][] = ['library-missing', 'loader-unknown']

/** Names the next step where a library is missing and `ldd` was not asked. */
export function suggestLdd(
  findings: readonly Finding[],
  { ldd }: LddFlag,
  { flags, paint, line }: Manner,
): void {
  if (flags.quiet || ldd === true || !findings.some(({ kind }) => MISSING.includes(kind))) return
  line(
    paint.faint(
      '  With --ldd the loader itself is asked too; it runs inside the image, shut off from all else.',
    ),
  )
}
