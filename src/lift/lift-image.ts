import type { Closure } from '../closure/closure.js'
import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import type { Platform } from '../image/platform.js'
import { rootFiles } from '../loader/files.js'
import { loadersOf } from '../loader/index.js'
import type { LoadedObject } from '../loader/loader.js'
import { basename, join, parent, type RootPath } from '../rootfs/path.js'
import { allFindings } from './all-findings.js'
import { askLdd, type LddExaminer } from './ask-ldd.js'
import { checkPlan, type Placed } from './check.js'
import { missingOf } from './closure-findings.js'
import { type Environment, environmentOf } from './environment.js'
import type { Examination } from './examine.js'
import { type Finding, type FindingFacts, finding } from './finding.js'
import { Gathering } from './gathering.js'
import { findIncluded, includedFiles } from './include.js'
import { examineFully } from './ldd.js'
import type { Lift, LiftedImage, LiftedProgram, Missing } from './lift.js'
import { type Plan, planTree } from './plan.js'
import { findProgram, type Program, type Started } from './programs.js'

/** What a lift may be told besides what to lift. */
export interface LiftOptions {
  /** Paths to have along: files, directories, patterns; ELF files in them are resolved too. */
  readonly include?: readonly string[]
  /** Whether the image's own loader may run, confined, where the answer lacks something; never by default. */
  readonly ldd?: 'never' | 'where-missing'
  readonly signal?: AbortSignal
  readonly onStep?: (step: string) => void
}

/**
 * Finds everything the programs need, plans the tree that holds nothing else, and resolves it again as a check.
 * Throws LiftError when there is no answer; an answer with faults has them in `findings`.
 */
export async function lift(
  image: Image,
  binaries: readonly string[],
  options: LiftOptions = {},
): Promise<Lift> {
  const files = rootFiles(image.rootfs)
  const environment = environmentOf(image.config)
  const examiner = { files, loaders: loadersOf(files), environment, ...askLdd(image, options) }
  const gathering = new Gathering()
  const placed: Placed[] = []
  const programs: LiftedProgram[] = []
  for (const asked of binaries) {
    options.signal?.throwIfAborted()
    options.onStep?.(`resolving ${asked}`)
    const program = await findProgram(files, environment, asked)
    gathering.addFindings(program.findings)
    const examinations = new Map<Started, Examination>()
    for (const started of program.chain) {
      if (started.elf === undefined) continue
      examinations.set(started, await examineFully(examiner, started.trail, started.file, started.elf))
    }
    for (const [index, started] of program.chain.entries()) {
      const examination = examinations.get(started)
      const at = index === 0 ? placeOf(started, examination) : started.trail.asked
      gathering.addStarted(started, at, examination)
      if ((started.file.mode & 0o111) === 0 && examination?.kind !== 'library') {
        gathering.findings.push(finding({ kind: 'not-executable', program: started.trail.asked }))
      }
      if (examination === undefined) continue
      gathering.addFindings(await allFindings(examiner, examination, image.platform))
      if (examination.baseline !== undefined) gathering.addMissing(missingOf(examination.baseline))
      placed.push({ examination, at })
    }
    programs.push(
      describeProgram(program, examinations, placeOf(program.chain[0], examinations.get(program.chain[0]))),
    )
  }
  for (const pattern of options.include ?? []) await addIncluded(examiner, pattern, gathering, image.platform)
  const plan = await planAndCheck(gathering, files, environment, placed)
  const extra = imageFindings(image)
  return {
    image: describeImage(image),
    programs,
    entries: gathering.entries(),
    copies: plan.copies,
    directories: plan.directories,
    missing: uniqueMissing(gathering.missing),
    findings: uniqueFindings([...gathering.findings, ...plan.findings, ...extra]),
  }
}

