import { isAscii } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { LiftError, reasonOf } from './errors.js'

/** What is there at once where nothing has to be waited for. */
export type Soon<T> = T | Promise<T>

/** Random access to bytes. `read` gives fewer bytes than asked only where the data ends. */
export interface ByteReader {
  /** In bytes. */
  readonly size: number
  read(offset: number, length: number): Promise<Uint8Array>
  /** Where no waiting is needed: fills `into` from `offset` on as far as the data goes, and gives how far that is. */
  readonly readNow?: ((offset: number, into: Uint8Array) => number) | undefined
}

/** A reader over bytes in memory; reads are views, not copies. */
export function bufferReader(bytes: Uint8Array): ByteReader {
  const part = (offset: number, length: number) =>
    bytes.subarray(offset, Math.min(bytes.length, offset + length))
  return {
    size: bytes.length,
    read: async (offset, length) => part(offset, length),
    readNow: (offset, into) => {
      const found = part(offset, into.length)
      into.set(found)
      return found.length
    },
  }
}

/** `length` bytes of another reader from `start` on; reads never leave the window. */
export function windowReader(outer: ByteReader, start: number, length: number): ByteReader {
  const size = Math.max(0, Math.min(length, outer.size - start))
  const within = (offset: number, wanted: number) => Math.max(0, Math.min(wanted, size - offset))
  return {
    size,
    read: (offset, wanted) => outer.read(start + offset, within(offset, wanted)),
    get readNow() {
      const { readNow } = outer
      if (readNow === undefined) return undefined
      return (offset: number, into: Uint8Array) =>
        readNow(start + offset, into.subarray(0, within(offset, into.length)))
    },
  }
}

/** Refuses an opened file by throwing. */
export type FileCheck = (descriptor: number) => void

/**
 * A reader over a host file. Nothing has to be closed and thousands of readers may exist: only the file that was
 * read last is open, until another one is read or the process comes to wait for something. The last component is
 * never followed if it is a link, and opening never blocks on a FIFO.
 * Reads throw LiftError 'unreadable'.
 */
export function fileReader(hostPath: string | Buffer, size: number, check: FileCheck = () => {}): ByteReader {
  const readNow = (offset: number, into: Uint8Array) => {
    const wanted = Math.max(0, Math.min(into.length, size - offset))
    if (wanted === 0) return 0
    return readAt(reader, hostPath, wanted < into.length ? into.subarray(0, wanted) : into, offset, check)
  }
  const reader: ByteReader = {
    size,
    readNow,
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)))
      return bytes.subarray(0, readNow(offset, bytes))
    },
  }
  return reader
}

function readAt(
  reader: ByteReader,
  hostPath: string | Buffer,
  into: Uint8Array,
  offset: number,
  check: FileCheck,
): number {
  try {
    return readFully(descriptorOf(reader, hostPath, check), into, offset)
  } catch (error) {
    if (error instanceof LiftError) throw error
    throw unreadable(hostPath, error)
  }
}

let open: { readonly reader: ByteReader; readonly descriptor: number } | undefined

