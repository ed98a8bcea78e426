import { type TarEntry, tarScanner } from '../image/tar-index.js'
import { components, type RootPath } from '../rootfs/path.js'
import type { DirectoryEntry, Entry, RootFs } from '../rootfs/rootfs.js'
import type { ContainerArchive } from './container-archive.js'
import { described } from './engine-files.js'

/** How many directories are asked for at once: a container answers one request at a time. */
const AT_A_TIME = 4

/** Gives the same entries with their real owners: of Docker directories may lack them, of Podman all entries do. */
export function exactEntries(
  archive: ContainerArchive,
  exactDirectory: (directory: DirectoryEntry) => Promise<Entry>,
): NonNullable<RootFs['exact']> {
  const exported = new Map<RootPath, TarEntry>()
  return async (entries) => {
    if (!archive.losesOwners()) return exactDirectories(entries, exactDirectory)
    await readExport(archive, entries, exported)
    return entries.map((entry) => {
      const member = exported.get(entry.path)
      return member === undefined ? entry : { ...entry, ...described(entry.path, member) }
    })
  }
}

async function exactDirectories(
  entries: readonly Entry[],
  exactDirectory: (directory: DirectoryEntry) => Promise<Entry>,
): Promise<readonly Entry[]> {
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

/** Adds what is asked for to what is known, until that is all; the root itself never comes. */
async function readExport(
  archive: ContainerArchive,
  entries: readonly Entry[],
  exported: Map<RootPath, TarEntry>,
): Promise<void> {
  const missing = new Set(entries.map(({ path }) => path).filter((path) => !exported.has(path)))
  missing.delete('/')
  if (missing.size === 0) return
  const answer = await archive.exportAll()
  const scanner = tarScanner()
  try {
    for await (const chunk of answer.body) {
      for (const member of scanner.push(chunk)) {
        const path: RootPath = `/${components(member.path).join('/')}`
        if (missing.delete(path)) exported.set(path, member)
      }
      if (missing.size === 0) return
    }
    scanner.finish()
  } finally {
    answer.drop()
  }
}
