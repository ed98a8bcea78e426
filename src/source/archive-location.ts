import { existsSync } from 'node:fs'
import type { ByteReader } from '../bytes.js'
import { LiftError } from '../errors.js'
import { type Archive, openArchive } from '../image/archive.js'
import { type Budget, budgetOf } from '../image/limits.js'
import { createSpool, type Spool } from '../image/spool.js'
import { hostFile } from './host-file.js'
import { type HostLocation, parseHostLocation } from './host-location.js'
import type { OpenOptions } from './source.js'

/** What stands for the path of an archive that has none. */
export const STANDARD_INPUT = 'standard input'

/** An archive as a file, or as what came on standard input. */
export interface OpenedArchive extends HostLocation {
  readonly archive: Archive
}

/**
 * Opens the archive that a location means: `-` is standard input, taken in whole into a temporary file.
 * Throws LiftError.
 */
export async function openArchiveAt(location: string, options: OpenOptions): Promise<OpenedArchive> {
  const { limits } = options
  if (location !== '-' && !location.startsWith('-:')) {
    const { path, name } = parseArchiveLocation(location)
    return {
      path,
      name,
      archive: await openArchive(archiveFile(path), path, budgetOf(limits, path), options),
    }
  }
  if (options.otherPlatforms !== undefined && options.otherPlatforms.length > 0) throw readOnce()
  const path = STANDARD_INPUT
  const spool = createSpool()
  try {
    const size = await takeIn(spool, options, budgetOf(limits, path))
    const archive = await openArchive(spool.slice(0, size), path, budgetOf(limits, path), options)
    const close = async () => {
      await archive[Symbol.asyncDispose]()
      spool.close()
    }
    return {
      path,
      name: location.slice(2) || undefined,
      archive: { ...archive, [Symbol.asyncDispose]: close },
    }
  } catch (error) {
    spool.close()
    throw error
  }
}

function readOnce(): LiftError {
  return new LiftError('usage', 'standard input can be read once, which is for one platform', {
    hint: 'Name one with --platform, or write the archive to a file first.',
  })
}

async function takeIn(spool: Spool, options: OpenOptions, budget: Budget): Promise<number> {
  const { stdin = process.stdin, signal, onStep } = options
  onStep?.('reading standard input')
  let size = 0
  for await (const chunk of untilAborted(stdin, signal)) {
    size += chunk.length
    budget.addBytes(chunk.length, size, size)
    spool.append(chunk)
  }
  spool.end()
  if (size === 0) throw new LiftError('unreadable', 'nothing came on standard input')
  return size
}

/** A pipe may say nothing for ever. */
async function* untilAborted(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]()
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(new LiftError('interrupted', 'interrupted while reading standard input'))
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
  })
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted])
    if (next.done === true) return
    yield next.value
  }
}

/** The location of something that is there. Throws LiftError 'image-not-found'. */
export function parseArchiveLocation(location: string): HostLocation {
  const parsed = parseHostLocation(location)
  if (existsSync(parsed.path)) return parsed
  throw new LiftError('image-not-found', `there is no file ${parsed.path}`)
}

/** Throws LiftError 'image-not-found' or 'unreadable'. */
function archiveFile(path: string): ByteReader {
  const file = hostFile(path)
  if (file !== undefined) return file
  throw new LiftError('image-not-found', `${path} is no regular file`, {
    hint: 'A root file system in a directory is dir:DIR, an OCI layout is oci-dir:DIR.',
  })
}
