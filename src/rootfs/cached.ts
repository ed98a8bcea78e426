import type { RootPath } from './path.js'
import type { Entry, RootFs } from './rootfs.js'
import { type Answers, atHand, waitingFor } from './waiting.js'

/**
 * Remembers each answer of another root, absences included, so that each path is asked for once. Promises are kept
 * too: two askers at the same time share one question.
 */
export function cachedRootFs(inner: RootFs): RootFs {
  const entries: Answers<RootPath, Entry | undefined> = new Map()
  const listings = new Map<RootPath, Promise<readonly Entry[]>>()
  const list = async (directory: RootPath): Promise<readonly Entry[]> => {
    const found = await inner.list(directory)
    for (const entry of found) entries.set(entry.path, entry)
    return found
  }
  const look = (path: RootPath) => inner.lstat(path)
  return {
    lstat: (path) => waitingFor(() => atHand(entries, path, look)),
    list: (directory) => remembered(listings, directory, () => list(directory)),
    open: (file) => inner.open(file),
    ...(inner.exact === undefined ? {} : { exact: (entries) => inner.exact!(entries) }),
  }
}

/** The answer for a key, asked for at most once. A promise is kept as it is, so that askers share it. */
export function remembered<K, V>(known: Map<K, V>, key: K, ask: (key: K) => V): V {
  let answer = known.get(key)
  if (answer === undefined) {
    answer = ask(key)
    known.set(key, answer)
  }
  return answer
}