function descriptorOf(reader: ByteReader, hostPath: string | Buffer, check: FileCheck): number {
  if (open?.reader === reader) return open.descriptor
  if (open === undefined) setImmediate(closeLast)
  else closeLast()
  const descriptor = openSync(hostPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  open = { reader, descriptor }
  try {
    if (!fstatSync(descriptor).isFile())
      throw new LiftError('unreadable', `${hostPath} is no longer a regular file`)
    check(descriptor)
    return descriptor
  } catch (error) {
    closeLast()
    throw error
  }
}

function closeLast(): void {
  if (open === undefined) return
  const { descriptor } = open
  open = undefined
  closeSync(descriptor)
}

/** What the system refuses to read. */
export function unreadable(hostPath: string | Buffer, error: unknown): LiftError {
  return new LiftError('unreadable', `cannot read ${hostPath}: ${reasonOf(error)}`, {
    cause: error,
    hint: 'Run as a user who may read the whole root, or make it readable.',
  })
}

/** Fills the buffer from a descriptor as far as the file goes; gives the number of bytes read. */
export function readFully(fd: number, into: Uint8Array, offset: number): number {
  let done = 0
  while (done < into.length) {
    const got = readSync(fd, into, done, into.length - done, offset + done)
    if (got === 0) break
    done += got
  }
  return done
}

/** The same bytes with the methods of Node's Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Bytes as text if all of them are ASCII, which costs little and is nearly always so. */
export function asciiText(bytes: Uint8Array): string | undefined {
  if (!isAscii(bytes)) return undefined
  return bufferOf(bytes).toString('latin1')
}

/**
 * Bytes as text that can be turned back: UTF-8, and each byte that is not valid UTF-8 as the lone surrogate
 * U+DC00 + byte. File names and ELF strings are bytes, not text.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = bufferOf(bytes)
  const text = buffer.toString('utf8')
  return text.includes('\ufffd') ? decodeLoosely(buffer) : text
}

function decodeLoosely(bytes: Buffer): string {
  let out = ''
  for (let at = 0; at < bytes.length; ) {
    const length = validSequence(bytes, at)
    out += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : bytes.toString('utf8', at, at + length)
    at += Math.max(1, length)
  }
  return out
}

/** How many bytes at `at` make one valid UTF-8 character; 0 when none do. */
function validSequence(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    const text = bytes.toString('utf8', at, at + length)
    if (!text.includes('\ufffd')) return length
    if (length === 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return 3
  }
  return 0
}

/** The bytes that `decodeText` made this text from. */
export function encodeText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  const parts: Buffer[] = []
  for (const character of text) {
    const code = character.charCodeAt(0)
    const isByte = character.length === 1 && code >= 0xdc80 && code <= 0xdcff
    parts.push(isByte ? Buffer.from([code - 0xdc00]) : Buffer.from(character))
  }
  return Buffer.concat(parts)
}

/** The bytes of a file as if all of them were in memory; what is given is lent until the parser ends. */
export interface Blocks {
  /** In bytes. */
  readonly size: number
  /** Fewer bytes than asked only where the data ends. */
  at(offset: number, length: number): Uint8Array
  /** Says what will be asked for next, so that it is waited for together. */
  ahead(places: readonly Place[]): void
}

/** Bytes of a file. */
export interface Place {
  readonly offset: number
  readonly length: number
}

/** Far more often than any real file makes a parser start again; one that scatters its tables could go on for hours. */
const MOST_WAITS = 64

/** More than the most different names that a dynamic section may have; each piece is looked at for each look-up. */
const MOST_PIECES = 0x2000

/**
 * Runs a parser over the bytes of a reader, which are read in whole blocks and each block once, so that many small
 * reads near each other cost one read below. Where a block is not there and has to be waited for, the parser is
 * left, and starts again once the block has come: it must have no effect but what it gives.
 * Throws LiftError 'malformed-elf' for a parser that starts again and again.
 */
export async function parseBlocks<T>(
  reader: ByteReader,
  parse: (blocks: Blocks) => T,
  blockSize = 4096,
): Promise<T> {
  return parseSoon(reader, parse, blockSize)
}

