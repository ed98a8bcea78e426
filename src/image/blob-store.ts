import type { ByteReader } from '../bytes.js'
import type { Digest } from './digest.js'
import { createSpool } from './spool.js'

/** Uncompressed layers, and documents, by the digest of the blob they come from. */
export interface BlobStore extends AsyncDisposable {
  /**
   * What is kept of this blob; with `content`, only where that is the digest of what is kept. It may have to be
   * read as a whole first: throws why the signal was aborted.
   */
  find(digest: Digest, content?: Digest, signal?: AbortSignal): Promise<ByteReader | undefined>
  /**
   * Waits until nobody else is at work on this blob, and keeps others off until it is released. Look with `find`
   * again afterwards.
   */
  claim(digest: Digest, signal?: AbortSignal): Promise<Disposable>
  create(digest: Digest): BlobWriter
  /** Keeps what can be made again, where there is room: `write` appends it and gives its digest. Never throws. */
  keep(digest: Digest, write: (append: (bytes: Uint8Array) => void) => Digest): void
  /** Says that what `find` gave is damaged. */
  forget(digest: Digest): void
}

/** A blob on its way into a store; until `commit` nobody can find it. */
export interface BlobWriter {
  /** Throws LiftError 'output' when there is no room. */
  append(bytes: Uint8Array): void
  /** Says that all bytes are there and were verified; `content` is the digest of what was appended. */
  commit(content: Digest): Promise<ByteReader>
  abort(): void
}

/** A store that nothing outlives: in memory, larger blobs in temporary files that no directory names. */
export function temporaryStore(): BlobStore {
  const spools: ReturnType<typeof createSpool>[] = []
  return {
    find: async () => undefined,
    claim: async () => ({ [Symbol.dispose]: () => {} }),
    create: () => {
      const spool = createSpool()
      let size = 0
      spools.push(spool)
      return {
        append: (bytes) => {
          // What is kept in memory must not change when the caller uses its buffer again.
          spool.append(size > KEPT_IN_MEMORY ? bytes : Buffer.from(bytes))
          size += bytes.length
        },
        commit: async () => {
          spool.end()
          return spool.slice(0, size)
        },
        abort: () => spool.close(),
      }
    },
    keep: () => {},
    forget: () => {},
    [Symbol.asyncDispose]: async () => {
      for (const spool of spools) spool.close()
    },
  }
}

/** Beyond it a spool writes to its file at once. */
const KEPT_IN_MEMORY = 256 << 10
