import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import type { Context, Door } from './context.js'

/**
 * The answer to stdout, or whole to a file: it is written beside it and renamed, so that a full disk or Ctrl-C
 * leaves neither half a file nor a temporary one. `-` is stdout; a device or pipe is written to directly.
 * Throws LiftError 'output'. A reader of stdout that has gone away is no error.
 */
export async function writeAnswer(text: string, file: string | undefined, context: Context): Promise<void> {
  if (context.signal.aborted) throw new (await context.door()).LiftError('interrupted', 'interrupted')
  if (file === undefined || file === '-') return writeStream(text, context)
  try {
    writeWhole(text, file)
  } catch (error) {
    throw notWritten(file, error, await context.door())
  }
}

/** Throws LiftError 'output' at once where a file could not be written after all the work. */
export function checkOutput(file: string | undefined, door: Door): void {
  if (file === undefined || file === '-') return
  if (file === '') throw new door.LiftError('usage', 'the name of the output file is empty')
  try {
    const existing = statSync(file, { throwIfNoEntry: false })
    if (existing?.isDirectory()) throw new Error('it is a directory')
    if (existing === undefined || existing.isFile()) accessSync(dirname(targetOf(file)), constants.W_OK)
    if (existing !== undefined) accessSync(file, constants.W_OK)
  } catch (error) {
    throw notWritten(file, error, door)
  }
}

const NEXT_STEPS: Readonly<Record<string, string>> = {
  ENOENT: 'Make its directory first, or write elsewhere.',
  ENOSPC: 'Make room, or write elsewhere; nothing is left there, and an earlier file is as it was.',
}

function notWritten(file: string, error: unknown, { LiftError, printable, reasonOf }: Door): Error {
  const { code = '' } = error as NodeJS.ErrnoException
  return new LiftError('output', `cannot write ${printable(file)}: ${reasonOf(error)}`, {
    cause: error,
    hint: NEXT_STEPS[code] ?? 'Write elsewhere: -o takes a file that may be written, or - for stdout.',
  })
}

async function writeStream(text: string, context: Context): Promise<void> {
  const failed = await new Promise<Error | null | undefined>((done) => context.out.write(text, done))
  if (failed === null || failed === undefined || (failed as NodeJS.ErrnoException).code === 'EPIPE') return
  const { LiftError, reasonOf } = await context.door()
  throw new LiftError('output', `cannot write to stdout: ${reasonOf(failed)}`, { cause: failed })
}

function writeWhole(text: string, file: string): void {
  const existing = statSync(file, { throwIfNoEntry: false })
  if (existing?.isFile() === false) writeTo(openSync(file, 'w'), text)
  else replace(targetOf(file), text, existing?.mode)
}

function replace(target: string, text: string, mode: number | undefined): void {
  const temporary = `${target}.tmp-${process.pid}-${Date.now().toString(36)}`
  const descriptor = openSync(temporary, 'wx')
  try {
    writeTo(descriptor, text)
    if (mode !== undefined) chmodSync(temporary, mode & 0o777)
    renameSync(temporary, target)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  }
}

/** A link stays a link: what it points to is replaced, or made. */
function targetOf(file: string): string {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return realpathSync(file)
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return file
  const target = readlinkSync(file)
  return isAbsolute(target) ? target : `${dirname(file)}/${target}`
}

function writeTo(descriptor: number, text: string): void {
  const bytes = Buffer.from(text)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done)
  } finally {
    closeSync(descriptor)
  }
}