/** Does what `parseBlocks` does, without a promise where nothing has to be waited for; it then throws at once. */
export function parseSoon<T>(reader: ByteReader, parse: (blocks: Blocks) => T, blockSize = 4096): Soon<T> {
  const pieces: Piece[] = []
  const { size, readNow } = reader
  lent = 0
  const keep = (piece: Piece): void => {
    if (pieces.length === MOST_PIECES) throw scattered()
    pieces.push(piece)
  }
  const load = (spans: readonly Span[]): void => {
    if (readNow === undefined) throw new Missing(spans)
    for (const { start, end } of spans) {
      const bytes = lend(end - start)
      keep({ start, end, bytes: bytes.subarray(0, readNow(start, bytes)) })
    }
  }
  const lacking = (offset: number, length: number): readonly Span[] => {
    const end = Math.min(size, offset + length)
    if (offset >= end || holderOf(pieces, offset, end) !== undefined) return NO_SPANS
    return missing(pieces, offset - (offset % blockSize), end, blockSize)
  }
  const at = (offset: number, length: number): Uint8Array => {
    const end = Math.min(size, offset + length)
    if (offset >= end) return NOTHING
    let holder = holderOf(pieces, offset, end)
    if (holder === undefined) {
      for (const span of lacking(offset, length)) load([span])
      holder = holderOf(pieces, offset, end)
    }
    if (holder === undefined) return gather(pieces, offset, end)
    return holder.bytes.subarray(offset - holder.start, end - holder.start)
  }
  const ahead = (places: readonly Place[]): void => {
    const spans = places.flatMap(({ offset, length }) => lacking(offset, length))
    if (spans.length > 0) load(spans)
  }
  const access: Blocks = { size, at, ahead }
  const parseAfter = async ({ spans }: Missing, waits: number): Promise<T> => {
    if (waits === MOST_WAITS) throw scattered()
    for (const { start, end } of spans) keep({ start, end, bytes: await reader.read(start, end - start) })
    return parseOnce(waits + 1)
  }
  const parseOnce = (waits: number): Soon<T> => {
    try {
      return parse(access)
    } catch (error) {
      if (error instanceof Missing) return parseAfter(error, waits)
      throw error
    }
  }
  return parseOnce(0)
}

/** Blocks that follow each other, as offsets. */
interface Span {
  readonly start: number
  readonly end: number
}

/** Blocks that were read together; where the data ends they have fewer bytes. */
interface Piece extends Span {
  readonly bytes: Uint8Array
}

function scattered(): LiftError {
  return new LiftError('malformed-elf', 'its tables are scattered over too many places')
}

const NO_SPANS: readonly Span[] = []

/** The piece that has all bytes from one offset to another: nearly always there is one, and never are there many. */
function holderOf(pieces: readonly Piece[], offset: number, end: number): Piece | undefined {
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index]!
    if (piece.start <= offset && end <= piece.end) return piece
  }
  return undefined
}

/** What parsers that do not wait read into: one at a time, and memory that was used before is the quickest. */
const scratch = new Uint8Array(0x1_0000)
let lent = 0

function lend(length: number): Uint8Array {
  if (lent + length > scratch.length) return new Uint8Array(length)
  lent += length
  return scratch.subarray(lent - length, lent)
}

/** Thrown through a parser: blocks that have to be waited for. */
class Missing {
  constructor(readonly spans: readonly Span[]) {}
}

/** The blocks from one on, up to an offset, that are not there yet. */
function missing(pieces: readonly Piece[], start: number, end: number, blockSize: number): Span[] {
  const spans: Span[] = []
  for (let at = start; at < end; ) {
    const holder = holderOf(pieces, at, at + 1)
    const next = holder?.end ?? nextPiece(pieces, at, end)
    if (holder === undefined)
      spans.push({ start: at, end: next + ((blockSize - (next % blockSize)) % blockSize) })
    at = next
  }
  return spans
}

/** Where the first piece after an offset starts, if that is before the end. */
function nextPiece(pieces: readonly Piece[], offset: number, end: number): number {
  let next = end
  for (const { start } of pieces) if (start > offset && start < next) next = start
  return next
}

const NOTHING = new Uint8Array(0)

/** Bytes that lie in several pieces. */
function gather(pieces: readonly Piece[], offset: number, end: number): Uint8Array {
  const out = new Uint8Array(end - offset)
  for (const { start, bytes } of pieces) {
    const from = Math.max(offset, start)
    const to = Math.min(end, start + bytes.length)
    if (to > from) out.set(bytes.subarray(from - start, to - start), from - offset)
  }
  return out
}
