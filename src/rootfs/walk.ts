import type { RootPath } from './path.js'
import type { Entry, RootFs } from './rootfs.js'

/** What to do about a directory that cannot be listed; to throw ends the walk. */
export type OnRefusal = (directory: RootPath, error: unknown) => void

/**
 * Every entry below a directory, parents before children, siblings by name; links are given, not followed. It ends
 * at the first directory that cannot be listed, unless that is dealt with.
 */
export async function* walk(
  rootfs: RootFs,
  directory: RootPath,
  onRefusal: OnRefusal = rethrow,
): AsyncGenerator<Entry> {
  const list = async (path: RootPath): Promise<Entry[]> => {
    const entries = await rootfs.list(path).catch((error: unknown) => onRefusal(path, error))
    return [...(entries ?? [])].reverse()
  }
  const pending = await list(directory)
  while (pending.length > 0) {
    const entry = pending.pop()!
    yield entry
    if (entry.kind !== 'directory') continue
    // One by one: a call takes some hundred thousand arguments at most, a directory any number of names.
    for (const child of await list(entry.path)) pending.push(child)
  }
}

function rethrow(_: RootPath, error: unknown): never {
  throw error
}
