import assert from 'node:assert/strict'
import { type ByteReader, bufferReader } from '../../src/bytes.js'
import { readElf, readHeader, readNotes } from '../../src/elf/elf.js'
import { LiftError } from '../../src/errors.js'
import { answerOrRefusal, fuzz } from '../support/fuzz.js'
import { setNumber } from '../support/fuzz-bytes.js'
import { elfFields, mutatedElf, randomElf } from '../support/fuzz-elf.js'
import type { Random } from '../support/fuzz-random.js'
import { giant, watched } from '../support/fuzz-readers.js'

const MIB = 1024 * 1024

/**
 * Whatever a file says, `readElf` takes: 65,534 program headers of 56 bytes (3.5 MiB), 65,536 dynamic entries of 16
 * (1 MiB), two version tables of 1 MiB, an interpreter of 4 KiB, and 4,096 names, each in two blocks of its own at
 * most (32 MiB). No real file comes near; a file of 100 MB is read in some 20 KB.
 */
const ELF_BYTES = 40 * MIB
/** At once: all names in one span, the blocks around it included. */
const ELF_AT_ONCE = 33 * MIB
/** One for each block of a name, each chunk of the dynamic section, and a few tables. */
const ELF_READS = 12_000
/** The notes of all segments together are limited to 1 MiB. */
const NOTE_BYTES = MIB

fuzz({
  title: 'a damaged ELF file gives an answer or a LiftError, from bounded reads inside of the file',
  rounds: 1500,
  round: async (random) => {
    const bytes = mutatedElf(random, randomElf(random))
    await readAll(random.oneIn(3) ? grown(random, bytes) : bufferReader(bytes))
  },
})

fuzz({
  title: 'an ELF file with one enormous number is read within the limits, in a file that is as enormous',
  rounds: 1500,
  round: async (random) => {
    const bytes = randomElf(random)
    const field = random.pick(elfFields(bytes))
    setNumber(bytes, field, 1n << BigInt(10 + random.below(35)), bytes[5] === 2 ? 'big' : 'little')
    await readAll(grown(random, bytes))
  },
})

fuzz({
  title: 'an ELF file cut anywhere gives an answer or a LiftError',
  rounds: 300,
  round: async (random) => {
    const bytes = randomElf(random)
    await readAll(bufferReader(bytes.subarray(0, random.below(bytes.length))))
  },
})

/** A file with the same start that claims to be enormous, so that no offset or size is refused for its end. */
function grown(random: Random, bytes: Uint8Array): ByteReader {
  const pattern = random.oneIn(3)
    ? new Uint8Array(64)
    : random.oneIn(2)
      ? random.bytes(64 + random.below(64))
      : bytes
  return giant(bytes, pattern.length === 0 ? new Uint8Array(1) : pattern, random.pick([2 ** 32, 2 ** 45]))
}

async function readAll(inner: ByteReader): Promise<void> {
  const { reader, asked } = watched(inner)
  judge(await answerOrRefusal(() => readHeader(reader)))
  const elf = await answerOrRefusal(() => readElf(reader))
  judge(elf)
  assert(asked.bytes <= ELF_BYTES, `${asked.bytes} bytes read`)
  assert(asked.largest <= ELF_AT_ONCE, `${asked.largest} bytes asked for at once`)
  assert(asked.reads <= ELF_READS, `${asked.reads} reads`)
  if (elf instanceof LiftError) return
  const notes = watched(inner)
  judge(await answerOrRefusal(() => readNotes(notes.reader, elf)))
  assert(notes.asked.bytes <= NOTE_BYTES, `${notes.asked.bytes} bytes of notes read`)
  assert(notes.asked.largest <= NOTE_BYTES, `${notes.asked.largest} bytes of notes asked for at once`)
}

/** A refusal is about the file, and its message fits on a screen whatever the file holds. */
function judge(answer: unknown): void {
  if (!(answer instanceof LiftError)) return
  assert(answer.code === 'not-elf' || answer.code === 'malformed-elf', answer.code)
  assert(answer.message.length < 300, answer.message.slice(0, 1000))
}
