import { type ByteReader, windowReader } from '../bytes.js'
import { checkPieces } from './tar-attributes.js'
import { BLOCK, damaged } from './tar-fields.js'
import { type Piece, piecesOf, type Sparse } from './tar-header.js'

/**
 * A sparse file as it is when unpacked: `stored` has its pieces one after the other, with the list of them ahead
 * where `sparse` does not say it (GNU tar, "Storing Sparse Files"). Holes read as zeros.
 * Reads throw LiftError 'unreadable' for a malformed list.
 */
export function sparseReader(stored: ByteReader, sparse: Sparse): ByteReader {
  let known: Promise<Layout> | undefined
  const layout = () => {
    known ??=
      sparse.pieces === undefined
        ? readLayout(stored, sparse.size)
        : Promise.resolve(layoutOf(stored, sparse.pieces))
    return known
  }
  return {
    size: sparse.size,
    read: async (offset, length) => {
      const out = new Uint8Array(Math.max(0, Math.min(length, sparse.size - offset)))
      for (const { piece, at } of overlapping(await layout(), offset, out.length)) {
        const from = Math.max(offset, piece.offset)
        const to = Math.min(offset + out.length, piece.offset + piece.length)
        out.set(await stored.read(at + from - piece.offset, to - from), from - offset)
      }
      return out
    },
  }
}

/** Each piece with where it is stored. */
type Layout = readonly { readonly piece: Piece; readonly at: number }[]

function layoutOf(stored: ByteReader, pieces: readonly Piece[], dataAt = 0): Layout {
  let at = dataAt
  const layout = pieces.map((piece) => {
    const placed = { piece, at }
    at += piece.length
    return placed
  })
  if (at > stored.size) throw damaged('a sparse file in it is cut off')
  return layout
}

function overlapping(layout: Layout, offset: number, length: number): Layout {
  return layout.filter(({ piece }) => piece.offset < offset + length && piece.offset + piece.length > offset)
}

/** Longer lists are hostile. */
const MAX_LIST = 1 << 20

/** PAX format 1.0: decimal numbers on lines of their own, their count first, padded to whole blocks. */
async function readLayout(stored: ByteReader, size: number): Promise<Layout> {
  const head = windowReader(stored, 0, MAX_LIST)
  const text = Buffer.from(await head.read(0, head.size)).toString('latin1')
  const count = Number(/^(\d{1,6})\n/.exec(text)?.[1] ?? Number.NaN)
  checkPieces(count)
  const match = Number.isNaN(count) ? null : new RegExp(`^\\d+\\n(?:\\d{1,16}\\n){${2 * count}}`).exec(text)
  if (match === null) throw damaged('a sparse file in it is malformed')
  const numbers = match[0].split('\n').slice(1, -1).map(Number)
  return layoutOf(stored, piecesOf(numbers, size), Math.ceil(match[0].length / BLOCK) * BLOCK)
}
