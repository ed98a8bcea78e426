import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ByteReader, readFully } from '../bytes.js'
import { LiftError, reasonOf } from '../errors.js'

/** Bytes that arrive in order and are read in any: a read waits until what it asks for has arrived. */
export interface Spool {
  /** Throws LiftError 'output' when the temporary file cannot be written. */
  append(chunk: Uint8Array): void
  /** No more comes: waiting reads end short. */
  end(): void
  /** No more comes, because of an error: reads beyond what has arrived throw it. */
  fail(error: unknown): void
  slice(offset: number, length: number): ByteReader
  /** Gives back the temporary file; reads afterwards throw LiftError 'unreadable'. */
  close(): void
}

/** What stays in memory; more goes to a temporary file that no directory names, so nothing can be left behind. */
const IN_MEMORY = 256 << 10

/** A spool in memory, or in an unlinked file of the system's temporary directory once it has grown. */
export function createSpool(inMemory = IN_MEMORY): Spool {
  const store = createStore(inMemory)
  let waiting: { readonly until: number; readonly wake: () => void }[] = []
  let ended = false
  let failure: unknown
  const wake = () => {
    const due = waiting.filter((one) => ended || one.until <= store.size())
    if (due.length === 0) return
    waiting = waiting.filter((one) => !due.includes(one))
    for (const one of due) one.wake()
  }
  const stop = (error: unknown) => {
    if (ended) return
    ended = true
    failure = error
    wake()
  }
  const arrived = (until: number) =>
    ended || until <= store.size()
      ? undefined
      : new Promise<void>((done) => waiting.push({ until, wake: done }))
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    await arrived(offset + length)
    if (offset + length > store.size() && failure !== undefined) throw failure
    return store.read(offset, Math.max(0, Math.min(length, store.size() - offset)))
  }
  return {
    append: (chunk) => {
      store.append(chunk)
      wake()
    },
    end: () => stop(undefined),
    fail: stop,
    slice: (start, size) => ({
      size,
      read: (offset, length) => read(start + offset, Math.max(0, Math.min(length, size - offset))),
    }),
    close: () => {
      store.close()
      stop(closed())
    },
  }
}

interface Store {
  size(): number
  append(chunk: Uint8Array): void
  read(offset: number, length: number): Uint8Array
  close(): void
}

function createStore(inMemory: number): Store {
  let chunks: Uint8Array[] = []
  let size = 0
  let fd: number | undefined
  let isClosed = false
  return {
    size: () => size,
    append: (chunk) => {
      if (isClosed) throw closed()
      if (fd === undefined && size + chunk.length > inMemory) {
        fd = openUnlinked()
        writeFully(fd, Buffer.concat(chunks), 0)
        chunks = []
      }
      if (fd === undefined) chunks.push(chunk)
      else writeFully(fd, chunk, size)
      size += chunk.length
    },
    read: (offset, length) => {
      if (isClosed) throw closed()
      if (fd === undefined) {
        if (chunks.length > 1) chunks = [Buffer.concat(chunks)]
        return (chunks[0] ?? new Uint8Array(0)).subarray(offset, offset + length)
      }
      const into = Buffer.allocUnsafe(length)
      return into.subarray(0, readFully(fd, into, offset))
    },
    close: () => {
      if (fd !== undefined) closeSync(fd)
      fd = undefined
      chunks = []
      isClosed = true
    },
  }
}

function openUnlinked(): number {
  const path = join(tmpdir(), `liftbin-${crypto.randomUUID()}`)
  try {
    const fd = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
    return fd
  } catch (error) {
    throw unwritable(error)
  }
}

function writeFully(fd: number, bytes: Uint8Array, at: number): void {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(fd, bytes, done, bytes.length - done, at + done)
    }
  } catch (error) {
    throw unwritable(error)
  }
}

function unwritable(error: unknown): LiftError {
  return new LiftError('output', `cannot write a temporary file: ${reasonOf(error)}`, {
    cause: error,
    hint: `Make room in ${tmpdir()}, or set TMPDIR to a directory that has it.`,
  })
}

function closed(): LiftError {
  return new LiftError('unreadable', 'the image is closed')
}
