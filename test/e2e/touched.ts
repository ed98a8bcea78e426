import type { Image, RootPath } from '../../src/index.js'
import { parseShebang, SHEBANG_MAX } from '../../src/lift/shebang.js'
import { type RootFiles, rootFiles } from '../../src/loader/files.js'

/** The files, by their real paths, that a program opened or started according to strace (see confine.sh). */
export async function touched({ rootfs }: Image, traces: readonly string[]): Promise<ReadonlySet<RootPath>> {
  const files = rootFiles(rootfs)
  const paths = new Set<RootPath>()
  for (const trace of traces) {
    // What is before the first line that changes the root was done in that of the host.
    const inside = trace.slice(trace.indexOf(' chroot(') + 1)
    for (const [, path] of inside.matchAll(OPENED)) paths.add(path as RootPath)
    for (const [, path] of inside.matchAll(STARTED)) {
      for (const one of await startedFiles(files, path!)) paths.add(one)
    }
  }
  return paths
}

/** The descriptor is decoded to where the file lies below the folder that confine.sh has mounted. */
const OPENED = /= \d+<[^>]*?\/mounted\/root(\/[^>]*)>$/gm
const STARTED = /\bexecve(?:at)?\((?:[^"]*, )?"(\/[^"]*)"/g

/** The kernel opens a program and the interpreter in a script's first line by itself. */
async function startedFiles(files: RootFiles, path: string): Promise<readonly RootPath[]> {
  const { end } = await files.trail(path, '/')
  if (end?.kind !== 'file') return []
  const shebang = parseShebang(await files.rootfs.open(end).read(0, SHEBANG_MAX))
  return [end.path, ...(shebang === undefined ? [] : await startedFiles(files, shebang.interpreter))]
}
