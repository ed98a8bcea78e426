import { machineOf, ociPlatform, readHeader } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import type { Platform } from '../image/platform.js'
import { follow } from '../rootfs/follow.js'
import { basename, join, type RootPath } from '../rootfs/path.js'
import type { Entry, RootFs } from '../rootfs/rootfs.js'

/** The platform that the programs of a root are for; undefined where no ELF file is found in the usual places. */
export async function platformOfRoot(rootfs: RootFs): Promise<Platform | undefined> {
  for await (const path of likelyPrograms(rootfs)) {
    const platform = await platformOfFile(rootfs, path).catch(unlessBroken)
    if (platform !== undefined) return platform
  }
  return undefined
}

/** What nearly every root has, and is never there for another machine than its own. */
const USUAL: readonly RootPath[] = [
  '/bin/sh',
  '/usr/bin/env',
  '/bin/busybox',
  '/usr/bin/ls',
  '/sbin/ldconfig',
]
const LOADER_PLACES: readonly RootPath[] = ['/lib64', '/lib', '/libx32', '/lib32']
const PROGRAM_PLACES: readonly RootPath[] = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin', '/']
/** A directory may hold any number of scripts. */
const MOST_FILES = 100

async function* likelyPrograms(rootfs: RootFs): AsyncGenerator<RootPath> {
  yield* USUAL
  for (const place of LOADER_PLACES) yield* await namesIn(rootfs, place, /^ld[-.6].*\.so/)
  for (const place of PROGRAM_PLACES) yield* await namesIn(rootfs, place, /./s)
}

async function namesIn(rootfs: RootFs, place: RootPath, pattern: RegExp): Promise<readonly RootPath[]> {
  const entries: readonly Entry[] = await directoryEntries(rootfs, place).catch(() => [])
  const names = entries
    .filter(({ kind }) => kind === 'file' || kind === 'symlink')
    .map((e) => basename(e.path))
  return names
    .filter((name) => pattern.test(name))
    .slice(0, MOST_FILES)
    .map((name) => join(place, name))
}

async function directoryEntries(rootfs: RootFs, place: RootPath): Promise<readonly Entry[]> {
  const { end } = await follow(rootfs, place)
  return end?.kind === 'directory' ? rootfs.list(end.path) : []
}

async function platformOfFile(rootfs: RootFs, path: RootPath): Promise<Platform | undefined> {
  const { end } = await follow(rootfs, path)
  if (end?.kind !== 'file') return undefined
  const machine = machineOf(await readHeader(rootfs.open(end)))
  if (machine === undefined) return undefined
  return { os: 'linux', ...(ociPlatform(machine) ?? { architecture: machine }) }
}

/** A file that is no ELF file, or that may not be read, says nothing. */
function unlessBroken(error: unknown): undefined {
  if (!(error instanceof LiftError)) throw error
  return undefined
}
