import { bufferReader } from '../../src/bytes.js'
import { readElf } from '../../src/elf/elf.js'
import { EMPTY_CONFIG, type ImageConfig } from '../../src/image/config.js'
import { rootFiles } from '../../src/loader/files.js'
import type { LoadedObject } from '../../src/loader/loader.js'
import type { Confidence, Need, Subject } from '../../src/needs/finder.js'
import { type FinderName, findersOf } from '../../src/needs/index.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'
import type { FileEntry } from '../../src/rootfs/rootfs.js'
import { buildElf, type ElfOptions } from './elf-builder.js'
import type { Tree } from './small-image.js'

/** A program that a finder is asked about, or a library of it, and what lies around it. */
export interface SubjectParts {
  /** Where the program lies; default `/usr/bin/x`. */
  readonly path?: RootPath
  /** The library that is asked about in place of the program. */
  readonly library?: { readonly path: RootPath; readonly soname: string }
  /** The sonames of what else is loaded. */
  readonly beside?: readonly string[]
  readonly defines?: readonly string[]
  /** What stands among its constants. */
  readonly texts?: readonly string[]
  readonly imports?: readonly string[]
  readonly needed?: readonly string[]
  readonly notes?: readonly string[]
  readonly dialect?: Subject['dialect']
  /** The versions that the C library defines. */
  readonly libc?: readonly string[]
  readonly libcPath?: `/${string}`
  readonly tree?: Tree
  readonly config?: Partial<ImageConfig>
  /** Whether it is a program, or a library that was asked for by itself. */
  readonly kind?: 'program' | 'library'
}

/** The paths and libraries of some confidence that a finder knows for a program; alternatives with bars between. */
export async function needsOf(
  name: FinderName,
  confidence: Confidence,
  parts: SubjectParts,
): Promise<readonly string[]> {
  const found = await allNeedsOf(name, parts)
  return found.filter((need) => need.confidence === confidence).map(textOf)
}

/** All that a finder knows for a program. */
export async function allNeedsOf(name: FinderName, parts: SubjectParts): Promise<readonly Need[]> {
  const files = rootFiles(memoryRootFs(parts.tree ?? {}))
  const config = { ...EMPTY_CONFIG, ...parts.config }
  const [found] = await findersOf([name])
  return found!.finder.find(await subjectOf(parts), { files, config })
}

function textOf(need: Need): string {
  if (need.kind === 'unclear') return '?'
  return need.kind === 'library' ? need.names.join('|') : need.path
}

/** The program, or the library, as finders see it. */
export async function subjectOf(parts: SubjectParts): Promise<Subject> {
  const { imports = [], defines = [], texts = [], needed = [], notes = [] } = parts
  const { dialect = 'glibc', libc = ['GLIBC_2.34'], path = '/usr/bin/x' } = parts
  const program = await objectOf(path, {
    needed,
    ...(parts.kind === 'library' ? {} : { interp: '/lib64/ld-linux-x86-64.so.2' }),
  })
  const clib = await objectOf(parts.libcPath ?? '/usr/lib/libc.so.6', {
    soname: 'libc.so.6',
    versionsDefined: libc,
  })
  const { library } = parts
  const own = library === undefined ? program : await objectOf(library.path, { needed, ...library })
  const beside = (parts.beside ?? []).map((soname) => objectOf(`/usr/lib/${soname}`, { soname }))
  const objects = [...new Set([program, own, clib, ...(await Promise.all(beside))])]
  return {
    object: own,
    closure: { program, loader: clib, objects, edges: [] },
    dialect,
    imports: new Set(imports),
    defines: new Set(defines),
    dlopenNotes: notes,
    texts: async () => texts,
  }
}

async function objectOf(path: RootPath, options: ElfOptions): Promise<LoadedObject> {
  const file: FileEntry = { kind: 'file', path, mode: 0o755, uid: 0, gid: 0, size: 1, identity: path }
  const elf = await readElf(bufferReader(buildElf(options)))
  const trail = { asked: path, links: [], stones: [], end: file }
  return { name: path, trail, file, elf, rule: 'program', names: new Set() }
}
