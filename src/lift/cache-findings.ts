import type { Closure } from '../closure/closure.js'
import { entriesFor } from '../loader/cache-search.js'
import type { RootFiles } from '../loader/files.js'
import { parseLdSoCache } from '../loader/ld-so-cache.js'
import type { LoadedObject, Loader } from '../loader/loader.js'
import type { RootPath } from '../rootfs/path.js'
import type { Examination } from './examine.js'
import { type Finding, finding } from './finding.js'
import { configuredDirectories } from './ld-so-conf.js'

/**
 * Says of a missing library that ldconfig would make it known: `ld.so.conf` names a directory that holds it, and
 * the cache does not list it. The library stays missing, since the loader reads the cache alone.
 */
export async function cacheFindings(files: RootFiles, examination: Examination): Promise<readonly Finding[]> {
  const { loader, baseline } = examination
  if (loader?.dialect !== 'glibc' || baseline === undefined) return []
  const lost = missingEdges(baseline)
  if (lost.length === 0) return []
  const listed = await cachedNames(files, loader)
  const directories = await configuredDirectories(files)
  const findings: Finding[] = []
  for (const { name, from } of lost) {
    if (listed.has(name)) continue
    for (const directory of directories) {
      if (isShut(directory, from, loader) || !(await holds(files, directory, name, loader))) continue
      findings.push(finding({ kind: 'no-cache', name, directory }))
      break
    }
  }
  return findings
}

function missingEdges(baseline: Closure) {
  return baseline.edges.filter(
    ({ kind, name, resolution }) =>
      (kind === 'needed' || kind === 'filter') &&
      resolution.found === undefined &&
      resolution.blockedBy === undefined &&
      !name.includes('/'),
  )
}

async function cachedNames(files: RootFiles, loader: Loader): Promise<{ has(name: string): boolean }> {
  const end = loader.configuration.find(({ role }) => role === 'cache')?.trail.end
  if (end?.kind !== 'file') return new Set()
  const cache = parseLdSoCache(await files.content(end), loader.object.elf.endian)
  return { has: (name) => cache !== undefined && entriesFor(cache, name).length > 0 }
}

const DF_1_NODEFLIB = 0x800

/** With NODEFLIB what the cache says of a default directory does not count either. */
function isShut(directory: RootPath, from: LoadedObject, loader: Loader): boolean {
  const hasNoDefaultLib = ((from.elf.dynamic?.flags1 ?? 0) & DF_1_NODEFLIB) !== 0
  return hasNoDefaultLib && loader.defaultDirectories.some((one) => `${directory}/`.startsWith(one))
}

/** Whether a library of the loader's own machine lies there: one that ldconfig would list for it. */
async function holds(
  files: RootFiles,
  directory: RootPath,
  name: string,
  { object }: Loader,
): Promise<boolean> {
  const { end } = await files.trail(`${directory}/${name}`, '/')
  if (end?.kind !== 'file') return false
  const { elf } = await files.read(end)
  return elf?.kind === 'library' && elf.class === object.elf.class && elf.machine === object.elf.machine
}
