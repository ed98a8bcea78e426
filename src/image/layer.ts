import type { ByteReader } from '../bytes.js'
import { inContext, LiftError } from '../errors.js'
import type { BlobStore, BlobWriter } from './blob-store.js'
import { type Compression, compressionOf, decompressed } from './decompress.js'
import { checkSize, type Digest, hasherFor } from './digest.js'
import type { Layer } from './layered.js'
import type { Budget } from './limits.js'
import { readTar, type TarEntry, tarScanner } from './tar-index.js'

/** A layer as a blob somewhere. */
export interface LayerBlob {
  /** Of the blob as it is stored or sent. */
  readonly digest: Digest
  /** Of the blob, in bytes. */
  readonly size: number
  /** Of the uncompressed tar, where the configuration says it. */
  readonly diffId: Digest | undefined
  /** All bytes in order, until the signal aborts. */
  stream(signal: AbortSignal | undefined): AsyncIterable<Uint8Array>
  /** Where the blob can be read anywhere. */
  readonly reader?: ByteReader
}

/** What reading layers goes along with. */
export interface LayerContext {
  /** Where uncompressed layers are kept. */
  readonly store: BlobStore
  readonly budget: Budget
  readonly signal?: AbortSignal
  /** Told of the bytes of the blob that were taken in. */
  readonly onBytes?: (bytes: number) => void
}

/**
 * Makes a layer seekable: it is used where it lies when that is an uncompressed tar that can be read anywhere,
 * else uncompressed once into the store. All bytes are checked against the digests.
 * Throws LiftError 'unreadable' or 'limit', naming `what`.
 */
export async function openLayer(blob: LayerBlob, what: string, context: LayerContext): Promise<Layer> {
  return (await keptLayer(blob, context)) ?? takeIn(blob, what, context)
}

async function keptLayer(
  { digest, diffId }: LayerBlob,
  { store, budget, signal }: LayerContext,
): Promise<Layer | undefined> {
  const content = await store.find(digest, diffId, signal)
  const members = content === undefined ? undefined : await membersOf(content, budget)
  if (content === undefined) return undefined
  if (members === undefined) {
    // What was kept is damaged in a way that its stamp does not show.
    store.forget(digest)
    return undefined
  }
  return { content, members }
}

/** The budget counts members, and its limit can be raised. */
const COUNTED = Number.POSITIVE_INFINITY

/** Undefined where it is no tar. */
async function membersOf(tar: ByteReader, budget: Budget): Promise<TarEntry[] | undefined> {
  const members: TarEntry[] = []
  try {
    for await (const member of readTar(tar, 'any', COUNTED)) {
      budget.addEntry(member)
      members.push(member)
    }
  } catch (error) {
    if (error instanceof LiftError && error.code === 'limit') throw error
    return undefined
  }
  return members
}

async function takeIn(blob: LayerBlob, what: string, context: LayerContext): Promise<Layer> {
  const { reader } = blob
  const compression = reader === undefined ? undefined : compressionOf(await reader.read(0, 4))
  if (reader !== undefined && compression === undefined) {
    const { members } = await scan(verified(blob, what, context), blob, what, context)
    return { content: reader, members }
  }
  using _claim = await context.store.claim(blob.digest, context.signal)
  const kept = await keptLayer(blob, context)
  if (kept !== undefined) return kept
  const writer = context.store.create(blob.digest)
  try {
    const scanned = await scan(verified(blob, what, context), blob, what, context, writer)
    return { content: await writer.commit(scanned.content), members: scanned.members }
  } catch (error) {
    writer.abort()
    throw error
  }
}

/** The blob's bytes; its end throws when they are not those of the digest. */
async function* verified(
  { stream, digest, size }: LayerBlob,
  what: string,
  { signal, onBytes }: LayerContext,
): AsyncGenerator<Uint8Array> {
  const hasher = hasherFor(digest)
  let taken = 0
  for await (const chunk of stream(signal)) {
    signal?.throwIfAborted()
    taken += chunk.length
    // What follows would be read for nothing.
    if (taken > size) checkSize(taken, size, what)
    hasher.update(chunk)
    onBytes?.(chunk.length)
    yield chunk
  }
  hasher.check(what)
  checkSize(taken, size, what)
}

async function scan(
  bytes: AsyncIterable<Uint8Array>,
  { diffId, digest }: LayerBlob,
  what: string,
  { budget, signal }: LayerContext,
  writer?: BlobWriter,
): Promise<{ readonly members: TarEntry[]; readonly content: Digest }> {
  const { compression, all } = await peek(bytes)
  const scanner = tarScanner('any', COUNTED)
  const isCompressed = compression !== undefined
  const hasher = isCompressed || (diffId !== undefined && diffId !== digest) ? hasherFor(diffId) : undefined
  const members: TarEntry[] = []
  let packed = 0
  let total = 0
  const counted = async function* () {
    for await (const chunk of all) {
      packed += chunk.length
      yield chunk
    }
  }
  const tar = compression === undefined ? counted() : decompressed(counted(), compression, what, signal)
  for await (const chunk of tar) {
    total += chunk.length
    budget.addBytes(chunk.length, total, packed)
    hasher?.update(chunk)
    writer?.append(chunk)
    for (const member of named(what, () => scanner.push(chunk))) {
      budget.addEntry(member)
      members.push(member)
    }
  }
  named(what, () => scanner.finish())
  return { members, content: hasher?.check(`${what}, uncompressed,`) ?? digest }
}

function named<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw inContext(error, what)
  }
}

/** Looks at the first bytes, which stay part of what follows. */
async function peek(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly compression: Compression | undefined; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = bytes[Symbol.asyncIterator]()
  let start: Uint8Array = new Uint8Array(0)
  while (start.length < 4) {
    const next = await iterator.next()
    if (next.done === true) break
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value])
  }
  const all = async function* () {
    try {
      if (start.length > 0) yield start
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
        yield next.value
    } finally {
      await iterator.return?.()
    }
  }
  return { compression: compressionOf(start), all: all() }
}
