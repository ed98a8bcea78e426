import { tarScanner } from '../image/tar-index.js'
import { components, type RootPath } from '../rootfs/path.js'
import type { DirectoryEntry, Entry } from '../rootfs/rootfs.js'
import type { ContainerArchive } from './container-archive.js'
import type { EngineAnswer } from './engine-client.js'
import { described } from './engine-files.js'

/** How many directories are asked for at once: a container answers one request at a time. */
const AT_A_TIME = 4

/** The same entries with their real owners: of Docker directories may lack them, of Podman all. Throws LiftError. */
export async function exactEntries(
  entries: readonly Entry[],
  archive: ContainerArchive,
  exactDirectory: (directory: DirectoryEntry) => Promise<Entry>,
): Promise<readonly Entry[]> {
  if (archive.losesOwners()) return describedBy(await archive.exportAll(), entries)
  const out = [...entries]
  let next = 0
  const work = async () => {
    while (next < entries.length) {
      const index = next++
      const entry = entries[index]!
      if (entry.kind === 'directory') out[index] = await exactDirectory(entry)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  return out
}

/** Reads headers until all entries have come; Podman leaves out that of the root. */
async function describedBy(answer: EngineAnswer, entries: readonly Entry[]): Promise<readonly Entry[]> {
  const found = new Map<RootPath, Entry | undefined>(entries.map(({ path }) => [path, undefined]))
  const asked = new Map(entries.map((entry) => [entry.path, entry]))
  asked.delete('/')
  const scanner = tarScanner()
  try {
    for await (const chunk of asked.size === 0 ? [] : answer.body) {
      for (const member of scanner.push(chunk)) {
        const path: RootPath = `/${components(member.path).join('/')}`
        const entry = asked.get(path)
        if (entry === undefined) continue
        asked.delete(path)
        found.set(path, { ...entry, ...described(path, member) })
      }
      if (asked.size === 0) break
    }
    if (asked.size > 0) scanner.finish()
  } finally {
    answer.drop()
  }
  return entries.map((entry) => found.get(entry.path) ?? entry)
}
