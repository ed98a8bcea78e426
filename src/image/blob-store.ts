import type { ByteReader } from '../bytes.js'
import type { Digest } from './digest.js'
import { createSpool } from './spool.js'

/** Uncompressed layers and documents, by the digest of the blob they come from. */
export interface BlobStore extends AsyncDisposable {
  find(digest: Digest): Promise<ByteReader | undefined>
  create(digest: Digest): BlobWriter
}

/** A blob on its way into a store; until `commit` nobody can find it. */
export interface BlobWriter {
  /** Throws LiftError 'output' when there is no room. */
  append(bytes: Uint8Array): void
  /** Says that all bytes are there and were verified. */
  commit(): Promise<ByteReader>
  abort(): void
}

/** A store that nothing outlives: in memory, larger blobs in temporary files that no directory names. */
export function temporaryStore(): BlobStore {
  const spools: ReturnType<typeof createSpool>[] = []
  return {
    find: async () => undefined,
    create: () => {
      const spool = createSpool()
      let size = 0
      spools.push(spool)
      return {
        append: (bytes) => {
          spool.append(Buffer.from(bytes))
          size += bytes.length
        },
        commit: async () => {
          spool.end()
          return spool.slice(0, size)
        },
        abort: () => spool.close(),
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const spool of spools) spool.close()
    },
  }
}
