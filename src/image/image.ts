import type { RootFs } from '../rootfs/rootfs.js'
import type { ImageConfig } from './config.js'
import type { Platform } from './platform.js'

/** How a Dockerfile names the place the files are copied from. */
export type CopySource =
  /** The build context itself (`dir:`). */
  | { readonly kind: 'context' }
  /** `FROM <from>`: by digest when `pinned`, else by a tag that may move. */
  | { readonly kind: 'image'; readonly from: string; readonly pinned: boolean }

/** An opened image. Disposing it gives back what the source holds (a helper container, a temporary file). */
export interface Image extends AsyncDisposable {
  /** As the user wrote it, scheme included: `docker:ubuntu:latest`, `dir:/srv/root`. */
  readonly reference: string
  /** The manifest digest, `sha256:…`, where one is known. */
  readonly digest?: string
  readonly platform: Platform
  readonly config: ImageConfig
  readonly rootfs: RootFs
  readonly copySource: CopySource
  /** The whole image's size in bytes where the source knows it without a walk. */
  readonly size?: number
}
