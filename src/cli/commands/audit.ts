import type { Audit } from '../../reading.js'
import {
  type CommonFlags,
  type Context,
  type Door,
  isDirectory,
  type LddFlag,
  type SourceFlags,
  withWholeDoor,
} from '../context.js'
import { exitOfFindings } from '../exit-code.js'
import { lddOptions, suggestLdd } from '../ldd.js'
import { onImage } from '../on-image.js'
import { checkOutput, writeAnswer } from '../output.js'
import { paintFor } from '../paint.js'
import { type Manner, mannerOf } from '../print.js'

/** The options of `liftbin audit`. */
export interface AuditFlags extends CommonFlags, LddFlag, SourceFlags {
  readonly output?: string
  readonly format: keyof Door['AUDIT_FORMATS']
}

/** `liftbin audit`: what some or all binaries of an image need. Gives the exit status. */
export async function auditCommand(
  reference: string,
  binaries: readonly string[],
  flags: AuditFlags,
  surroundings: Context,
): Promise<number> {
  const context = isDirectory(reference) ? surroundings : withWholeDoor(surroundings)
  const door = await context.door()
  checkOutput(flags.output, door)
  const audit = await onImage(reference, flags, context, ({ image, common }) =>
    door.audit(image, binaries, { ...common, ...lddOptions(flags) }),
  )
  const paint = flags.output === undefined ? await paintFor(context.out, context, flags) : door.PLAIN
  await writeAnswer(door.AUDIT_FORMATS[flags.format].emit(audit, paint), flags.output, context)
  const findings = audit.binaries.flatMap((binary) => binary.findings)
  const manner = await mannerOf(context, flags)
  suggestLdd(findings, flags, manner)
  printAudit(audit, manner)
  return exitOfFindings(findings)
}

function printAudit({ binaries }: Audit, { flags, line }: Manner): void {
  if (flags.quiet) return
  const faulty = binaries.filter(({ findings }) => exitOfFindings(findings) !== 0).length
  const count = binaries.length === 1 ? '1 binary' : `${binaries.length} binaries`
  line(`${count}, ${faulty === 0 ? 'none' : faulty} with errors`)
}
