import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { rootFiles } from '../../src/loader/files.js'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { normalise } from '../../src/rootfs/path.js'

/** The regular files below a folder, by their paths in it, with their sizes; hard links count once. */
export function filesBelow(folder: string): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  const seen = new Set<number>()
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.path, entry.name)
    const { ino, size } = statSync(path)
    if (!seen.has(ino)) sizes.set(path.slice(folder.length), size)
    seen.add(ino)
  }
  return sizes
}

/**
 * The files below a folder that a trace of `strace -f -y` shows to have been opened, or started, in a root that is
 * mounted at a path; by their real paths there, which strace tells of open descriptors.
 */
export async function openedFiles(
  trace: string,
  mounted: string,
  folder: string,
): Promise<ReadonlySet<string>> {
  const opened = new Set<string>()
  for (const [, path = ''] of trace.matchAll(/ = \d+<([^>\n]*)>/g))
    if (path.startsWith(`${mounted}/`)) opened.add(path.slice(mounted.length))
  const files = rootFiles(directoryRootFs(folder))
  for (const [, path = ''] of trace.matchAll(/execve\("([^"]*)".* = 0$/gm)) {
    const { end } = await files.trail(normalise(path), '/')
    if (end?.kind === 'file') opened.add(end.path)
  }
  return opened
}

/** What part of the bytes that `more` has above `less` was never opened; undefined where it has none. */
export function untouchedPart(
  more: ReadonlyMap<string, number>,
  less: ReadonlyMap<string, number>,
  opened: ReadonlySet<string>,
): number | undefined {
  const added = [...more].filter(([path]) => !less.has(path))
  const bytes = (files: typeof added) => files.reduce((sum, [, size]) => sum + size, 0)
  const all = bytes(added)
  return all === 0 ? undefined : bytes(added.filter(([path]) => !opened.has(path))) / all
}
