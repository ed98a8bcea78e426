import { type Closure, closure } from '../closure/closure.js'
import { type ElfFile, foreignSystem } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import { defaultInterpreters } from '../loader/default-loader.js'
import type { RootFiles } from '../loader/files.js'
import type { LoaderInstallation, Loaders } from '../loader/index.js'
import type { LddAnswer } from '../loader/ldd.js'
import type { LoadedObject, Loader, LoaderSettings } from '../loader/loader.js'
import type { Trail } from '../rootfs/follow.js'
import { parent } from '../rootfs/path.js'
import { type FileEntry, hasCapabilities } from '../rootfs/rootfs.js'
import { baselineSettings, type Environment } from './environment.js'
import { type Finding, finding } from './finding.js'

/** What one ELF file of the image needs when it is started, or loaded. */
export interface Examination {
  readonly trail: Trail
  readonly file: FileEntry
  readonly elf: ElfFile
  readonly kind: 'program' | 'static' | 'library' | 'loader'
  /** PT_INTERP's file where the program has one (also for klibc, which has no closure). */
  readonly interpreter?: Trail
  readonly loader?: Loader
  /** The portable answer. */
  readonly baseline?: Closure
  /** The answers on CPUs that reach a further level, where variants for it exist. */
  readonly variants: readonly Closure[]
  /** The answer when the program gains privilege at start, for setuid and setgid files. */
  readonly secure?: Closure
  /** What `ldd` was asked, and its part in the baseline. */
  readonly answer?: LddAnswer
  /** What of an earlier examination opens it by itself, where nothing else loads it; its requests are the baseline's. */
  readonly opening?: Opening
  /** Faults that have nothing to do with single libraries. */
  readonly findings: readonly Finding[]
}

/** A library that is opened by any of some names, the best first. */
export interface Opening {
  readonly names: readonly string[]
  readonly from: LoadedObject
  readonly after: Examination
}

/** What an examination works with; one for a whole run. */
export interface Examiner {
  readonly files: RootFiles
  readonly loaders: Loaders
  readonly environment: Environment
}

/** Finds out what an ELF file needs. Throws LiftError 'unsupported' for files no Linux loader takes. */
export async function examine(
  examiner: Examiner,
  trail: Trail,
  file: FileEntry,
  elf: ElfFile,
): Promise<Examination> {
  const base = { trail, file, elf, variants: [], findings: [] }
  refuseForeign(elf, trail)
  if (elf.kind === 'static' || elf.kind === 'static-pie') return { ...base, kind: 'static' }
  if (elf.interpreter !== undefined) return examineProgram(examiner, base, elf.interpreter)
  if (isLoaderFile(elf)) return { ...base, kind: 'loader' }
  for (const interpreter of defaultInterpreters(elf)) {
    const answer = await examiner.loaders.loaderFor(interpreter, elf, examiner.environment.workingDir)
    if ('installation' in answer)
      return withClosures(examiner, { ...base, kind: 'library' }, answer.installation)
  }
  if ((elf.dynamic?.needed.length ?? 0) === 0) return { ...base, kind: 'library' }
  const [interpreter = 'of its machine'] = defaultInterpreters(elf)
  return {
    ...base,
    kind: 'library',
    findings: [finding({ kind: 'loader-missing', program: trail.asked, interpreter })],
  }
}

function refuseForeign(elf: ElfFile, trail: Trail): void {
  const system = foreignSystem(elf.osabi)
  const bionic =
    elf.interpreter !== undefined && /^\/(system|apex\/.*)\/bin\/(linker|linker64)$/.test(elf.interpreter)
  if (system === undefined && !bionic) return
  throw new LiftError(
    'unsupported',
    `${trail.asked} is a program for ${system ?? 'Android'}, not for Linux containers`,
    {
      hint: 'liftbin knows the loaders of glibc and musl.',
    },
  )
}

/** The loader's own file has a loader's soname and needs nothing. */
function isLoaderFile(elf: ElfFile): boolean {
  const { soname, needed } = elf.dynamic ?? { needed: [] }
  if (elf.kind !== 'library' || needed.length > 0) return false
  return soname !== undefined && /^(ld-linux|ld64\.so|ld\.so|ld-\d)/.test(soname)
}

