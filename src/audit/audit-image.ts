import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import { closureFindings, missingOf } from '../lift/closure-findings.js'
import { environmentOf } from '../lift/environment.js'
import { type Examination, type Examiner, examine } from '../lift/examine.js'
import { describeImage } from '../lift/lift-image.js'
import { findProgram } from '../lift/programs.js'
import { rootFiles } from '../loader/files.js'
import { loadersOf } from '../loader/index.js'
import { walk } from '../rootfs/walk.js'
import type { Audit, AuditedBinary, AuditedLibrary } from './audit.js'

/** What an audit may be told besides what to look at. */
export interface AuditOptions {
  readonly signal?: AbortSignal
  readonly onStep?: (step: string) => void
}

/**
 * What each of some binaries needs; every ELF program and library of the image when none is named. ELF files
 * that no loader takes (object files, core dumps, broken ones) are left out of a whole-image audit.
 */
export async function audit(
  image: Image,
  binaries: readonly string[],
  options: AuditOptions = {},
): Promise<Audit> {
  const files = rootFiles(image.rootfs)
  const examiner = { files, loaders: loadersOf(files), environment: environmentOf(image.config) }
  const audited = new Map<string, AuditedBinary>()
  if (binaries.length === 0) await auditAll(examiner, audited, options)
  for (const asked of binaries) {
    options.signal?.throwIfAborted()
    const program = await findProgram(files, examiner.environment, asked)
    for (const { trail, file, elf } of program.chain) {
      const binary: AuditedBinary =
        elf === undefined
          ? {
              path: file.path,
              kind: 'script',
              machine: 'none',
              libraries: [],
              missing: [],
              findings: program.findings,
            }
          : await describe(await examine(examiner, trail, file, elf))
      audited.set(binary.path, binary)
    }
  }
  return {
    image: describeImage(image),
    binaries: [...audited.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
  }
}

const LEFT_OUT = new Set(['relocatable', 'core', 'other'])

async function auditAll(
  examiner: Examiner,
  audited: Map<string, AuditedBinary>,
  options: AuditOptions,
): Promise<void> {
  const { files } = examiner
  options.onStep?.('reading every file of the image')
  for await (const entry of walk(files.rootfs, '/')) {
    if (entry.kind !== 'file' || entry.size < 52) continue
    options.signal?.throwIfAborted()
    const reading = await files.read(entry)
    if (reading.elf === undefined || LEFT_OUT.has(reading.elf.kind)) continue
    try {
      const trail = { asked: entry.path, links: [], stones: [], end: entry }
      audited.set(entry.path, await describe(await examine(examiner, trail, entry, reading.elf)))
    } catch (error) {
      if (!(error instanceof LiftError) || error.code !== 'unsupported') throw error
    }
  }
}

async function describe(examination: Examination): Promise<AuditedBinary> {
  const { file, elf, kind, loader, baseline } = examination
  return {
    path: file.path,
    kind,
    machine: elf.machine ?? `unknown (${elf.machineNumber})`,
    ...(elf.interpreter === undefined ? {} : { interpreter: elf.interpreter }),
    ...(loader === undefined
      ? {}
      : { loader: { path: loader.object.name, realPath: loader.object.file.path } }),
    libraries: librariesOf(examination),
    missing: baseline === undefined ? [] : missingOf(baseline),
    findings: await closureFindings(examination),
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
