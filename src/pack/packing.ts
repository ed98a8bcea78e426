import type { ByteReader } from '../bytes.js'
import type { ImageConfig } from '../image/config.js'
import type { Platform } from '../image/platform.js'
import type { TreeEntry } from '../lift/tree.js'
import type { FileEntry } from '../rootfs/rootfs.js'

/** Everything an image is made of, before it has a form. */
export interface Packing {
  readonly platform: Platform
  /** Sorted by path, each directory before what lies in it; every parent but the root has an entry. */
  readonly tree: readonly TreeEntry[]
  /** The content of a file of the image the tree was lifted from; for those without `bytes`. */
  readonly open: (file: FileEntry) => ByteReader
  /** How to run the new image; empty lists are left out of its configuration. */
  readonly config: ImageConfig
  /** Annotations of the manifest, by key (OCI image-spec, "Annotations"). */
  readonly annotations: Readonly<Record<string, string>>
  /** What the history says of how the image was made. */
  readonly createdBy: string
  /** SOURCE_DATE_EPOCH, in seconds: the time of creation; no file is younger. Without it 0, and files keep their times. */
  readonly epoch?: number
}
