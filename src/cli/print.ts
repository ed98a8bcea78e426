import type {
  Answer,
  Attempt,
  Finding,
  Lift,
  LiftError,
  LiftedImage,
  LiftedProgram,
  Paint,
  Platform,
} from '../reading.js'
import type { CommonFlags, Context, Door } from './context.js'
import { EXIT, exitOfError } from './exit-code.js'
import { paintFor } from './paint.js'

/** How messages are written: to whom, in which colours, how many. */
export interface Manner {
  readonly door: Door
  readonly paint: Paint
  readonly flags: CommonFlags
  readonly line: (text: string) => void
}

/** The manner of messages on stderr. */
export async function mannerOf(context: Context, flags: CommonFlags): Promise<Manner> {
  const [door, paint] = await Promise.all([context.door(), paintFor(context.err, context, flags)])
  return { door, paint, flags, line: (text) => void context.err.write(`${text}\n`) }
}

/** The same, with each line saying which of several platforms it is about. */
export function ofPlatform(platform: Platform | undefined, manner: Manner): Manner {
  if (platform === undefined) return manner
  const { door, paint, line } = manner
  const prefix = paint.faint(`${door.printable(door.formatPlatform(platform))}:`)
  return { ...manner, line: (text) => line(`${prefix} ${text}`) }
}

/** More lines than these need --verbose, so that all fits one screen. */
const MOST_FINDINGS = 15
const MOST_PROGRAMS = 8

/** The findings, errors first; with --quiet only the errors. */
export function printFindings(findings: readonly Finding[], manner: Manner): void {
  const { flags, paint, line, door } = manner
  const order: readonly Finding['severity'][] = flags.quiet ? ['error'] : ['error', 'warning', 'note']
  const sorted = order.flatMap((severity) => findings.filter((finding) => finding.severity === severity))
  const [told, left] = flags.verbose ? [sorted, []] : withoutNeeds(sorted)
  const shown = flags.verbose ? told : told.slice(0, MOST_FINDINGS)
  for (const finding of shown) {
    line(`${paint[finding.severity](`${finding.severity}:`)} ${door.printable(finding.message)}`)
    if (flags.verbose && finding.kind === 'library-missing') printAttempts(finding.attempts, manner)
  }
  if (shown.length < told.length)
    line(paint.faint(`and ${told.length - shown.length} more (--verbose shows all)`))
  if (left.length > 0)
    line(
      `${paint.note('note:')} not taken along, though most runs need it: ${left.join(', ')} (--needs likely takes it, --verbose says more)`,
    )
}

/** What may be needed takes a line for each finder; without --verbose what is likely takes one line together. */
function withoutNeeds(findings: readonly Finding[]): readonly [readonly Finding[], readonly string[]] {
  const left = findings.flatMap((one) =>
    one.kind === 'need-not-taken' && one.confidence !== 'possible' ? [one.finder] : [],
  )
  return [findings.filter(({ kind }) => kind !== 'need-not-taken'), [...new Set(left)].sort()]
}

/** Says that nobody looked for what is read at run time alone, with the options that do. */
export function printUnasked({ flags, paint, line }: Manner): void {
  if (flags.quiet) return
  line(
    paint.faint('what a run opens by itself was not looked for: --verbose tells it, --needs likely takes it'),
  )
}

function printAttempts(attempts: readonly Attempt[], { paint, line, door }: Manner): void {
  for (const { rule, path, outcome } of attempts)
    line(paint.faint(`  ${rule}: ${door.printable(path)} ${outcome}`))
}

/** What was lifted, on one screen; nothing with --quiet. */
export function printSummary(lift: Lift, manner: Manner): void {
  if (manner.flags.quiet) return
  printPrograms(lift, manner)
  const files = lift.copies.filter(({ kind }) => kind === 'file')
  const whole = lift.copies.length - files.length
  // What lies in a directory that is copied whole is not counted.
  printSize(
    lift.image,
    files.map(({ size }) => size),
    manner,
    whole === 0 ? '' : `; and ${counted(whole, 'whole directory', 'whole directories')}`,
  )
}

