import {
  chmodSync,
  closeSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { LiftError, reasonOf } from '../errors.js'
import { breathing } from '../rootfs/breath.js'
import type { WriteOptions } from './destination.js'

/** Bytes on their way to a file; what the generator returns is for whoever writes them. */
export type Bytes<T> = AsyncGenerator<Uint8Array, T, void>

/**
 * Writes a file that is whole or not there: it is made beside its place and renamed, so that an error, Ctrl-C or a
 * full disk leave what was there before and nothing else. `-` is standard output; a device or pipe is written to
 * directly. Throws LiftError 'output' or 'interrupted', and what the bytes throw.
 */
export async function writeFileOf<T>(file: string, bytes: Bytes<T>, options: WriteOptions): Promise<T> {
  if (file === '-') return toStdout(bytes, options)
  if (file === '') throw new LiftError('usage', 'the name of the file is empty')
  const existing = attempt(file, () => statSync(file, { throwIfNoEntry: false }))
  if (existing?.isDirectory()) throw notWritten(file, new Error('it is a directory'))
  if (existing?.isFile() === false) {
    const descriptor = attempt(file, () => openSync(file, 'w'))
    return toDescriptor(descriptor, file, bytes, options.signal)
  }
  const target = attempt(file, () => targetOf(file))
  return replaced(target, existing?.mode, bytes, options.signal)
}

async function replaced<T>(
  target: string,
  mode: number | undefined,
  bytes: Bytes<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const temporary = temporaryName(target)
  const descriptor = attempt(target, () => openSync(temporary, 'wx'))
  try {
    const result = await toDescriptor(descriptor, target, bytes, signal)
    attempt(target, () => {
      if (mode !== undefined) chmodSync(temporary, mode & 0o777)
      renameSync(temporary, target)
    })
    return result
  } catch (error) {
    unlinkSync(temporary)
    throw error
  }
}

/** A name beside a file that nothing has. */
function temporaryName(target: string): string {
  return `${target}.tmp-${crypto.randomUUID()}`
}

/** A link stays a link: what it points to is replaced, or made. */
function targetOf(file: string): string {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return realpathSync(file)
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return file
  return resolve(dirname(file), readlinkSync(file))
}

async function toDescriptor<T>(
  descriptor: number,
  file: string,
  bytes: Bytes<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    const write = (block: Uint8Array) => attempt(file, () => writeFully(descriptor, block))
    return await drained(bytes, write, signal)
  } finally {
    closeSync(descriptor)
  }
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done)
}

/** Hands on each piece, and gives what is returned at the end; the event loop has its turns meanwhile. */
async function drained<T>(
  bytes: Bytes<T>,
  write: (block: Uint8Array) => Promise<void> | void,
  signal: AbortSignal | undefined,
): Promise<T> {
  const breath = breathing()
  try {
    for (;;) {
      const next = await bytes.next()
      if (breath.isDue()) await breath.take()
      if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while writing')
      if (next.done === true) return next.value
      const waiting = write(next.value)
      if (waiting !== undefined) await waiting
    }
  } finally {
    await bytes.return(undefined as T)
  }
}

async function toStdout<T>(bytes: Bytes<T>, { stdout = process.stdout, signal }: WriteOptions): Promise<T> {
  if (stdout.isTTY === true) {
    throw new LiftError('usage', 'an archive is not written to a terminal', {
      hint: 'Write to a file, or into a pipe.',
    })
  }
  const write = async (block: Uint8Array) => {
    const failed = await new Promise<Error | null | undefined>((done) => stdout.write(block, done))
    if (failed) throw notWritten('standard output', failed)
  }
  return drained(bytes, write, signal)
}

function attempt<T>(file: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    throw notWritten(file, error)
  }
}

const NEXT_STEPS: Readonly<Record<string, string>> = {
  ENOENT: 'Make its directory first, or write elsewhere.',
  ENOSPC: 'Make room, or write elsewhere; nothing is left there, and an earlier file is as it was.',
}

/** What the system refuses to write. */
export function notWritten(file: string, error: unknown): LiftError {
  if (error instanceof LiftError) return error
  const { code = '' } = error as NodeJS.ErrnoException
  const hint = NEXT_STEPS[code] ?? 'Write to a place where that is allowed.'
  return new LiftError('output', `cannot write ${file}: ${reasonOf(error)}`, { cause: error, hint })
}
