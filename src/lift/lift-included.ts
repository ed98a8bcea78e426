import { LiftError } from '../errors.js'
import { trailOf } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import type { Placed } from './check.js'
import type { Examination } from './examine.js'
import { type Finding, finding } from './finding.js'
import { findIncluded, type Included, includedEntries } from './include.js'
import { examineFully } from './ldd.js'
import { addFaults, type Lifting } from './lifting.js'

/** Takes along what an `--include` stands for, with everything that ELF files in it load. Gives the ELF files with their places. */
export async function liftIncluded(lifting: Lifting, pattern: string): Promise<readonly Placed[]> {
  const placed: Placed[] = []
  for (const included of await findIncluded(lifting.examiner.files, pattern)) {
    lifting.gathering.addIncluded(included, { neededBy: '', name: included.path, rule: 'include' })
    placed.push(...(await liftElfFiles(lifting, included)))
  }
  return placed
}

/** Takes along what the ELF files of something included load. Gives these files with their places. */
export async function liftElfFiles(
  lifting: Lifting,
  included: Included,
  tell: typeof addFaults = addFaults,
): Promise<readonly Placed[]> {
  const placed: Placed[] = []
  for await (const { at, entry } of includedEntries(lifting.examiner.files, included)) {
    lifting.signal?.throwIfAborted()
    const examination = entry.kind === 'file' ? await addFile(lifting, included, entry, tell) : undefined
    if (examination !== undefined)
      placed.push({ examination, at: lifting.layout === 'tree' ? entry.path : at })
  }
  return placed
}

async function addFile(
  lifting: Lifting,
  included: Included,
  file: FileEntry,
  tell: typeof addFaults,
): Promise<Examination | undefined> {
  const { examiner, gathering } = lifting
  const reading = await examiner.files.read(file)
  if (reading.elf === undefined && included.end.kind === 'file')
    gathering.addFindings(malformedFindings(included.path, reading.error))
  const { elf } = reading
  if (elf === undefined || (elf.kind !== 'program' && elf.kind !== 'library')) return undefined
  const examination = await examineFully(examiner, trailOf(file), file, elf).catch(unlessUnsupported)
  if (examination === undefined) return undefined
  gathering.addClosures(examination)
  await tell(lifting, examination)
  return examination
}

/** Only a file that was asked for by name: a directory may hold anything. */
function malformedFindings(path: RootPath, error: LiftError): readonly Finding[] {
  return error.code === 'malformed-elf'
    ? [finding({ kind: 'malformed-elf', path, reason: error.message })]
    : []
}

function unlessUnsupported(error: unknown): undefined {
  if (error instanceof LiftError && error.code === 'unsupported') return undefined
  throw error
}