async function addIncluded(
  examiner: LddExaminer,
  pattern: string,
  gathering: Gathering,
  platform: Platform,
): Promise<void> {
  for (const included of await findIncluded(examiner.files, pattern)) {
    gathering.addIncluded(included)
    for await (const file of includedFiles(examiner.files, included)) {
      const reading = await examiner.files.read(file)
      if (reading.elf === undefined && included.end.kind === 'file')
        gathering.findings.push(...malformedFindings(included.path, reading.error))
      const { elf } = reading
      if (elf === undefined || (elf.kind !== 'program' && elf.kind !== 'library')) continue
      const trail = { asked: file.path, links: [], stones: [], end: file }
      const examination = await examineFully(examiner, trail, file, elf).catch(unlessUnsupported)
      if (examination === undefined) continue
      gathering.addClosures(examination)
      gathering.addFindings(await allFindings(examiner, examination, platform))
      if (examination.baseline !== undefined) gathering.addMissing(missingOf(examination.baseline))
    }
  }
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

/** Its real path; the link's own place where only that keeps the name it is called by, and no $ORIGIN is at stake. */
function placeOf({ trail, file }: Started, examination: Examination | undefined): RootPath {
  const name = basename(trail.asked)
  if (name === basename(file.path) || name === '' || name === '.' || name === '..') return file.path
  const { rpath = '', runpath = '', needed = [] } = examination?.elf.dynamic ?? {}
  if (`${rpath}${runpath}${needed.join('')}`.includes('ORIGIN')) return file.path
  const link = trail.links.findLast((entry) => basename(entry.path) === name)
  return link === undefined ? file.path : join(parent(link.path), name)
}

async function planAndCheck(
  gathering: Gathering,
  files: Parameters<typeof planTree>[0],
  environment: Environment,
  placed: readonly Placed[],
): Promise<Plan> {
  const cached = gathering.cacheOnly()
  const attempt = async (withCache: boolean): Promise<Plan> => {
    const plan = await planTree(files, gathering.opened(withCache), gathering.directories)
    return { ...plan, findings: [...plan.findings, ...(await checkPlan(plan, files, environment, placed))] }
  }
  if (cached.length > 0) {
    gathering.carryCache()
    const plan = await attempt(true)
    return { ...plan, findings: [finding({ kind: 'cache-carried', libraries: cached }), ...plan.findings] }
  }
  const plan = await attempt(false)
  if (!plan.findings.some(({ kind }) => kind === 'lift-differs') || !gathering.hasCache()) return plan
  gathering.carryCache()
  return attempt(true)
}

function describeProgram(
  { asked, chain }: Program,
  examinations: ReadonlyMap<Started, Examination>,
  at: RootPath,
): LiftedProgram {
  const [first] = chain
  const examination = examinations.get(first) ?? [...examinations.values()].at(-1)
  const interpreter = first.elf === undefined ? chain[1]?.trail.asked : first.elf.interpreter
  const machine = examination?.elf.machine
  return {
    asked,
    path: first.trail.asked,
    realPath: first.file.path,
    kind: first.elf === undefined ? 'script' : (examination?.kind ?? 'program'),
    command: [at],
    ...(interpreter === undefined ? {} : { interpreter }),
    ...(machine === undefined ? {} : { machine }),
    libraries:
      examination?.baseline === undefined ? [] : librariesOf(examination.baseline).map(({ name }) => name),
  }
}

/** The libraries of a closure in load order, without program and loader. */
export function librariesOf(closure: Closure): readonly LoadedObject[] {
  return closure.objects.filter((object) => object !== closure.program && object !== closure.loader)
}

/** What a lift or an audit says of its image. */
export function describeImage(image: Image): LiftedImage {
  const { reference, digest, platform, copySource, size, config } = image
  return {
    reference,
    platform,
    copySource,
    env: config.env,
    ...(digest === undefined ? {} : { digest }),
    ...(size === undefined ? {} : { size }),
    ...(config.user === undefined || config.user === '' ? {} : { user: config.user }),
    ...(config.workingDir === undefined ? {} : { workingDir: config.workingDir }),
  }
}

function imageFindings({ config, copySource }: Image): Finding[] {
  const facts: FindingFacts[] = []
  for (const line of config.env) {
    if (/[\r\n]/.test(line)) facts.push({ kind: 'environment-dropped', name: line.split('=')[0] ?? '' })
  }
  if (config.user !== undefined && config.user !== '') facts.push({ kind: 'user', user: config.user })
  if (copySource.kind === 'image' && !copySource.pinned)
    facts.push({ kind: 'unpinned', from: copySource.from })
  return facts.map((fact) => finding(fact))
}

function uniqueMissing(rows: readonly Missing[]): Missing[] {
  const known = new Map<string, Missing>()
  for (const row of rows) {
    const key = `${row.neededBy}\0${row.name}`
    if (!known.has(key)) known.set(key, row)
  }
  return [...known.values()]
}

const RANK = { error: 0, warning: 1, note: 2 }

function uniqueFindings(findings: readonly Finding[]): Finding[] {
  const known = new Map(findings.map((found) => [found.message, found]))
  return [...known.values()].sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] || (a.message < b.message ? -1 : a.message > b.message ? 1 : 0),
  )
}
