import type { Finding } from '../lift/finding.js'
import type { LiftedImage, Missing } from '../lift/lift.js'
import type { Rule } from '../loader/loader.js'
import type { RootPath } from '../rootfs/path.js'

/** What each of some binaries needs, as plain data. */
export interface Audit {
  readonly image: LiftedImage
  /** Sorted by path. */
  readonly binaries: readonly AuditedBinary[]
}

/** One ELF file or script of the image, and what it needs. */
export interface AuditedBinary {
  /** Where it really lies. */
  readonly path: RootPath
  readonly kind: 'program' | 'static' | 'library' | 'loader' | 'script' | 'object' | 'unknown'
  /** `amd64`, `arm64`, …; `unknown (258)` for an e_machine without a name. */
  readonly machine: string
  readonly interpreter?: string
  readonly loader?: { readonly path: string; readonly realPath: RootPath }
  /** In load order, without the loader unless a library names it. */
  readonly libraries: readonly AuditedLibrary[]
  readonly missing: readonly Missing[]
  readonly findings: readonly Finding[]
}

/** A library that is loaded with a binary. */
export interface AuditedLibrary {
  /** The name it was first asked for by. */
  readonly name: string
  /** The path the loader opens. */
  readonly path: string
  readonly realPath: RootPath
  readonly rule: Rule
  /** Open paths of the objects that ask for it. */
  readonly neededBy: readonly string[]
}
