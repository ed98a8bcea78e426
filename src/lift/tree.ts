import type { Entry } from '../rootfs/rootfs.js'
import type { Role } from './lift.js'

/**
 * One path of the lifted root as the image itself has it: a file at the place where it really lies, a link as a link,
 * a directory with its own mode and owner.
 */
export interface TreeEntry {
  /** In the image's terms; `entry.path` is the place in the new root as well. */
  readonly entry: Entry
  readonly role: Role
  /** The content of a file that the image does not have in this form, such as a reduced `ld.so.cache`. */
  readonly bytes?: Uint8Array
}
