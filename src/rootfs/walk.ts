import type { RootPath } from './path.js'
import type { Entry, RootFs } from './rootfs.js'

/** Every entry below a directory, parents before children, siblings by name; links are given, not followed. */
export async function* walk(rootfs: RootFs, directory: RootPath): AsyncGenerator<Entry> {
  const pending: Entry[] = [...(await rootfs.list(directory))].reverse()
  while (pending.length > 0) {
    const entry = pending.pop()!
    yield entry
    if (entry.kind !== 'directory') continue
    // One by one: a call takes some hundred thousand arguments at most, a directory any number of names.
    for (const child of [...(await rootfs.list(entry.path))].reverse()) pending.push(child)
  }
}
