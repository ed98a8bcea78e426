import { parent, type RootPath } from '../rootfs/path.js'

/** Decides between asking for one file and asking for its whole directory, from what requests cost so far. */
export interface FetchPlan {
  /** How to get this file, which no fetch so far has brought. Counts it as asked for. */
  choose(path: RootPath): 'one' | 'directory'
  /** A finished fetch of one file or link. */
  tookOne(milliseconds: number): void
  /** A finished fetch of a directory. */
  tookDirectory(bytes: number, milliseconds: number): void
}

/**
 * The costs assumed until some are measured, and they were measured on the 20.10 engine: about 50 ms for each
 * fetch whatever its size, since it starts a process for each; about 200 bytes per microsecond within one.
 */
const FIRST_ONE_MS = 50
const FIRST_BYTES_PER_MS = 200_000
/** The directory that holds most libraries has about this part of an image's bytes. */
const SHARE_OF_IMAGE = 0.4
/** Assumed where the engine does not tell. */
const UNKNOWN_IMAGE_SIZE = 1 << 30
/** A program, its loader and its C library must never cost a whole directory. */
const ALWAYS_ONE = 2

/**
 * A plan for an image of `imageSize` bytes. Closures have a long tail: one that asked for k files of a directory
 * asks for about as many again as it did, twice over, so the directory is fetched whole as soon as that is
 * cheaper than 2k + 4 more files. Engines that answer quickly thus never pay for a whole directory.
 */
export function fetchPlan(imageSize: number | undefined): FetchPlan {
  const asked = new Map<RootPath, number>()
  let oneMs = FIRST_ONE_MS
  let ones = 0
  let bytesPerMs = FIRST_BYTES_PER_MS
  const directoryMs = () => oneMs + ((imageSize ?? UNKNOWN_IMAGE_SIZE) * SHARE_OF_IMAGE) / bytesPerMs
  return {
    choose: (path) => {
      const directory = parent(path)
      const before = asked.get(directory) ?? 0
      asked.set(directory, before + 1)
      if (before < ALWAYS_ONE) return 'one'
      return directoryMs() < (2 * before + 4) * oneMs ? 'directory' : 'one'
    },
    tookOne: (milliseconds) => {
      ones++
      oneMs = ones === 1 ? milliseconds : oneMs + (milliseconds - oneMs) / ones
    },
    tookDirectory: (bytes, milliseconds) => {
      if (bytes > 1 << 20) bytesPerMs = Math.max(1, bytes / Math.max(1, milliseconds - oneMs))
    },
  }
}
