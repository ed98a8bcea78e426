import type { Audit } from '../audit/audit.js'
import type { ConfigOptions } from '../image/config.js'
import type { Platform } from '../image/platform.js'
import type { Lift } from '../lift/lift.js'
import type { Verification } from '../verify/verification.js'
import type { Paint } from './paint.js'

/** One text format of a lift. The same lift gives the same bytes. */
export interface Emitter {
  /** One line for help texts. */
  readonly describe: string
  /** The usual file extension, without the dot. */
  readonly extension: string
  /** Throws LiftError 'usage' for an option that the format cannot write. */
  emit(lift: Lift, options: EmitOptions): string
  /** One text for the lifts of several platforms, whatever order they come in. Throws LiftError 'usage' likewise. */
  emitMany(lifts: readonly PlatformLift[], options: EmitOptions): string
}

/** One of the lifts for several platforms. */
export interface PlatformLift {
  /** What it is to be built for; the image may be for less, as one for arm/v5 that also serves arm/v7. */
  readonly platform: Platform
  readonly lift: Lift
}

/** What the user wants of the Dockerfile, over what the image says. */
export interface EmitOptions extends ConfigOptions {
  /** Copy from this stage of the reader's own Dockerfile; the output is then a fragment without FROM. */
  readonly stage?: string
}

/** One text format of an audit. The same audit gives the same bytes. */
export interface AuditEmitter {
  readonly describe: string
  readonly extension: string
  /** Formats for machines leave the paint alone. */
  emit(audit: Audit, paint: Paint): string
}

/** One text format of a verification. */
export interface VerifyEmitter {
  readonly describe: string
  readonly extension: string
  /** Formats for machines leave the paint alone. */
  emit(verification: Verification, paint: Paint): string
}
