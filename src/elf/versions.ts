import type { BlockReader } from '../bytes.js'
import { type Layout, malformed, viewOf } from './fields.js'

/** A record of DT_VERNEED; names are offsets in the string table. */
export interface RawNeed {
  file: number
  versions: { name: number; weak: boolean }[]
}

/**
 * The chain of DT_VERNEED at a file offset (LSB, "Symbol Versioning"). The counts are not used, as loaders
 * follow the links alone. Throws LiftError 'malformed-elf' when the chain leaves the file.
 */
export function readVersionsNeeded(reader: BlockReader, layout: Layout, offset: number): Promise<RawNeed[]> {
  return parseGrowing(reader, 'DT_VERNEED', offset, (bytes) => needsIn(new Records(bytes, layout)))
}

/** The names in DT_VERDEF without the base, as offsets in the string table. Throws as `readVersionsNeeded` does. */
export function readVersionsDefined(reader: BlockReader, layout: Layout, offset: number): Promise<number[]> {
  return parseGrowing(reader, 'DT_VERDEF', offset, (bytes) => definitionsIn(new Records(bytes, layout)))
}

const FIRST_WINDOW = 1024
const WINDOW_MAX = 0x10_0000
const RECORDS_MAX = 0x1_0000
const VERSION_WEAK = 2
const VERSION_BASE = 1

/** The size of a version table is nowhere in the file, so it is parsed in a window that grows when it is left. */
async function parseGrowing<T>(
  reader: BlockReader,
  table: string,
  offset: number,
  parse: (bytes: Uint8Array) => T,
): Promise<T> {
  for (let length = FIRST_WINDOW; length <= WINDOW_MAX; length *= 4) {
    const bytes = reader.at(offset, length) ?? (await reader.read(offset, length))
    try {
      return parse(bytes)
    } catch (error) {
      if (error instanceof Broken) throw malformed(table, offset, error.message)
      if (!(error instanceof RangeError)) throw error
      if (bytes.length < length) throw malformed(table, offset, 'a record leaves the file')
    }
  }
  throw malformed(table, offset, `longer than ${WINDOW_MAX} bytes`)
}

class Broken extends Error {}

/** Numbers of a table; a read behind its end throws RangeError, as DataView does. */
class Records {
  readonly #view: DataView
  readonly #little: boolean
  #left = RECORDS_MAX

  constructor(bytes: Uint8Array, layout: Layout) {
    this.#view = viewOf(bytes)
    this.#little = layout.endian === 'little'
  }

  u16(at: number): number {
    return this.#view.getUint16(at, this.#little)
  }

  u32(at: number): number {
    return this.#view.getUint32(at, this.#little)
  }

  /** The next record of a chain, by the link in this one, which is relative to it; undefined at the end of the chain. */
  after(at: number, link: number): number | undefined {
    if (this.#left-- === 0) throw new Broken(`more than ${RECORDS_MAX} records`)
    const step = this.u32(at + link)
    return step === 0 ? undefined : at + step
  }
}

function needsIn(records: Records): RawNeed[] {
  const needs: RawNeed[] = []
  for (let need: number | undefined = 0; need !== undefined; need = records.after(need, 12)) {
    checkRevision(records.u16(need))
    const versions: RawNeed['versions'] = []
    let at: number | undefined = need + records.u32(need + 8)
    for (; at !== undefined; at = records.after(at, 12)) {
      versions.push({ name: records.u32(at + 8), weak: (records.u16(at + 4) & VERSION_WEAK) !== 0 })
    }
    needs.push({ file: records.u32(need + 4), versions })
  }
  return needs
}

function definitionsIn(records: Records): number[] {
  const names: number[] = []
  for (let at: number | undefined = 0; at !== undefined; at = records.after(at, 16)) {
    checkRevision(records.u16(at))
    if ((records.u16(at + 2) & VERSION_BASE) === 0) names.push(records.u32(at + records.u32(at + 12)))
  }
  return names
}

function checkRevision(revision: number): void {
  if (revision !== 1) throw new Broken(`revision ${revision} of the table is unknown`)
}
