import type { Closure } from '../closure/closure.js'
import { importedSymbols, readNotesSoon } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import type { LoadedObject } from '../loader/loader.js'
import type { Subject } from '../needs/finder.js'
import { ASKED_SYMBOLS } from '../needs/index.js'
import type { RootFs } from '../rootfs/rootfs.js'
import type { Examination } from './examine.js'

/** The objects of an examination about which finders are asked: each file once, and none of the C library. */
export async function newSubjects(
  rootfs: RootFs,
  { baseline, loader }: Examination,
  seen: Set<string>,
): Promise<readonly Subject[]> {
  const subjects: Subject[] = []
  if (baseline === undefined || loader === undefined) return subjects
  for (const object of baseline.objects) {
    if (seen.has(object.file.path)) continue
    seen.add(object.file.path)
    if (object === baseline.loader || isOfLibc(object)) continue
    subjects.push(await subjectOf(rootfs, object, baseline, loader.dialect))
  }
  return subjects
}

/** Its parts import from each other what programs import from them. */
function isOfLibc({ elf }: LoadedObject): boolean {
  return LIBC.test(elf.dynamic?.soname ?? '')
}

const LIBC =
  /^(libc|libm|libmvec|libpthread|libdl|librt|libresolv|libutil|libnsl|libanl|libnss_(files|dns|compat|db|hesiod|nis|nisplus))\.so\.\d|^libc\.musl-/

async function subjectOf(
  rootfs: RootFs,
  object: LoadedObject,
  closure: Closure,
  dialect: Subject['dialect'],
): Promise<Subject> {
  try {
    const reader = rootfs.open(object.file)
    const imports = importedSymbols(reader, object.elf, ASKED_SYMBOLS)
    const notes = readNotesSoon(reader, object.elf)
    return {
      object,
      closure,
      dialect,
      imports: imports instanceof Promise ? await imports : imports,
      dlopenNotes: (notes instanceof Promise ? await notes : notes).dlopen,
    }
  } catch (error) {
    // A loader does not look at notes, and is content with less than whole tables.
    if (!(error instanceof LiftError) || error.code !== 'malformed-elf') throw error
    return { object, closure, dialect, imports: new Set(), dlopenNotes: [] }
  }
}
