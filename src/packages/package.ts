import type { RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'

/** The kinds of databases that are known, by the tool that keeps them. */
export type DatabaseKind = 'dpkg' | 'apk' | 'rpm'

/** A package that is installed in an image. Two of one name differ in their architecture. */
export interface Package {
  readonly name: string
  readonly version: string
  readonly architecture?: string
  /** The name as the database's own tools print it: with the architecture where the name alone may mean another. */
  readonly label: string
}

/** A package that has a file. */
export interface Ownership {
  readonly package: Package
  /** The file's path as the database spells it, which may lead through links. */
  readonly listed: RootPath
}

/** A file of the new root that the image does not have in this form. */
export interface GeneratedFile {
  readonly path: RootPath
  readonly bytes: Uint8Array
  /** The twelve permission bits. */
  readonly mode: number
}

/** What an image says of its packages. */
export interface PackageDatabase {
  readonly kind: DatabaseKind
  /**
   * The packages that have these files and links, by the place where each lies; what belongs to no package is left
   * out. Throws LiftError 'limit' for a database that is larger than any real one.
   */
  owners(entries: readonly Entry[]): Promise<ReadonlyMap<RootPath, Ownership>>
  /** The same database with nothing in it but these packages and files; absent where its format cannot be written. */
  readonly reduced?: (owned: readonly Ownership[]) => Promise<readonly GeneratedFile[]>
}
