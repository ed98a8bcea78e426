import { basename, parent, type RootPath } from '../rootfs/path.js'

/** Decides between asking for one file and asking for its whole directory, from what requests cost so far. */
export interface FetchPlan {
  /** How to get this file, which no fetch so far has brought. Counts it as asked for, once. */
  choose(file: RootPath): 'one' | 'directory'
  /** A finished fetch of one file or link. */
  tookOne(milliseconds: number): void
  /** A finished fetch of a directory. */
  tookDirectory(bytes: number, milliseconds: number): void
}

/**
 * The costs assumed until some are measured, and they were measured on the 20.10 engine: about 50 ms for each
 * fetch whatever its size, since it starts a process for each; about 250 bytes per microsecond within one.
 */
const FIRST_ONE_MS = 50
const FIRST_BYTES_PER_MS = 250_000
/** The directory that holds most libraries has about this part of an image's bytes. */
const SHARE_OF_IMAGE = 0.35
/** Assumed where the engine does not tell. */
const UNKNOWN_IMAGE_SIZE = 1 << 30
/** A library is often a link and a file, which are fetched one after the other. */
const FETCHES_EACH = 1.5
/** How many more files are expected of a directory when the first is a library, or any other file. */
const MORE_LIBRARIES = 6
const MORE_FILES = 0

/**
 * A plan for an image of `imageSize` bytes. Closures have a long tail: the more files of a directory were asked
 * for, the more will be. So a directory is fetched whole as soon as that is cheaper than 2k more files (2k + 6
 * for libraries), k being those asked for before. Entries can be used as they come and the rest is cut off when
 * nobody wants it, so a small closure loses nothing by it. With an engine that answers quickly, or a large
 * image, that moment comes late or never.
 */
export function fetchPlan(imageSize: number | undefined): FetchPlan {
  const asked = new Map<RootPath, Set<RootPath>>()
  let oneMs = FIRST_ONE_MS
  let ones = 0
  let bytesPerMs = FIRST_BYTES_PER_MS
  const directoryMs = () => oneMs + ((imageSize ?? UNKNOWN_IMAGE_SIZE) * SHARE_OF_IMAGE) / bytesPerMs
  return {
    choose: (file) => {
      const directory = parent(file)
      const before = asked.get(directory) ?? new Set()
      const expected = 2 * before.size + (isLibrary(file) ? MORE_LIBRARIES : MORE_FILES)
      asked.set(directory, before.add(file))
      if (directory === '/' || directory === '/usr') return 'one'
      return directoryMs() < expected * FETCHES_EACH * oneMs ? 'directory' : 'one'
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

function isLibrary(file: RootPath): boolean {
  return /\.so(\.|$)/.test(basename(file))
}
