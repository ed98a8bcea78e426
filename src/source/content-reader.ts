import type { ByteReader } from '../bytes.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'

/** Reads what has come or is coming; where the arrival was cut off in the middle of this file, it comes again. */
export function contentReader(
  file: FileEntry,
  known: (path: RootPath) => ByteReader | undefined,
  fetched: (path: RootPath) => Promise<ByteReader>,
): ByteReader {
  return {
    size: file.size,
    read: async (offset, length) => {
      const content = known(file.path)
      if (content !== undefined) {
        try {
          return await content.read(offset, length)
        } catch (error) {
          if (known(file.path) === content) throw error
        }
      }
      return (await fetched(file.path)).read(offset, length)
    },
  }
}