type Base = Pick<Examination, 'trail' | 'file' | 'elf' | 'variants' | 'findings'>

async function examineProgram(examiner: Examiner, base: Base, interpreter: string): Promise<Examination> {
  const { trail, elf } = base
  const { files, loaders, environment } = examiner
  const interpreterTrail = await files.trail(interpreter, environment.workingDir)
  const found = interpreterTrail.end?.kind === 'file' ? { interpreter: interpreterTrail } : {}
  const program = trail.asked
  if (elf.kind === 'klibc' && interpreterTrail.end?.kind === 'file')
    return { ...base, ...found, kind: 'program' }
  const findings = interpreterFindings(interpreterTrail, interpreter, program, environment)
  const answer = await loaders.loaderFor(interpreter, elf, environment.workingDir)
  if ('installation' in answer) {
    return withClosures(examiner, { ...base, ...found, kind: 'program', findings }, answer.installation)
  }
  const { reason } = answer
  const fault =
    answer.fault === 'missing'
      ? finding({ kind: 'loader-missing', program, interpreter })
      : answer.fault === 'unusable'
        ? finding({ kind: 'loader-unusable', program, interpreter, reason })
        : finding({ kind: 'loader-unknown', program, interpreter, reason })
  return { ...base, ...found, kind: 'program', findings: [fault] }
}

/** The kernel takes a relative PT_INTERP from the working directory, and starts no loader without an execute bit. */
function interpreterFindings(
  { end }: Trail,
  interpreter: string,
  program: string,
  { workingDir }: Environment,
): readonly Finding[] {
  const isRelative = !interpreter.startsWith('/')
  const isShut = end?.kind === 'file' && (end.mode & 0o111) === 0
  return [
    ...(isRelative
      ? [finding({ kind: 'relative-path', name: interpreter, neededBy: program, workingDir })]
      : []),
    ...(isShut ? [finding({ kind: 'not-executable', program: interpreter })] : []),
  ]
}

async function withClosures(
  examiner: Examiner,
  base: Base & Pick<Examination, 'kind' | 'interpreter'>,
  installation: LoaderInstallation,
): Promise<Examination> {
  const settings = baselineSettings(examiner.environment)
  const loader = installation.loader(settings)
  const load = (changed: Partial<LoaderSettings>) =>
    closure(programObject(base), installation.loader({ ...settings, ...changed }))
  const baseline = await load({})
  const variants: Closure[] = []
  if (await hasVariants(examiner.files, baseline, loader)) {
    for (let level = 1; level <= loader.hwcapLevels.length; level++) {
      variants.push(await load({ hwcaps: loader.hwcapLevels.slice(-level) }))
    }
  }
  const gainsPrivilege = (base.file.mode & 0o6000) !== 0 || hasCapabilities(base.file)
  return {
    ...base,
    loader,
    baseline,
    variants,
    ...(gainsPrivilege ? { secure: await load({ secure: true }) } : {}),
  }
}

/** What the file loads on any CPU, with and without gained privilege; empty where nothing is loaded. */
export function closuresOf({ baseline, variants, secure }: Examination): readonly Closure[] {
  if (baseline === undefined) return []
  return [baseline, ...variants, ...(secure === undefined ? [] : [secure])]
}

/** A fresh object for each closure, since it gathers names; the kernel gives the program its real path. */
export function programObject({ trail, file, elf }: Base): LoadedObject {
  return { name: file.path, trail, file, elf, rule: 'program', names: new Set() }
}

/** Whether anything CPU-specific lies where this closure was searched for. */
async function hasVariants(files: RootFiles, baseline: Closure, loader: Loader): Promise<boolean> {
  if (loader.hwcapLevels.length === 0) return false
  if (baseline.edges.some(({ name }) => loader.hasVariant(name))) return true
  const searched = new Set<string>()
  for (const { resolution } of baseline.edges) {
    // Nearly all requests are for what is loaded already.
    if (resolution.attempts.length === 0) continue
    for (const { rule, path } of resolution.attempts) {
      if (rule !== 'ld.so.cache' && rule !== 'path' && path.startsWith('/'))
        searched.add(parent(path as `/${string}`))
    }
  }
  for (const directory of searched) {
    if ((await files.trail(`${directory}/glibc-hwcaps`, '/')).end?.kind === 'directory') return true
  }
  return false
}
