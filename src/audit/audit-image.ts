import { type ElfFile, type ElfHeader, machineOf } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import type { Platform } from '../image/platform.js'
import { allFindings } from '../lift/all-findings.js'
import { missingOf } from '../lift/closure-findings.js'
import { describeImage } from '../lift/describe-image.js'
import type { Examination } from '../lift/examine.js'
import { type ExamineOptions, examinerOf, type LddExaminer } from '../lift/examiner.js'
import { finding } from '../lift/finding.js'
import { examineFully } from '../lift/ldd.js'
import { locate } from '../lift/locate.js'
import { findProgram } from '../lift/programs.js'
import { trailOf } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import type { Audit, AuditedBinary, AuditedLibrary } from './audit.js'
import { elfFiles } from './elf-files.js'

/**
 * What each of some binaries needs; every ELF program and library of the image when none is named. ELF files
 * that no loader takes (object files, core dumps, broken ones) are left out of a whole-image audit; what may not
 * be read is told in a row for the root.
 */
export async function audit(
  image: Image,
  binaries: readonly string[],
  options: ExamineOptions = {},
): Promise<Audit> {
  const examiner = examinerOf(image, options)
  const audited = new Map<string, AuditedBinary>()
  if (binaries.length === 0) await auditAll(examiner, audited, image.platform, options)
  for (const asked of binaries) {
    options.signal?.throwIfAborted()
    for (const binary of await auditNamed(examiner, asked, image.platform)) audited.set(binary.path, binary)
  }
  return {
    image: describeImage(image),
    binaries: [...audited.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
  }
}

/** A program with what starts it; a file that is broken is an answer too, so that the others are looked at. */
async function auditNamed(
  examiner: LddExaminer,
  asked: string,
  platform: Platform,
): Promise<readonly AuditedBinary[]> {
  const { files, environment } = examiner
  const broken = await brokenFile(examiner, asked)
  if (broken !== undefined) return [broken]
  const program = await findProgram(files, environment, asked)
  const rows: AuditedBinary[] = []
  for (const { trail, file, elf } of program.chain) {
    rows.push(
      elf === undefined
        ? { ...bare(file.path), kind: 'script', findings: program.findings }
        : await describe(examiner, await examineFully(examiner, trail, file, elf), platform),
    )
  }
  return rows
}

function bare(path: RootPath): AuditedBinary {
  return { path, kind: 'unknown', machine: 'none', libraries: [], missing: [], findings: [] }
}

/** A file with an ELF header that cannot be read as ELF. */
async function brokenFile(
  { files, environment }: LddExaminer,
  asked: string,
): Promise<AuditedBinary | undefined> {
  const { end } = await locate(files, environment, asked)
  if (end?.kind !== 'file') return undefined
  const reading = await files.read(end)
  if (reading.elf !== undefined || reading.error.code !== 'malformed-elf') return undefined
  const { path } = end
  const machine = reading.header === undefined ? 'none' : machineName(reading.header)
  return {
    ...bare(path),
    machine,
    findings: [finding({ kind: 'malformed-elf', path, reason: reading.error.message })],
  }
}

function machineName(header: ElfHeader): string {
  return machineOf(header) ?? `unknown (${header.machineNumber})`
}

async function auditAll(
  examiner: LddExaminer,
  audited: Map<string, AuditedBinary>,
  platform: Platform,
  options: ExamineOptions,
): Promise<void> {
  options.onStep?.('reading every file of the image')
  const refused: RootPath[] = []
  for await (const { entry, elf } of elfFiles(examiner.files, (path) => refused.push(path))) {
    options.signal?.throwIfAborted()
    const row = await auditFile(examiner, entry, elf, platform)
    if (row !== undefined) audited.set(entry.path, row)
  }
  if (refused.length === 0) return
  audited.set('/', { ...bare('/'), findings: [finding({ kind: 'not-looked-at', paths: refused })] })
}

/** Errors that say something of a file; others are of the image or the engine. */
const OF_ONE_FILE = new Set(['limit', 'unreadable', 'malformed-elf', 'not-elf'])

/** One file of many: whatever is wrong with it, the others are looked at. */
async function auditFile(
  examiner: LddExaminer,
  entry: FileEntry,
  elf: ElfFile,
  platform: Platform,
): Promise<AuditedBinary | undefined> {
  try {
    return await describe(examiner, await examineFully(examiner, trailOf(entry), entry, elf), platform)
  } catch (error) {
    if (!(error instanceof LiftError)) throw error
    if (error.code === 'unsupported') return undefined
    if (!OF_ONE_FILE.has(error.code)) throw error
    const { path } = entry
    const findings = [finding({ kind: 'not-followed', path, reason: error.message })]
    return { ...bare(path), kind: kindOf(elf), machine: machineName(elf), findings }
  }
}

function kindOf({ kind }: ElfFile): AuditedBinary['kind'] {
  return kind === 'library' ? 'library' : kind === 'program' ? 'program' : 'unknown'
}

async function describe(
  examiner: LddExaminer,
  examination: Examination,
  platform: Platform,
): Promise<AuditedBinary> {
  const { file, elf, kind, loader, baseline } = examination
  return {
    path: file.path,
    kind,
    machine: machineName(elf),
    ...(elf.interpreter === undefined ? {} : { interpreter: elf.interpreter }),
    ...(loader === undefined
      ? {}
      : { loader: { path: loader.object.name, realPath: loader.object.file.path } }),
    libraries: librariesOf(examination),
    missing: baseline === undefined ? [] : missingOf(baseline),
    findings: await allFindings(examiner, examination, platform),
  }
}

function librariesOf({ baseline }: Examination): readonly AuditedLibrary[] {
  if (baseline === undefined) return []
  return baseline.objects.slice(1).map((object) => {
    const edges = baseline.edges.filter(({ resolution }) => resolution.found === object)
    const rule = edges[0]?.resolution.rule ?? object.rule
    return {
      name: edges[0]?.name ?? object.name,
      path: object.name,
      realPath: object.file.path,
      rule: object.rule === 'interpreter' ? rule : object.rule,
      neededBy: [...new Set(edges.map(({ from }) => from.name))],
    }
  })
}
