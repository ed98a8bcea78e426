import { type ByteReader, bufferReader, windowReader } from '../bytes.js'
import { inContext, LiftError } from '../errors.js'
import { breathing } from '../rootfs/breath.js'
import { basename, normalise, parent } from '../rootfs/path.js'
import { type BlobWriter, temporaryStore } from './blob-store.js'
import { compressionOf, decompressed } from './decompress.js'
import type { Budget } from './limits.js'
import { readTar, type TarEntry } from './tar-index.js'

/** The members of an archive file, by name. */
export interface Archive extends AsyncDisposable {
  /** A regular member, through links within the archive; undefined when there is none. */
  open(name: string): ByteReader | undefined
}

/** What opening an archive goes along with. */
export interface Opening {
  readonly signal?: AbortSignal | undefined
  /** Told when it has to be unpacked, which may take long. */
  readonly onStep?: ((step: string) => void) | undefined
}

/** An archive is a few files per layer. */
const MOST_MEMBERS = 100_000
const MOST_LINKS = 8
/** An archive as a whole has no digest that anybody knows. */
const ANONYMOUS = 'sha256:' as const

/**
 * Opens a tar of blobs, which may be compressed as a whole: it is then uncompressed once, into a temporary file.
 * Throws LiftError 'unreadable' or 'limit', naming `what`, or 'interrupted'.
 */
export async function openArchive(
  file: ByteReader,
  what: string,
  budget: Budget,
  opening: Opening = {},
): Promise<Archive> {
  const store = temporaryStore()
  try {
    const tar = await uncompressed(file, what, () => store.create(ANONYMOUS), budget, opening)
    const members = await membersOf(tar, what, opening)
    return {
      open: (name) => openMember(tar, members, name),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  } catch (error) {
    await store[Symbol.asyncDispose]()
    if (opening.signal?.aborted) throw new LiftError('interrupted', `interrupted while reading ${what}`)
    throw inTar(error, what)
  }
}

async function membersOf(
  tar: ByteReader,
  what: string,
  { signal }: Opening,
): Promise<ReadonlyMap<string, TarEntry>> {
  const members = new Map<string, TarEntry>()
  const breath = breathing()
  for await (const member of readTar(tar)) {
    if (members.size >= MOST_MEMBERS) throw new LiftError('limit', `${what} has too many members`)
    members.set(normalise(member.path), member)
    if (breath.isDue()) await breath.take()
    signal?.throwIfAborted()
  }
  return members
}

/** A tar's own errors do not know what it is. */
function inTar(error: unknown, what: string): unknown {
  return error instanceof LiftError && error.message.includes(what) ? error : inContext(error, what)
}

/** Old `docker save` writes a layer once and links to it from where it is used again. */
function openMember(
  tar: ByteReader,
  members: ReadonlyMap<string, TarEntry>,
  name: string,
): ByteReader | undefined {
  let path = normalise(name)
  for (let links = 0; links < MOST_LINKS; links++) {
    const member = members.get(path)
    if (member?.kind === 'file') {
      return member.size === 0
        ? bufferReader(new Uint8Array(0))
        : windowReader(tar, member.offset, member.size)
    }
    if (member?.kind === 'symlink') path = normalise(`${parent(path)}/${member.target}`)
    else if (member?.kind === 'hardlink') path = normalise(member.target)
    else return undefined
  }
  return undefined
}

async function uncompressed(
  file: ByteReader,
  what: string,
  create: () => BlobWriter,
  budget: Budget,
  { signal, onStep }: Opening,
): Promise<ByteReader> {
  const compression = compressionOf(await file.read(0, 4))
  if (compression === undefined) return file
  onStep?.(`unpacking ${basename(what)}`)
  const writer = create()
  let total = 0
  let packed = 0
  const counted = async function* () {
    for await (const chunk of inOrder(file)) {
      packed += chunk.length
      yield chunk
    }
  }
  for await (const chunk of decompressed(counted(), compression, what, signal)) {
    total += chunk.length
    budget.addBytes(chunk.length, total, packed)
    writer.append(chunk)
  }
  return writer.commit(ANONYMOUS)
}

const PIECE = 1 << 20

/** All bytes of a reader in order; the event loop has its turns meanwhile, also where no read has to wait. */
export async function* inOrder(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const breath = breathing()
  for (let at = 0; at < reader.size; at += PIECE) {
    yield await reader.read(at, PIECE)
    if (breath.isDue()) await breath.take()
  }
}
