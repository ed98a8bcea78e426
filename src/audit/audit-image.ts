import { type ElfHeader, machineOf } from '../elf/elf.js'
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
import { walk } from '../rootfs/walk.js'
import type { Audit, AuditedBinary, AuditedLibrary } from './audit.js'

/**
 * What each of some binaries needs; every ELF program and library of the image when none is named. ELF files
 * that no loader takes (object files, core dumps, broken ones) are left out of a whole-image audit.
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

const LEFT_OUT = new Set(['relocatable', 'core', 'other'])

async function auditAll(
  examiner: LddExaminer,
  audited: Map<string, AuditedBinary>,
  platform: Platform,
  options: ExamineOptions,
): Promise<void> {
  const { files } = examiner
  options.onStep?.('reading every file of the image')
  for await (const entry of walk(files.rootfs, '/')) {
    if (entry.kind !== 'file' || entry.size < 52) continue
    options.signal?.throwIfAborted()
    const reading = await files.read(entry)
    if (reading.elf === undefined || LEFT_OUT.has(reading.elf.kind)) continue
    try {
      audited.set(
        entry.path,
        await describe(examiner, await examineFully(examiner, trailOf(entry), entry, reading.elf), platform),
      )
    } catch (error) {
      if (!(error instanceof LiftError) || error.code !== 'unsupported') throw error
    }
  }
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
