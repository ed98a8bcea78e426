import type { Soon } from '../bytes.js'
import type { Closure } from '../closure/closure.js'
import {
  constantTexts,
  definedSymbols,
  type ElfFile,
  type ElfNotes,
  importedSymbols,
  readNotesSoon,
} from '../elf/elf.js'
import { LiftError } from '../errors.js'
import type { LoadedObject } from '../loader/loader.js'
import type { Finder, Subject } from '../needs/finder.js'
import type { RootFs } from '../rootfs/rootfs.js'
import { type Examination, programObject } from './examine.js'

/** What is asked of objects. */
export interface Asked {
  readonly symbols: ReadonlySet<string>
  readonly definitions: ReadonlySet<string>
  /** Whether only those are of interest that declare something. */
  readonly mustDeclare: boolean
}

/** All that some finders ask. */
export function askedBy(finders: readonly Finder[]): Asked {
  return {
    symbols: new Set(finders.flatMap(({ symbols }) => [...symbols])),
    definitions: new Set(finders.flatMap(({ defines = [] }) => [...defines])),
    mustDeclare: finders.every(({ reads }) => reads === 'notes'),
  }
}

/** The objects of an examination about which finders are asked: each file once, and none of the C library. */
export async function newSubjects(
  rootfs: RootFs,
  asked: Asked,
  examination: Examination,
  seen: Set<string>,
): Promise<readonly Subject[]> {
  const { baseline, loader } = examination
  const subjects: Subject[] = []
  if (examination.kind === 'static' && !asked.mustDeclare && !seen.has(examination.file.path)) {
    seen.add(examination.file.path)
    return [await staticSubject(rootfs, asked, examination)]
  }
  if (baseline === undefined || loader === undefined) return subjects
  for (const object of baseline.objects) {
    if (seen.has(object.file.path)) continue
    seen.add(object.file.path)
    if (asked.mustDeclare && !mayDeclare(object.elf)) continue
    if (object === baseline.loader || isOfLibc(object)) continue
    subjects.push(await subjectOf(rootfs, asked, object, baseline, loader.dialect))
  }
  return subjects
}

/** It is all that is loaded, and its own loader. */
function staticSubject(rootfs: RootFs, asked: Asked, examination: Examination): Promise<Subject> {
  const program = programObject(examination)
  const closure = { program, loader: program, objects: [program], edges: [] }
  return subjectOf(rootfs, asked, program, closure, 'none')
}

/** Its parts import from each other what programs import from them. */
function isOfLibc({ elf }: LoadedObject): boolean {
  return LIBC.test(elf.dynamic?.soname ?? '')
}

const LIBC =
  /^(libc|libm|libmvec|libpthread|libdl|librt|libresolv|libutil|libnsl|libanl|libnss_(files|dns|compat|db|hesiod|nis|nisplus))\.so\.\d|^libc\.musl-/

const NO_NOTES: Pick<ElfNotes, 'dlopen'> = { dlopen: [] }
/** The head of a note with its owner, and the shortest text that names a library. */
const SHORTEST = 16 + '{"soname":"a"}'.length
/** A build id alone, which is all that most libraries have. */
const BUILD_ID = 36

/** Notes of 4 bytes' alignment that hold more than a build id; what is aligned to 8 are properties. */
function mayDeclare({ segments }: ElfFile): boolean {
  return segments.some(
    ({ type, align, filesz }) => type === PT_NOTE && align !== 8 && filesz >= SHORTEST && filesz !== BUILD_ID,
  )
}

const PT_NOTE = 4

async function subjectOf(
  rootfs: RootFs,
  { symbols, definitions }: Asked,
  object: LoadedObject,
  closure: Closure,
  dialect: Subject['dialect'],
): Promise<Subject> {
  const { elf } = object
  const reader = rootfs.open(object.file)
  let texts: Promise<readonly string[]> | undefined
  return {
    object,
    closure,
    dialect,
    imports: symbols.size === 0 ? symbols : await sound(() => importedSymbols(reader, elf, symbols), NONE),
    defines:
      definitions.size === 0
        ? definitions
        : await sound(() => definedSymbols(reader, elf, definitions), NONE),
    dlopenNotes: mayDeclare(elf) ? (await sound(() => readNotesSoon(reader, elf), NO_NOTES)).dlopen : [],
    texts: () => {
      texts ??= constantTexts(reader, elf, isTelling)
      return texts
    },
  }
}

const NONE: ReadonlySet<string> = new Set()

/** A loader does not look at notes, and is content with less than whole tables. */
async function sound<T>(read: () => Soon<T>, otherwise: T): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof LiftError) || error.code !== 'malformed-elf') throw error
    return otherwise
  }
}

/** What finders look for in texts. */
function isTelling(text: string): boolean {
  return text.startsWith('/') || text.includes('.so')
}
