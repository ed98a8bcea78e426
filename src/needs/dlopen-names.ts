import { basename } from '../rootfs/path.js'
import { type Finder, importsAny, type Subject } from './finder.js'

const SYMBOLS = [
  'dlopen',
  'dlmopen',
  'lt_dlopen',
  'lt_dlopenext',
  'lt_dlopenadvise',
  'g_module_open',
  'g_module_open_full',
]

/** Far more than any object names. */
const MOST_NAMES = 1000

/** Libraries whose names stand among the constants of what opens libraries by itself. */
export const dlopenNames: Finder = {
  describe: 'libraries that are named in what opens libraries by itself',
  symbols: SYMBOLS,
  reads: 'all',
  find: async (subject) => {
    if (!importsAny(subject, SYMBOLS)) return []
    const loaded = loadedNames(subject)
    return (await subject.texts())
      .filter((text) => NAME.test(text) && !loaded.has(basename(text)))
      .slice(0, MOST_NAMES)
      .map((name) => ({ kind: 'library', names: [name], confidence: 'possible', why: 'may open it' }))
  },
}

/** A bare name, or an absolute path; not a pattern, and no name of a source file or a part of one. */
const NAME = /^(\/[\w./+@-]*\/)?[\w+@-][\w.+@-]*\.so(\.\d+)*$/

/** What is loaded anyway. */
function loadedNames({ object, closure }: Subject): ReadonlySet<string> {
  const names = closure.objects.flatMap(({ name, elf }) => [basename(name), elf.dynamic?.soname ?? ''])
  return new Set([...names, ...(object.elf.dynamic?.needed ?? [])])
}
