import type { RootFiles } from '../loader/files.js'
import { basename, join, parent, type RootPath } from '../rootfs/path.js'
import type { Need, Subject } from './finder.js'
import { interpreter } from './interpreter.js'
import { above, namesIn, namesNeeds, pathNeed, variableNeeds } from './places.js'

/** The standard library of Python, where the interpreter looks for it: beside itself, and beside every directory above. */
export const python = interpreter({
  describe: "Python's standard library, and packages for it",
  defines: ['Py_Initialize'],
  find: async (subject, { files, config }) => {
    const version = versionOf(subject)
    const needs: Need[] = []
    for (const prefix of await prefixesOf(subject, files, version))
      needs.push(...(await libraryNeeds(files, prefix, version)))
    return [
      ...needs,
      ...(await environmentNeeds(subject, files)),
      ...variableNeeds(config, ['PYTHONPATH']),
      ...['/usr/lib/python3/dist-packages' as const].map((path) => pathNeed(path, 'possible', PACKAGES)),
    ]
  },
})

const LIBRARY = 'runs Python, whose standard library lies there'
const PACKAGES = 'runs Python, which finds packages there'

/** `3.11`, which names of files tell; undefined where they do not. */
function versionOf({ object, closure }: Subject): string | undefined {
  const names = [object.elf.dynamic?.soname ?? '', basename(object.file.path), closure.program.file.path]
  return names.map((name) => /python(\d+\.\d+)/.exec(name)?.[1]).find((version) => version !== undefined)
}

/** The nearest directories that have a standard library, for the program, the links to it and the shared library. */
async function prefixesOf(
  { object, closure }: Subject,
  files: RootFiles,
  version: string | undefined,
): Promise<readonly RootPath[]> {
  const { file, trail } = closure.program
  const prefixes = new Set<RootPath>()
  for (const start of new Set([file.path, trail.asked, object.file.path, object.trail.asked])) {
    for (const prefix of [...above(start)]) {
      if ((await librariesBelow(files, prefix, version)).length === 0) continue
      prefixes.add(prefix)
      break
    }
  }
  return [...prefixes]
}

/** Directories of modules: those in Python have a landmark by which the interpreter knows them (getpath.py). */
async function librariesBelow(
  files: RootFiles,
  prefix: RootPath,
  version: string | undefined,
): Promise<readonly RootPath[]> {
  const found: RootPath[] = []
  for (const lib of ['lib', 'lib64'].map((name) => join(prefix, name))) {
    const names = version === undefined ? await namesIn(files, lib) : [`python${version}`]
    for (const name of names.filter((one) => /^python\d/.test(one))) {
      const inside = await namesIn(files, join(lib, name))
      if (['os.py', 'os.pyc', 'lib-dynload'].some((mark) => inside.includes(mark)))
        found.push(join(lib, name))
    }
  }
  return found
}

/** What stands in the directory and is for nobody, for a few, and for those who installed it. */
const UNUSED = new Set(['test', 'idlelib', 'turtledemo'])
const PACKAGED = new Set(['site-packages', 'dist-packages'])

async function libraryNeeds(
  files: RootFiles,
  prefix: RootPath,
  version: string | undefined,
): Promise<readonly Need[]> {
  const needs: Need[] = []
  for (const directory of await librariesBelow(files, prefix, version)) {
    const names = await namesIn(files, directory)
    const packaged = names.filter((name) => PACKAGED.has(name))
    const building = names.filter((name) => name.startsWith('config-'))
    const unused = names.filter((name) => UNUSED.has(name))
    const zip = join(parent(directory), `${basename(directory).replace('.', '')}.zip`)
    needs.push(
      pathNeed(directory, 'likely', LIBRARY, [...packaged, ...building, ...unused]),
      pathNeed(zip, 'likely', LIBRARY),
      ...namesNeeds(directory, packaged, 'possible', PACKAGES),
      ...namesNeeds(directory, building, 'possible', 'runs Python, which may build modules with it'),
    )
    const local = join(prefix, `local/lib/${basename(directory)}`)
    needs.push(...namesNeeds(local, [...PACKAGED], 'possible', PACKAGES))
  }
  return needs
}

/** A virtual environment is made for its packages (PEP 405); it is known by the name that the program is called by. */
async function environmentNeeds({ closure }: Subject, files: RootFiles): Promise<readonly Need[]> {
  const { trail } = closure.program
  const called = [trail.asked, ...trail.links.map(({ path }) => path)]
  const needs: Need[] = []
  for (const directory of new Set(called.flatMap((path) => above(path).slice(0, 2)))) {
    const mark = join(directory, 'pyvenv.cfg')
    if ((await files.trail(mark, '/')).end?.kind !== 'file') continue
    const why = 'is the Python of a virtual environment'
    needs.push(pathNeed(mark, 'likely', why))
    for (const lib of ['lib', 'lib64'].map((name) => join(directory, name)))
      for (const name of await namesIn(files, lib))
        needs.push(pathNeed(join(lib, `${name}/site-packages`), 'likely', why))
  }
  return needs
}