/** The first programs and how many more there are. */
export function printPrograms({ programs }: Answer, manner: Manner): void {
  const { flags, paint, line } = manner
  const shown = flags.verbose ? programs : programs.slice(0, MOST_PROGRAMS)
  for (const program of shown) printProgram(program, manner)
  if (shown.length < programs.length) line(paint.faint(`and ${programs.length - shown.length} more`))
}

/** How many files of which size were lifted, and which part of the image that is. */
export function printSize(image: LiftedImage, sizes: readonly number[], { line }: Manner, more = ''): void {
  const lifted = sizes.reduce((sum, size) => sum + size, 0)
  const files = counted(sizes.length, 'file', 'files')
  line(`${files}, ${formatSize(lifted)}${shareOf(image.size, lifted)}${more}`)
}

function printProgram(program: LiftedProgram, { paint, line, door }: Manner): void {
  const kind = [program.kind, program.machine].filter((word) => word !== undefined).join(', ')
  line(`${paint.strong(door.printable(program.path))}  ${paint.faint(door.printable(kind))}`)
  if (program.interpreter !== undefined) {
    line(
      `  ${program.kind === 'script' ? 'interpreter' : 'loader     '}  ${door.printable(program.interpreter)}`,
    )
  }
  if (program.kind !== 'static') line(`  libraries    ${program.libraries.length}`)
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

function shareOf(size: number | undefined, lifted: number): string {
  if (size === undefined || size === 0) return ''
  const share = ((lifted / size) * 100).toPrecision(2)
  return ` of the image's ${formatSize(size)} (${Number(share)} %)`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Bytes in decimal units with about three digits. */
export function formatSize(bytes: number): string {
  const unit = unitFor(bytes)
  return `${inUnit(bytes, unit)} ${UNITS[unit]}`
}

/** How much of something there is, both in the unit of the whole: `1.3 of 60.5 MB`. */
export function formatPart(bytes: number, whole: number): string {
  const unit = unitFor(whole)
  const value = bytes / 1000 ** unit
  return `${unit === 0 ? value : value.toFixed(1)} of ${unit === 0 ? whole : (whole / 1000 ** unit).toFixed(1)} ${UNITS[unit]}`
}

function unitFor(bytes: number): number {
  let unit = 0
  while (bytes / 1000 ** unit >= 999.5 && unit < UNITS.length - 1) unit++
  return unit
}

function inUnit(bytes: number, unit: number): string {
  const value = bytes / 1000 ** unit
  return unit === 0 || value >= 99.95 ? String(Math.round(value)) : value.toFixed(1)
}

/** Says that the user ended it, whatever error came of that. */
export function printInterrupted({ line }: Manner): number {
  line('liftbin: interrupted')
  return EXIT.interrupted
}

/** Says why there is no answer and gives the exit status; a stack only for what is no LiftError, with --verbose. */
export function printFault(error: unknown, manner: Manner): number {
  const { line, paint, door, flags } = manner
  if (isLiftError(error)) return printLiftError(error, manner)
  const message = error instanceof Error ? error.message : String(error)
  line(`liftbin: ${paint.error(door.printableLines(message))}`)
  line(`  This is a bug in liftbin.${flags.verbose ? '' : ' With --verbose it says where.'}`)
  if (flags.verbose && error instanceof Error) line(door.printableLines(error.stack ?? ''))
  return EXIT.none
}

/** Bundles have a class each: what reads, and what also writes or runs. */
function isLiftError(error: unknown): error is LiftError {
  return error instanceof Error && error.name === 'LiftError' && 'code' in error
}

function printLiftError(error: LiftError, { line, paint, door, flags }: Manner): number {
  line(`liftbin: ${paint.error(door.printableLines(error.message))}`)
  if (error.hint !== undefined) line(`  ${door.printableLines(error.hint)}`)
  if (flags.verbose && error.cause instanceof Error && !isLiftError(error.cause)) {
    line(paint.faint(`  cause: ${door.printableLines(error.cause.message)}`))
  }
  return exitOfError(error.code)
}
