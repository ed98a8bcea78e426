import type { ByteReader, Soon } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { ElfReading, RootFiles } from '../loader/files.js'
import type { Trail } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { RootFs } from '../rootfs/rootfs.js'

/**
 * The files of a root for whoever only looks around in it: what the host refuses to show is not there, or is empty.
 * Nobody asked for these files, so that one of them should not end a lift.
 */
export function shownFiles(files: RootFiles): RootFiles {
  const { rootfs } = files
  return {
    ...files,
    rootfs: shownRootFs(rootfs),
    trail: (path, from) => unlessRefused(() => files.trail(path, from), absent(path, from)),
    read: (file) => unlessRefused<ElfReading>(() => files.read(file), NO_ELF),
    content: async (file) => unlessRefused(() => files.content(file), NOTHING),
  }
}

function shownRootFs(rootfs: RootFs): RootFs {
  return {
    ...rootfs,
    lstat: (path) => unlessRefused(() => rootfs.lstat(path), undefined),
    list: async (path) => unlessRefused(() => rootfs.list(path), []),
    open: (file) => shownReader(rootfs.open(file)),
  }
}

function shownReader(reader: ByteReader): ByteReader {
  const { size } = reader
  return { size, read: async (offset, length) => unlessRefused(() => reader.read(offset, length), NOTHING) }
}

const NOTHING = new Uint8Array()
const NO_ELF: ElfReading = {
  elf: undefined,
  error: new LiftError('not-elf', 'what cannot be read is no ELF file'),
  header: undefined,
}

function absent(path: string, from: RootPath): Trail {
  const asked = (path.startsWith('/') ? path : `${from === '/' ? '' : from}/${path}`) as RootPath
  return { asked, links: [], stones: [], end: undefined, fault: 'absent' }
}

/** What some look gives, or something else where the host refuses or there is too much to look at. */
export function unlessRefused<T>(look: () => Soon<T>, otherwise: T): Soon<T> {
  const orElse = (error: unknown): T => {
    if (error instanceof LiftError && REFUSALS.has(error.code)) return otherwise
    throw error
  }
  try {
    const answer = look()
    return answer instanceof Promise ? answer.catch(orElse) : answer
  } catch (error) {
    return orElse(error)
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['unreadable', 'limit'])
