import type { RootFiles } from '../loader/files.js'
import { basename, components, normalise, parent, type RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'
import type { Finder, Need, Subject } from './finder.js'

/** Ten times what the largest programs name; each is looked for. */
const MOST_PATHS = 20_000

/**
 * Files of the image whose absolute paths stand among the constants of a program, which reads its configuration in most
 * runs, if all may read it. Directories of `/var` and `/run` are written to. Libraries name much that few runs open.
 */
export const namedFiles: Finder = {
  describe: 'files and directories whose paths are written in a program',
  symbols: [],
  reads: 'all',
  find: async (subject, { files }) => {
    if (!isProgram(subject)) return []
    const paths = new Set((await subject.texts()).slice(0, MOST_PATHS).filter(isOfInterest).map(normalise))
    const needs = new Map<RootPath, Need>()
    for (const path of paths) {
      for (const need of await needOf(path, subject, files))
        if (!needs.has(need.path)) needs.set(need.path, need)
    }
    return [...needs.values()]
  },
}

function isProgram({ object, closure }: Subject): boolean {
  return object === closure.program && object.elf.kind !== 'library'
}

const ROOTS: ReadonlySet<string> = new Set(['etc', 'usr', 'var', 'run', 'opt', 'srv'])

/** Given by whoever runs a container, or no file of anyone's. */
const GIVEN: ReadonlySet<string> = new Set(['/etc/resolv.conf', '/etc/hostname', '/etc/mtab', '/etc/fstab'])

function isOfInterest(text: string): boolean {
  const parts = text.startsWith('/') ? components(text) : []
  return parts.length > 1 && ROOTS.has(parts[0]!) && !parts.includes('..') && !GIVEN.has(text)
}

type PathNeed = Extract<Need, { kind: 'path' | 'bare-directory' }>

async function needOf(path: RootPath, subject: Subject, files: RootFiles): Promise<readonly PathNeed[]> {
  const { end } = await files.trail(path, '/')
  const area = components(path)[0]!
  if (area === 'var' || area === 'run') return writtenTo(path, end, files)
  if (area === 'usr' && !DATA.test(path)) return []
  if (end?.kind !== 'file' && end?.kind !== 'directory') return []
  if (end.kind === 'directory' && isShared(path)) return []
  const isLikely = end.kind === 'file' ? area === 'etc' && isForAll(end) : isNamedAfter(path, subject)
  return [
    { kind: 'path', path, confidence: isLikely ? 'likely' : 'possible', why: 'has its path among its texts' },
  ]
}

/** Programs and libraries of `/usr` are for other finders. */
const DATA = /^\/usr\/(?:local\/)?(?:share|etc|libexec|lib)\/[^/]/

/** Directories that everything puts something into. */
function isShared(path: RootPath): boolean {
  return SHARED.has(path)
}

const SHARED: ReadonlySet<string> = new Set([
  '/etc/default',
  '/etc/sysconfig',
  '/etc/ssl',
  '/etc/xdg',
  '/etc/alternatives',
  '/usr/share',
  '/usr/local/share',
  '/usr/share/doc',
  '/usr/share/locale',
  '/usr/share/locale-langpack',
  '/usr/share/man',
  '/usr/share/info',
  '/usr/share/zoneinfo',
  '/usr/share/icons',
  '/usr/share/fonts',
  '/usr/share/terminfo',
  '/usr/share/applications',
  '/usr/share/mime',
])

const LARGEST = 1 << 18

/** Secrets are not taken along unasked, nor is what is no configuration. */
function isForAll({ mode, ...entry }: Entry): boolean {
  return entry.kind === 'file' && (mode & 0o004) !== 0 && entry.size <= LARGEST
}

/** `/etc/nginx` and `/usr/share/nginx` are of `nginx`, and `/usr/share/vim` is of `vim.nox`, but not of `vimdiff`. */
function isNamedAfter(path: RootPath, { closure: { program } }: Subject): boolean {
  const own = basename(path)
  return [program.name, program.file.path].some((name) => {
    const base = basename(name)
    return base.startsWith(own) && !/^[a-z]/i.test(base.slice(own.length))
  })
}

/** The directory itself, or that of a file, without what earlier runs have left there. */
async function writtenTo(
  path: RootPath,
  end: Entry | undefined,
  files: RootFiles,
): Promise<readonly PathNeed[]> {
  const directory = end?.kind === 'directory' ? path : parent(path)
  if (components(directory).length === 0 || (await files.trail(directory, '/')).end?.kind !== 'directory')
    return []
  return [
    {
      kind: 'bare-directory',
      path: directory,
      confidence: 'likely',
      why: 'names a place below, to write to',
    },
  ]
}
