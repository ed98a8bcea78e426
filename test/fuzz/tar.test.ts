import assert from 'node:assert/strict'
import { bufferReader } from '../../src/bytes.js'
import { LiftError } from '../../src/errors.js'
import { readTar, type TarEntry, tarScanner } from '../../src/image/tar-index.js'
import { answerOrRefusal, fuzz } from '../support/fuzz.js'
import { type Field, mutated } from '../support/fuzz-bytes.js'
import { randomFileName } from '../support/fuzz-names.js'
import type { Random } from '../support/fuzz-random.js'
import { watched } from '../support/fuzz-readers.js'
import { paxOf, type TarMember, tarOf } from '../support/tar-builder.js'

/** The longest name or attribute list that is taken, whatever a header says; content is never read. */
const MOST_AT_ONCE = 1024 * 1024

fuzz({
  title: 'a damaged tar gives the same members, and the same refusal, as a whole and in pieces',
  rounds: 1500,
  round: async (random) => {
    const bytes = damagedTar(random)
    // Reads of members that the archive is too short for begin behind its end.
    const { reader, asked } = watched({ ...bufferReader(bytes), size: Number.MAX_SAFE_INTEGER })
    const whole = await collect(() => readTar(reader))
    const pieces = await collect(() => scanned(random, bytes))
    assert.equal(pieces.refusal, whole.refusal)
    const lost = whole.members.length - pieces.members.length
    assert(lost === 0 || (lost === 1 && whole.refusal !== undefined), `${lost} members lost`)
    assert.deepEqual(pieces.members, whole.members.slice(0, pieces.members.length))
    assert(asked.largest <= MOST_AT_ONCE, `${asked.largest} bytes asked for at once`)
    assert(asked.reads <= 2 + (2 * bytes.length) / 512)
    for (const { size, offset, mode, uid, gid, mtime } of whole.members) {
      for (const number of [size, offset, uid, gid, mtime])
        assert(Number.isSafeInteger(number) && number >= 0)
      assert(mode <= 0o7777)
    }
  },
})

fuzz({
  title: 'a sound tar gives back its names, in the header, in a GNU header and in attributes',
  rounds: 300,
  round: async (random) => {
    const names = random.several(1, 5, () => randomFileName(random))
    const { members, refusal } = await collect(() =>
      readTar(bufferReader(tarOf(names.flatMap((name) => named(random, name))))),
    )
    assert.equal(refusal, undefined)
    assert.deepEqual(
      members.map(({ path }) => path),
      names,
    )
  },
})

function named(random: Random, name: string): TarMember[] {
  const content = 'x'.repeat(random.below(600))
  const kind = random.below(3)
  if (kind === 0 && Buffer.byteLength(name) < 100) return [{ path: name, content }]
  const ahead = kind === 1 ? paxOf({ path: name }) : { path: 'x', type: 'L', content: `${name}\0` }
  return [ahead, { path: 'short', content }]
}

const FIELDS: readonly (readonly [at: number, length: number])[] = [
  [100, 8],
  [108, 8],
  [124, 12],
  [136, 12],
  [156, 1],
  [257, 6],
  [345, 155],
]

/** Headers with hostile fields and right checksums, or bytes changed anywhere. */
function damagedTar(random: Random): Uint8Array {
  const members = random.several(1, 5, () => randomMember(random)).flat()
  const bytes = tarOf(members)
  const fields: Field[] = Array.from({ length: bytes.length / 8 }, (_, index) => ({
    at: index * 8,
    width: 8,
  }))
  return random.oneIn(2) ? bytes : mutated(random, bytes, fields, 'big')
}

function randomMember(random: Random): TarMember[] {
  const type = random.pick([...'0123567DLKxgXVMS\0'])
  const content = random.oneIn(2) ? random.bytes(random.below(700)) : `${random.below(40)} path=a\n`
  const [at, length] = random.pick(FIELDS)
  const raw = random.oneIn(3) ? { [at]: random.bytes(length) } : {}
  const base256 = random.oneIn(6) ? { 124: Uint8Array.from([0x80, ...random.bytes(11)]) } : {}
  const size = random.oneIn(6) ? { size: random.pick([2 ** 20, 2 ** 21, 8 ** 11 - 1]) } : {}
  const member = { path: randomFileName(random), type, content, ...size, raw: { ...raw, ...base256 } }
  return random.oneIn(4) ? [paxOf({ size: String(random.below(9000)), path: 'p' }), member] : [member]
}

interface Collected {
  readonly members: TarEntry[]
  readonly refusal: string | undefined
}

async function collect(read: () => AsyncGenerator<TarEntry>): Promise<Collected> {
  const members: TarEntry[] = []
  const end = await answerOrRefusal(async () => {
    for await (const member of read()) members.push(member)
  })
  return { members, refusal: end instanceof LiftError ? end.message : undefined }
}

/** Pieces of one to 600 bytes, so that at most one member comes with the piece that is refused, and is lost. */
async function* scanned(random: Random, bytes: Uint8Array): AsyncGenerator<TarEntry> {
  const scanner = tarScanner()
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(600)
    for (const member of scanner.push(bytes.subarray(at, at + length))) yield member
    at += length
  }
  scanner.finish()
}
