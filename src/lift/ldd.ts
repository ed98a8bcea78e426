import { type Closure, closure } from '../closure/closure.js'
import type { ElfFile } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import type { LddAnswer } from '../loader/ldd.js'
import { type LddSource, lddLoader, resolveByLdd, withLdd } from '../loader/ldd-loader.js'
import type { LoadedObject, Loader } from '../loader/loader.js'
import type { Trail } from '../rootfs/follow.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import { missingOf } from './closure-findings.js'
import { type Examination, type Examiner, examine, programObject } from './examine.js'
import type { LddExaminer } from './examiner.js'
import { finding } from './finding.js'

/** Examines a file; where the static answer lacks something and the user lets it, `ldd` is asked as well. */
export async function examineFully(
  examiner: LddExaminer,
  trail: Trail,
  file: FileEntry,
  elf: ElfFile,
): Promise<Examination> {
  const examination = await examine(examiner, trail, file, elf)
  if (examiner.askLdd === undefined || !lacksSomething(examination)) return examination
  const answer = await examiner.askLdd(examination).catch(reasonOf)
  if (answer.failure === undefined) return mergeLdd(examiner, examination, answer)
  const failed = finding({ kind: 'ldd-failed', program: trail.asked, reason: answer.failure })
  return { ...examination, findings: [...examination.findings, failed] }
}

function reasonOf(error: unknown): LddAnswer {
  if (!(error instanceof LiftError) || error.code === 'interrupted') throw error
  return { libraries: [], missing: [], failure: error.message }
}

/** A loader that cannot run is not asked. */
function lacksSomething(examination: Examination): boolean {
  const { baseline } = examination
  if (baseline === undefined) return hasUnknownLoader(examination)
  const left = variantNames(examination)
  return missingOf(baseline).some(({ name }) => !left.has(name))
}

function hasUnknownLoader({ findings }: Examination): boolean {
  return findings.some(({ kind }) => kind === 'loader-unknown')
}

/** What exists for some CPUs alone stays missing elsewhere, whatever the machine at hand finds. */
function variantNames({ variants }: Examination): ReadonlySet<string> {
  return new Set(variants.flatMap(({ objects }) => objects.flatMap(({ names }) => [...names])))
}

/** Puts an answer of `ldd` to what was found without it; the same answer serves for the planned tree. */
export async function mergeLdd(
  examiner: Examiner,
  examination: Examination,
  answer: LddAnswer,
): Promise<Examination> {
  const { elf, file, baseline, loader } = examination
  const source = { answer, files: examiner.files, workingDir: examiner.environment.workingDir, port: elf }
  const merged =
    loader !== undefined && baseline !== undefined
      ? { loader, baseline: await withAnswers(examination, source, loader) }
      : await closureFromLdd(examination, source)
  if (merged === undefined) return examination
  const names = merged.baseline.edges
    .filter(({ resolution }) => resolution.rule === 'ldd')
    .map(({ name }) => name)
  const findings = examination.findings.filter(({ kind }) => kind !== 'loader-unknown')
  const told = finding({ kind: 'from-ldd', program: file.path, names: [...new Set(names)] })
  return { ...examination, ...merged, answer, findings: names.length === 0 ? findings : [...findings, told] }
}

function withAnswers(examination: Examination, source: LddSource, loader: Loader): Promise<Closure> {
  return closure(programObject(examination), withLdd(loader, source, variantNames(examination)))
}

/** Where no rules are known, everything that is listed belongs to the program, asked for by name or not. */
async function closureFromLdd(
  examination: Examination,
  source: LddSource,
): Promise<{ loader: Loader; baseline: Closure } | undefined> {
  const { interpreter, elf } = examination
  if (interpreter?.end?.kind !== 'file') return undefined
  const { elf: own } = await source.files.read(interpreter.end)
  if (own === undefined) return undefined
  const name = elf.interpreter ?? interpreter.asked
  const object: LoadedObject = {
    name,
    trail: interpreter,
    file: interpreter.end,
    elf: own,
    rule: 'interpreter',
    names: new Set([name]),
  }
  const loader = lddLoader(object, source, await configurationOf(source))
  const named = await closure(programObject(examination), loader)
  return { loader, baseline: await withUnnamed(named, source) }
}

/** What a loader may well read, whoever wrote it. */
async function configurationOf({ files }: LddSource): Promise<Loader['configuration']> {
  const trail = await files.trail('/etc/ld.so.cache', '/')
  return trail.end?.kind === 'file' ? [{ role: 'path', trail }] : []
}

async function withUnnamed(named: Closure, source: LddSource): Promise<Closure> {
  const { program, loader } = named
  const objects = [...named.objects]
  const edges = [...named.edges]
  for (const { name } of source.answer.libraries) {
    const own = { name, attempts: [], found: undefined, rule: undefined }
    const resolution = await resolveByLdd(source, own, program, { program, objects, loader })
    const { found } = resolution
    if (found === undefined || found === loader || objects.includes(found)) continue
    objects.push(found)
    edges.push({ from: program, kind: 'needed', name, resolution })
  }
  return { program, loader, objects, edges }
}
