import type { RootFs } from '../rootfs/rootfs.js'
import type { ImageConfig } from './config.js'
import type { Platform } from './platform.js'

/** How a Dockerfile names the place the files are copied from. */
export type CopySource =
  /** The build context itself (`dir:`). */
  | { readonly kind: 'context' }
  /** `FROM <from>`: by digest when `pinned`, else by a tag that may move. */
  | {
      readonly kind: 'image'
      readonly from: string
      readonly pinned: boolean
      /** The same by the digest of the one manifest of its platform, where `from` may mean several. */
      readonly ofPlatform?: string
      /** The commands that give an engine the image by this name, where it does not come from an engine or registry. */
      readonly madeBy?: readonly (readonly string[])[]
    }

/** An opened image. Disposing it gives back what the source holds (a helper container, a temporary file). */
export interface Image extends AsyncDisposable {
  /** As the user wrote it, scheme included: `docker:ubuntu:latest`, `dir:/srv/root`. */
  readonly reference: string
  /** The manifest digest, `sha256:…`, where one is known. */
  readonly digest?: string
  readonly platform: Platform
  readonly config: ImageConfig
  readonly rootfs: RootFs
  /** Why `rootfs.exact` could not tell the attributes of what it was asked for, if it could not. */
  readonly unreadAttributes?: () => string | undefined
  readonly copySource: CopySource
  /** The whole image's size in bytes where the source knows it without a walk. */
  readonly size?: number
  /**
   * Runs a program of the image, shut off from network, other processes and everything that could be changed,
   * within bounds of time and memory. Absent where the source has no way to. Throws LiftError where it cannot.
   */
  readonly run?: (command: ConfinedCommand) => Promise<ConfinedResult>
}

/** A command to run in an image, shut off from all else. */
export interface ConfinedCommand {
  /** The first one is the program, an absolute path in the image. */
  readonly argv: readonly [string, ...string[]]
  /** Put over the image's own environment. */
  readonly env: Readonly<Record<string, string>>
  /** `superuser` has no capabilities, but may read what is root's; not every source allows it. */
  readonly user: 'nobody' | 'superuser'
  readonly signal?: AbortSignal
}

/** What a confined command printed, and its exit status. */
export interface ConfinedResult {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}
