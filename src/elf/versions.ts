import type { Blocks } from '../bytes.js'
import type { Mutable, VersionNeed } from './elf.js'
import { type Layout, malformed, viewOf } from './fields.js'

/** The records of DT_VERNEED, whose names are still empty. */
export interface RawNeeds {
  readonly needs: readonly NamelessNeed[]
  /** Where the names lie in the string table: of each record its file, then its versions. */
  readonly names: readonly number[]
}

interface NamelessNeed extends VersionNeed {
  file: string
  readonly versions: Mutable<VersionNeed['versions'][number]>[]
}

/**
 * The chain of DT_VERNEED at a file offset (LSB, "Symbol Versioning"). The counts are not used, as loaders
 * follow the links alone. Throws LiftError 'malformed-elf' when the chain leaves the file.
 */
export function readVersionsNeeded(blocks: Blocks, layout: Layout, offset: number): RawNeeds {
  return parseGrowing(blocks, 'DT_VERNEED', offset, (view) => needsIn(view, layout.endian === 'little'))
}

/** The records with the names that a look-up of strings gives. */
export function named(
  { needs, names }: RawNeeds,
  strings: (offset: number) => string,
): readonly VersionNeed[] {
  let next = 0
  for (let index = 0; index < needs.length; index++) {
    const need = needs[index]!
    need.file = strings(names[next++]!)
    const { versions } = need
    for (let place = 0; place < versions.length; place++) versions[place]!.name = strings(names[next++]!)
  }
  return needs
}

/** The names in DT_VERDEF without the base, as offsets in the string table. Throws as `readVersionsNeeded` does. */
export function readVersionsDefined(blocks: Blocks, layout: Layout, offset: number): number[] {
  return parseGrowing(blocks, 'DT_VERDEF', offset, (view) => definitionsIn(view, layout.endian === 'little'))
}

const FIRST_WINDOW = 1024
const WINDOW_MAX = 0x10_0000
const RECORDS_MAX = 0x1_0000
const VERSION_WEAK = 2
const VERSION_BASE = 1

/** The size of a version table is nowhere in the file, so it is parsed in a window that grows when it is left. */
function parseGrowing<T>(blocks: Blocks, table: string, offset: number, parse: (view: DataView) => T): T {
  for (let length = FIRST_WINDOW; length <= WINDOW_MAX; length *= 4) {
    const bytes = blocks.at(offset, length)
    try {
      return parse(viewOf(bytes))
    } catch (error) {
      if (error instanceof Broken) throw malformed(table, offset, error.message)
      if (!(error instanceof RangeError)) throw error
      if (bytes.length < length) throw malformed(table, offset, 'a record leaves the file')
    }
  }
  throw malformed(table, offset, `longer than ${WINDOW_MAX} bytes`)
}

class Broken extends Error {}

function needsIn(view: DataView, little: boolean): RawNeeds {
  const needs: NamelessNeed[] = []
  const names: number[] = []
  let left = RECORDS_MAX
  for (let need = 0, next = -1; next !== 0; need += next) {
    checkRevision(view.getUint16(need, little))
    names.push(view.getUint32(need + 4, little))
    const versions: NamelessNeed['versions'] = []
    let at = need + view.getUint32(need + 8, little)
    for (let step = -1; step !== 0; at += step) {
      versions.push({ name: '', weak: (view.getUint16(at + 4, little) & VERSION_WEAK) !== 0 })
      names.push(view.getUint32(at + 8, little))
      if (left-- === 0) throw tooMany()
      step = view.getUint32(at + 12, little)
    }
    needs.push({ file: '', versions })
    if (left-- === 0) throw tooMany()
    next = view.getUint32(need + 12, little)
  }
  return { needs, names }
}

function definitionsIn(view: DataView, little: boolean): number[] {
  const names: number[] = []
  let left = RECORDS_MAX
  for (let at = 0, next = -1; next !== 0; at += next) {
    checkRevision(view.getUint16(at, little))
    const isBase = (view.getUint16(at + 2, little) & VERSION_BASE) !== 0
    if (!isBase) names.push(view.getUint32(at + view.getUint32(at + 12, little), little))
    if (left-- === 0) throw tooMany()
    next = view.getUint32(at + 16, little)
  }
  return names
}

function tooMany(): Broken {
  return new Broken(`more than ${RECORDS_MAX} records`)
}

function checkRevision(revision: number): void {
  if (revision !== 1) throw new Broken(`revision ${revision} of the table is unknown`)
}
